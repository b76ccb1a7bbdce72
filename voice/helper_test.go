package voice_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

const (
	numberA = "13800000001"
	numberB = "13800000002"
	numberC = "13800000003"
	token   = "s3cr3t-path-0123456789"
	fixedID = "0f3c2b1a00000000000000000000abcd"
)

// callee returns a callee with a number, which may be empty.
func callee(user, number string) voice.Callee {
	return voice.Callee{User: user, Number: voice.NewNumber(number)}
}

// three returns callees with distinct numbers.
func three() []voice.Callee {
	return []voice.Callee{callee("alice", numberA), callee("bob", numberB), callee("carol", numberC)}
}

// fixture returns a file of testdata.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

// httpFixture returns the request in a file that shows one as on the wire.
func httpFixture(tb testing.TB, name string) *http.Request {
	tb.Helper()
	head, body, found := bytes.Cut(fixture(tb, name), []byte("\n\n"))
	require.True(tb, found)
	raw := strings.ReplaceAll(string(head), "\n", "\r\n") + "\r\n\r\n"
	parsed, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	require.NoError(tb, err)
	r := httptest.NewRequest(parsed.Method, parsed.RequestURI, bytes.NewReader(bytes.TrimSpace(body)))
	r.Header, r.Host = parsed.Header, parsed.Host
	return r
}

// asError returns err as the *Error that every error is.
func asError(tb testing.TB, err error) *voice.Error {
	tb.Helper()
	e, ok := err.(*voice.Error)
	require.True(tb, ok, "%T: %v", err, err)
	return e
}

// states returns the states of a report.
func states(r voice.Report) []voice.State {
	var all []voice.State
	for _, result := range r.Results {
		all = append(all, result.State)
	}
	return all
}

// newClient returns a client and the stand-in that it calls.
func newClient(tb testing.TB, opts voice.ClientOptions) (*voice.Client, *voicetest.ESB) {
	tb.Helper()
	esb := voicetest.NewESB(tb)
	opts.HTTPClient = esb.Client()
	return clientOf(tb, esb, esb.URL(), opts), esb
}

// clientOf returns a client for a stand-in at an address.
func clientOf(tb testing.TB, esb *voicetest.ESB, address string, opts voice.ClientOptions) *voice.Client {
	tb.Helper()
	c, err := voice.NewClient(address, voice.Credentials{
		AppCode: esb.AppCode, AppSecret: esb.AppSecret, Username: "admin",
	}, &opts)
	require.NoError(tb, err)
	return c
}

// newSender returns a Sender that rings at any time, unless the options say otherwise.
func newSender(tb testing.TB, g voice.Gateway, callees []voice.Callee, opts voice.SenderOptions) *voice.Sender {
	tb.Helper()
	if opts.Ring == nil {
		opts.Ring = anyTime(tb, alert.RingPolicy{Logger: opts.Logger}).Ring
	}
	s, err := voice.NewSender(g, callees, &opts)
	require.NoError(tb, err)
	return s
}

// newDialer returns a Dialer over phones.
func newDialer(tb testing.TB, phones *voicetest.Phones, opts voice.DialerOptions) *voice.Dialer {
	tb.Helper()
	d, err := voice.NewDialer(phones.Dial, &opts)
	require.NoError(tb, err)
	return d
}

// full is an alert as they come.
func full() alert.Alert {
	return alert.Alert{Severity: alert.Critical, Name: "disk full", Instance: "db-01", Summary: "97 percent"}
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

// errExplicit answers whether it is retryable.
type errExplicit struct{ again bool }

func (e errExplicit) Error() string   { return "the exchange is down" }
func (e errExplicit) Retryable() bool { return e.again }

// errSilent does not.
var errSilent = errors.New("no reply from " + numberA)

// decoded returns JSON as a map.
func decoded(tb testing.TB, body []byte) map[string]any {
	tb.Helper()
	var m map[string]any
	require.NoError(tb, json.Unmarshal(body, &m), "%s", body)
	return m
}
