package httpcall_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// secretKey stands for a robot key wherever a test puts one.
const secretKey = "5e3c7e7k3y-4b1d"

// keyed returns a URL function like that of a channel.
func keyed(base string) func() (string, error) {
	return func() (string, error) { return base + "/cgi-bin/webhook/send?key=" + secretKey, nil }
}

// post returns a request to base as a chat channel makes it.
func post(base string) *httpcall.Request {
	return &httpcall.Request{Op: "send", URL: keyed(base), Body: []byte(`{"a":1}`), RepeatUncertain: true}
}

// dial returns a request to base as a telephone channel makes it.
func dial(base string) *httpcall.Request {
	r := post(base)
	r.Op, r.RepeatUncertain = "invoke", false
	return r
}

// roundTrip is a transport made of a function. It tells httptrace nothing.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering returns a caller whose n-th attempt gets the n-th answer, the last
// one for ever, and the count of attempts made.
func answering(answers ...func() (*http.Response, error)) (*httpcall.Caller, *atomic.Int32) {
	var made atomic.Int32
	transport := roundTrip(func(*http.Request) (*http.Response, error) {
		n := int(made.Add(1))
		return answers[min(n, len(answers))-1]()
	})
	c := httpcall.New(httpcall.Options{Channel: "wecom", HTTPClient: &http.Client{Transport: transport}})
	return c, &made
}

// status returns an answer without a body. Headers come in pairs.
func status(code int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		r := httptest.NewRecorder()
		for i := 0; i+1 < len(header); i += 2 {
			r.Header().Set(header[i], header[i+1])
		}
		r.WriteHeader(code)
		return r.Result(), nil
	}
}

// asError returns err as an *Error.
func asError(t *testing.T, err error) *httpcall.Error {
	t.Helper()
	e, ok := errors.AsType[*httpcall.Error](err)
	require.Truef(t, ok, "want an *Error, got %T: %v", err, err)
	return e
}

// verdictError is a vendor's error as channels have them.
type verdictError struct {
	code      int
	retryable bool
	after     time.Duration
}

func (e *verdictError) Error() string             { return "vendor says no" }
func (e *verdictError) Retryable() bool           { return e.retryable }
func (e *verdictError) RetryAfter() time.Duration { return e.after }

// serveTCP runs serve on every connection to a real port and returns the base
// URL. The connection is closed when serve returns.
func serveTCP(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return "http://" + l.Addr().String()
}

// pipes returns a real http.Transport whose connections are pipes, for use in
// a synctest bubble, and the count of connections made.
func pipes(t *testing.T, serve func(net.Conn)) (*http.Client, *atomic.Int32) {
	var made atomic.Int32
	var serving sync.WaitGroup
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		made.Add(1)
		near, far := net.Pipe()
		serving.Go(func() {
			defer far.Close()
			serve(far)
		})
		return near, nil
	}}
	t.Cleanup(func() { transport.CloseIdleConnections(); serving.Wait() })
	return &http.Client{Transport: transport}, &made
}

// readRequest reads one request with its body.
func readRequest(conn net.Conn) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	return r, err
}
