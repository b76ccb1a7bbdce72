package ocp_test

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// newClient returns a client with a password and its far end. The options may
// be nil.
func newClient(tb testing.TB, opts *ocp.Options) (*ocp.Client, *ocptest.Server) {
	tb.Helper()
	server := ocptest.NewServer(tb)
	return clientOf(tb, server, ocp.Basic(server.User, server.Password), opts), server
}

// newKeyClient is newClient with an access key.
func newKeyClient(tb testing.TB, opts *ocp.Options) (*ocp.Client, *ocptest.Server) {
	tb.Helper()
	server := ocptest.NewServer(tb)
	return clientOf(tb, server, ocp.AccessKey(server.AccessKey, server.SecretKey), opts), server
}

// clientOf returns a client of a server.
func clientOf(tb testing.TB, server *ocptest.Server, credentials ocp.Credentials, opts *ocp.Options) *ocp.Client {
	tb.Helper()
	var o ocp.Options
	if opts != nil {
		o = *opts
	}
	o.HTTPClient = server.Client()
	client, err := ocp.NewClient(server.URL(), credentials, &o)
	require.NoError(tb, err)
	return client
}

// fixture returns a file of testdata/api.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "api", name))
	require.NoError(tb, err)
	return data
}

// asError returns err as the *Error that every error of a client is.
func asError(tb testing.TB, err error) *ocp.Error {
	tb.Helper()
	e, ok := err.(*ocp.Error)
	require.True(tb, ok, "%T: %v", err, err)
	return e
}

// someAlarm is an alarm of a rule that servers without rules know.
func someAlarm() ocp.Alarm {
	return ocp.Alarm{Type: "disk_full", Target: "host=db-1", Labels: map[string]string{"usage": "91%"}}
}

// problem is a firing alert about a key.
func problem(key string) alert.Alert {
	return alert.Alert{Source: "test", Key: key, Name: "disk full", Severity: alert.Critical, StartsAt: time.Unix(1e9, 0).UTC()}
}

// over is the alert that resolves a problem.
func over(key string) alert.Alert {
	a := problem(key)
	a.Status = alert.Resolved
	return a
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

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// A spy answers requests by a function and remembers them.
type spy struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (s *spy) client() *http.Client { return &http.Client{Transport: s} }

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	s.requests, s.bodies = append(s.requests, r.Clone(r.Context())), append(s.bodies, string(body))
	n := len(s.bodies)
	s.mu.Unlock()
	if s.answer == nil {
		return reply(200, accepted), nil
	}
	return s.answer(n, r)
}

// accepted is an answer that says yes.
const accepted = `{"successful":true,"status":200,"data":null}`

// reply is an answer. Headers come in pairs.
func reply(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// trial returns a as a test.
func trial(a alert.Alert) alert.Alert {
	a.Test = true
	return a
}

// news returns what a source says about the object of a.
func news(a alert.Alert, id string) alert.Alert {
	a.Status, a.ID = alert.News, id
	return a
}
