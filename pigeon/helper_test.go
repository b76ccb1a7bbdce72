package pigeon_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // the usual flag of tests

const (
	chainID   = "3fb0c1de-0000-4000-8000-000000000001"
	number1   = "09000000001"
	number2   = "09000000002"
	testToken = "token-hush-hush-0123"
	password  = "password-hush-0123"
)

// newClient returns a client and its far end. The options may be nil.
func newClient(tb testing.TB, opts *pigeon.Options) (*pigeon.Client, *pigeontest.Server) {
	tb.Helper()
	server := pigeontest.NewServer(tb)
	var o pigeon.Options
	if opts != nil {
		o = *opts
	}
	o.HTTPClient = server.Client()
	server.User, server.Password = o.User, o.Password
	client, err := pigeon.New(server.URL(), server.Token, &o)
	require.NoError(tb, err)
	return client, server
}

// prepared is a request for what the stand-in has prepared.
func prepared() pigeon.Request {
	return pigeon.Request{
		CallFlowID: pigeontest.CallFlowID, GuidanceID: pigeontest.GuidanceID,
		Parameters: map[string]string{"text": "disk full"},
	}
}

// inline is the request of the vendor's example.
func inline() pigeon.Request {
	return pigeon.Request{
		CallFlow: &pigeon.CallFlow{Loops: 2, Contacts: []pigeon.Contact{
			{Name: "on-call 1", Phones: []string{number1}},
			{Name: "on-call 2", Phones: []string{number2}},
		}},
		Guidance: &pigeon.Guidance{
			Text: "{{server}}: {{incident}}. 1 take, 2 next, 3 skip me.",
			Reactions: map[string]pigeon.Reaction{
				"1": {pigeon.Terminate, "taken"},
				"2": {pigeon.Continue, "next person"},
				"3": {pigeon.Leave, "skipped"},
			},
		},
		Parameters: map[string]string{"server": "db-01", "incident": "disk full"},
	}
}

// invoke places a chain.
func invoke(tb testing.TB, client *pigeon.Client, r pigeon.Request) string {
	tb.Helper()
	chain, err := client.Invoke(tb.Context(), r)
	require.NoError(tb, err)
	return chain.ResultID
}

// by lets each contact react as said, in turn; then everybody misses.
func by(pickups ...pigeontest.Pickup) func(pigeontest.Dial) pigeontest.Pickup {
	return func(pigeontest.Dial) pigeontest.Pickup {
		if len(pickups) == 0 {
			return pigeontest.Missed()
		}
		next := pickups[0]
		pickups = pickups[1:]
		return next
	}
}

// asError returns err as the *Error that every error is.
func asError(tb testing.TB, err error) *pigeon.Error {
	tb.Helper()
	e, ok := err.(*pigeon.Error)
	require.True(tb, ok, "%T: %v", err, err)
	return e
}

// fixture returns a file of testdata.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

// golden compares got with a file in testdata.
func golden(tb testing.TB, name, got string) {
	tb.Helper()
	if *update {
		require.NoError(tb, os.WriteFile(filepath.Join("testdata", name), []byte(got), 0o600))
	}
	require.Equal(tb, string(fixture(tb, name)), got)
}

// A journal is a log that several goroutines write.
type journal struct {
	mu  sync.Mutex
	log strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.String()
}

// A transport is a RoundTripper made of a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
