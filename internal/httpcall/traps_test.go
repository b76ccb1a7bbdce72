package httpcall_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A *url.Error prints the query, and so does the error of url.Parse.
func TestTrap1URLErrorPrintsTheKey(t *testing.T) {
	t.Parallel()
	c, _ := answering(func() (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: "https://robot.example/send?key=" + secretKey, Err: errors.New("boom")}
	})
	for _, base := range []string{"https://robot.example", "https://robot.example:port", "ftp://robot.example", "://"} {
		_, err := c.Do(alert.Once(t.Context()), post(base))
		require.Error(t, err)
		require.NotContains(t, err.Error(), secretKey)
		_, is := errors.AsType[*url.Error](err)
		require.False(t, is, "a *url.Error is within reach of the caller")
	}
}

// The default logger of retryablehttp writes to the standard error that it
// found at start-up, hence a second process.
func TestTrap2NothingOnStandardError(t *testing.T) {
	const marker = "TOCSIN_TEST_TRAP2"
	if os.Getenv(marker) != "" {
		c, _ := answering(status(503))
		_, err := c.Do(alert.Once(t.Context()), post("https://robot.example"))
		require.Error(t, err)
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), marker+"=1")
	var stderr, stdout writer
	cmd.Stderr, cmd.Stdout = &stderr, &stdout
	require.NoError(t, cmd.Run(), string(stdout))
	require.Empty(t, string(stderr))
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) { *w = append(*w, p...); return len(p), nil }

// After the last attempt retryablehttp words an error of its own, with the URL.
func TestTrap2GivingUpHidesTheKey(t *testing.T) {
	t.Parallel()
	for _, failure := range []func() (*http.Response, error){
		status(503),
		func() (*http.Response, error) { return nil, errors.New("boom") },
	} {
		c, _ := answering(failure)
		_, err := c.Do(alert.Once(t.Context()), post("https://robot.example"))
		asError(t, err)
		require.NotContains(t, err.Error(), secretKey)
		require.NotContains(t, err.Error(), "cgi-bin")
	}
}

// PassthroughErrorHandler makes an exhausted 503 look like success.
func TestTrap3ExhaustedStatusIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, made := answering(status(503))
		answer, err := c.Do(t.Context(), post("https://robot.example"))
		e := asError(t, err)
		require.Equal(t, 503, e.Status)
		require.Equal(t, httpcall.Refused, e.Kind)
		require.True(t, alert.Retryable(err))
		require.Equal(t, 3, e.Attempts)
		require.EqualValues(t, 3, made.Load())
		require.Equal(t, 503, answer.Status, "the answer itself is there to be read")
	})
}

// DefaultBackoff sleeps for as long as a Retry-After says.
func TestTrap4RetryAfterIsCapped(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name        string
		header      func() string
		status      int
		attempts    int32
		least, most time.Duration // slept
		after       time.Duration
	}{
		{"an hour", func() string { return "3600" }, 429, 1, 0, 0, time.Hour},
		{"an hour as a date", func() string { return date(time.Hour) }, 429, 1, 0, 0, time.Hour},
		{"an hour of 503", func() string { return "3600" }, 503, 1, 0, 0, time.Hour},
		{"centuries", func() string { return "9223372036854775807" }, 429, 1, 0, 0, time.Hour},
		{"31 s", func() string { return "31" }, 429, 1, 0, 0, 31 * time.Second},
		{"20 s", func() string { return "20" }, 429, 3, 40 * time.Second, 50 * time.Second, 20 * time.Second},
		{"30 s", func() string { return "30" }, 429, 3, time.Minute, time.Minute, 30 * time.Second},
		{"past date", func() string { return date(-time.Hour) }, 429, 3, 1500 * time.Millisecond, 2 * time.Second, 0},
		{"negative", func() string { return "-5" }, 429, 3, 1500 * time.Millisecond, 2 * time.Second, 0},
		{"nonsense", func() string { return "soon" }, 429, 3, 1500 * time.Millisecond, 2 * time.Second, 0},
		{"none", func() string { return "" }, 429, 3, 1500 * time.Millisecond, 2 * time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, made := answering(status(tt.status, "Retry-After", tt.header()))
				began := time.Now()
				_, err := c.Do(t.Context(), post("https://robot.example"))
				slept := time.Since(began)
				require.Equal(t, tt.after, alert.RetryAfter(err))
				require.True(t, alert.Retryable(err))
				require.Equal(t, tt.attempts, made.Load())
				require.GreaterOrEqual(t, slept, tt.least)
				require.LessOrEqual(t, slept, tt.most)
			})
		})
	}
}

// A refusal in the body of an HTTP 200 must not be repeated by default.
func TestTrap5VerdictDecidesOnRepetition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		verdict  error
		request  func(string) *httpcall.Request
		attempts int32
		most     time.Duration
	}{
		{"final", &verdictError{code: 40058}, post, 1, 0},
		{"temporary", &verdictError{code: -1, retryable: true}, post, 3, 2 * time.Second},
		{"a minute off", &verdictError{code: 45009, retryable: true, after: time.Minute}, post, 1, 0},
		{"temporary, telephone", &verdictError{code: -1, retryable: true}, dial, 3, 2 * time.Second},
		{"uncertain, chat", errUncertainVerdict, post, 3, 2 * time.Second},
		{"uncertain, telephone", errUncertainVerdict, dial, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, made := answering(status(200))
				r := tt.request("https://robot.example")
				r.Judge = func(*httpcall.Response) error { return tt.verdict }
				began := time.Now()
				_, err := c.Do(t.Context(), r)
				require.Same(t, tt.verdict, err, "the verdict is returned as it is")
				require.Equal(t, tt.attempts, made.Load())
				require.LessOrEqual(t, time.Since(began), tt.most)
			})
		})
	}
}

var errUncertainVerdict = fmt.Errorf("vendor timed out inside: %w", alert.ErrUncertain)

// net/http returns the cause of a context and hides DeadlineExceeded.
func TestTrap6EndOfContextIsRecognised(t *testing.T) {
	t.Parallel()
	errShutdown := errors.New("shutting down")
	tests := []struct {
		name string
		ctx  func(context.Context) (context.Context, func())
		want []error
	}{
		{"deadline with a cause", func(ctx context.Context) (context.Context, func()) {
			return context.WithTimeoutCause(ctx, time.Second, errShutdown)
		}, []error{context.DeadlineExceeded, errShutdown}},
		{"cancelled with a cause", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(errShutdown) })
			return ctx, func() { cancel(nil) }
		}, []error{context.Canceled, errShutdown}},
		{"plain deadline", func(ctx context.Context) (context.Context, func()) {
			return context.WithTimeout(ctx, time.Second)
		}, []error{context.DeadlineExceeded}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := pipes(t, func(conn net.Conn) {
					_, _ = readRequest(conn)
					_, _ = conn.Read(make([]byte, 1)) // until the caller hangs up
				})
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				c := httpcall.New(httpcall.Options{HTTPClient: client})
				_, err := c.Do(ctx, dial("http://robot.example"))
				for _, want := range tt.want {
					require.ErrorIs(t, err, want)
				}
				require.ErrorIs(t, err, alert.ErrUncertain)
				require.Equal(t, 1, asError(t, err).Attempts)
				require.NotContains(t, err.Error(), "no further attempt", "said once")
			})
		})
	}
}

// The end of one attempt is not the end of the caller's context.
func TestTrap6AttemptTimeoutIsNotTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, made := pipes(t, func(conn net.Conn) {
			_, _ = readRequest(conn)
			_, _ = conn.Read(make([]byte, 1))
		})
		c := httpcall.New(httpcall.Options{HTTPClient: client, Timeout: 7 * time.Second})
		began := time.Now()
		_, err := c.Do(t.Context(), post("http://robot.example"))
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		timeout, ok := errors.AsType[net.Error](err)
		require.True(t, ok)
		require.True(t, timeout.Timeout())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.ErrorContains(t, err, "no answer within 7s")
		require.EqualValues(t, 3, made.Load())
		require.GreaterOrEqual(t, time.Since(began), 21*time.Second)
	})
}

// The host that a redirect leads to would get the keyed URL as Referer.
func TestTrap7RedirectsAreRefused(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		here := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/"+secretKey, code))
		defer here.Close()
		own := &http.Client{}
		for _, client := range []*http.Client{nil, own, here.Client()} {
			c := httpcall.New(httpcall.Options{HTTPClient: client})
			_, err := c.Do(t.Context(), post(here.URL))
			e := asError(t, err)
			require.Equal(t, code, e.Status)
			require.Equal(t, httpcall.Refused, e.Kind)
			require.False(t, alert.Retryable(err))
			require.Equal(t, 1, e.Attempts)
			require.ErrorContains(t, err, "redirects are not followed")
			require.NotContains(t, err.Error(), secretKey)
		}
		require.Nil(t, own.CheckRedirect, "the caller's client was changed")
	}
	require.Zero(t, reached.Load())
}

// fmt calls no methods on unexported fields, so a named string type prints.
func TestTrap8KeyInAStructDoesNotPrint(t *testing.T) {
	t.Parallel()
	type robot struct{ key secret.Text }
	r := &struct {
		robot robot
		call  *httpcall.Request
	}{robot{secret.New(secretKey)}, post("https://robot.example")}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		require.NotContains(t, fmt.Sprintf(verb, r), secretKey)
		require.NotContains(t, fmt.Sprintf(verb, *r.call), secretKey)
	}
}

// Whether anything left decides whether a telephone call may be repeated.
func TestTrap9SentOrNot(t *testing.T) {
	t.Parallel()
	refusing := serveTCP(t, func(net.Conn) {})
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	hangingUp := serveTCP(t, func(conn net.Conn) { _, _ = readRequest(conn) })
	tests := []struct {
		name, base string
		kind       httpcall.Kind
		retryable  bool
	}{
		{"dial refused", closed.URL, httpcall.NotSent, true},
		{"TLS to a port without", "https" + refusing[len("http"):], httpcall.NotSent, true},
		{"hung up before reading", refusing, httpcall.Uncertain, false},
		{"hung up after reading", hangingUp, httpcall.Uncertain, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := httpcall.New(httpcall.Options{})
			_, err := c.Do(alert.Once(t.Context()), dial(tt.base))
			e := asError(t, err)
			require.Equal(t, tt.kind, e.Kind, err)
			require.Equal(t, tt.retryable, alert.Retryable(err))
			require.Equal(t, tt.kind == httpcall.Uncertain, errors.Is(err, alert.ErrUncertain))
			require.Equal(t, 0, e.Status)
		})
	}
}
