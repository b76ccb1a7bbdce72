package dingtalk_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

const (
	testToken  = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	testSecret = "SEC0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// newRobot returns a robot and its far end. The options may be nil.
func newRobot(tb testing.TB, opts *dingtalk.Options) (*dingtalk.Robot, *dingtalktest.Server) {
	tb.Helper()
	server := dingtalktest.NewServer(tb)
	var o dingtalk.Options
	if opts != nil {
		o = *opts
	}
	o.HTTPClient = server.Client()
	server.Secret = strings.TrimSpace(o.Secret)
	robot, err := dingtalk.New(server.URL(), &o)
	require.NoError(tb, err)
	return robot, server
}

// fixture returns a file of testdata.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return data
}

// asError returns err as the *Error that every error is.
func asError(tb testing.TB, err error) *dingtalk.Error {
	tb.Helper()
	e, ok := err.(*dingtalk.Error)
	require.True(tb, ok, "%T", err)
	return e
}

// A spy answers requests by a function, ok if there is none, and remembers
// them.
type spy struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (s *spy) client() *http.Client { return &http.Client{Transport: s} }

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests, s.bodies = append(s.requests, r.Clone(r.Context())), append(s.bodies, string(body))
	n := len(s.bodies)
	s.mu.Unlock()
	if s.answer == nil {
		return reply(`{"errcode":0,"errmsg":"ok"}`), nil
	}
	return s.answer(n, r)
}

// reply is an answer with HTTP 200 and, if there is one, a Date.
func reply(body string, date ...string) *http.Response {
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for _, d := range date {
		resp.Header.Set("Date", d)
	}
	return resp
}

// errBroken is the failure of a connection.
var errBroken = errors.New("connection reset by peer")
