package httpcall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

func TestDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*httpcall.Request)
		want   string // method, path, type, body as the far end saw them
	}{
		{"defaults", func(*httpcall.Request) {}, `POST /cgi-bin/webhook/send application/json {"a":1}`},
		{"method", func(r *httpcall.Request) { r.Method = http.MethodPut }, `PUT /cgi-bin/webhook/send application/json {"a":1}`},
		{"header", func(r *httpcall.Request) { r.Header = http.Header{"Content-Type": {"text/plain"}} }, `POST /cgi-bin/webhook/send text/plain {"a":1}`},
		{"no header", func(r *httpcall.Request) { r.Header = http.Header{} }, `POST /cgi-bin/webhook/send  {"a":1}`},
		{"GET", func(r *httpcall.Request) { r.Method, r.Body, r.Header = http.MethodGet, nil, http.Header{} }, `GET /cgi-bin/webhook/send  `},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Vendor", "v")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"), body)
	}))
	t.Cleanup(server.Close)
	c := httpcall.New(httpcall.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := post(server.URL)
			tt.change(r)
			var judged *httpcall.Response
			r.Judge = func(answer *httpcall.Response) error { judged = answer; return nil }
			answer, err := c.Do(t.Context(), r)
			require.NoError(t, err)
			require.Same(t, judged, answer)
			require.Equal(t, tt.want, string(answer.Body))
			require.Equal(t, http.StatusCreated, answer.Status)
			require.Equal(t, "v", answer.Header.Get("X-Vendor"))
			require.Positive(t, answer.Elapsed)
		})
	}
}

// Bodies of every length up to the bound arrive whole, with and without an
// announced length.
func TestBodyUpToTheBound(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.URL.Query().Get("n"), &n)
		if r.URL.Query().Has("chunked") {
			w.(http.Flusher).Flush()
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(n))
		}
		_, _ = io.WriteString(w, strings.Repeat("x", n))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := httpcall.New(httpcall.Options{})
	for _, how := range []string{"", "&chunked"} {
		for _, n := range []int{0, 1, 511, 512, 513, 1 << 16, 1<<20 - 1, 1 << 20} {
			answer, err := c.Do(t.Context(), &httpcall.Request{URL: func() (string, error) {
				return fmt.Sprintf("%s/?n=%d%s", server.URL, n, how), nil
			}})
			require.NoError(t, err)
			require.Len(t, answer.Body, n)
		}
	}
	require.EqualValues(t, 1, connections.Load(), "a body read to its end leaves the connection usable")
}

// An endless answer is read no further than the bound, give or take a buffer.
func TestEndlessBody(t *testing.T) {
	t.Parallel()
	endless := &counter{}
	c, _ := answering(func() (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(endless)}, nil
	})
	_, err := c.Do(alert.Once(t.Context()), post("http://robot.example"))
	require.ErrorContains(t, err, "answer over 1 MiB")
	require.LessOrEqual(t, endless.n, 1<<20+1)
}

// A counter is a reader without end, or nearly so, that counts what is read.
type counter struct{ n int }

func (c *counter) Read(p []byte) (int, error) {
	if c.n > 1<<24 {
		return 0, io.EOF
	}
	c.n += len(p)
	return len(p), nil
}

// Every attempt asks for the URL anew and starts from the same header.
func TestAttemptsAreFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			seen = append(seen, fmt.Sprintln(r.Host, r.URL, r.Header, string(body)))
			r.Header.Set("Careless", "x")
			return status(503, "Set-Cookie", "c=1")()
		})
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: transport, Jar: jar}})
		n := 0
		header := http.Header{"X": {"y"}}
		_, err = c.Do(t.Context(), &httpcall.Request{
			Header: header, Body: []byte("b"), RepeatUncertain: true,
			URL: func() (string, error) { n++; return fmt.Sprintf("http://robot%d.example/?t=%d", n%2, n), nil },
		})
		require.Error(t, err)
		require.Equal(t, []string{
			"robot1.example http://robot1.example/?t=1 map[X:[y]] b\n",
			"robot0.example http://robot0.example/?t=2 map[X:[y]] b\n",
			"robot1.example http://robot1.example/?t=3 map[Cookie:[c=1] X:[y]] b\n",
		}, seen)
		require.Equal(t, http.Header{"X": {"y"}}, header)
		require.Equal(t, "robot1.example", asError(t, err).Host)
	})
}

func TestAttemptsAreCounted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		max  int
		once bool
		want int32
	}{
		{"default", 0, false, 3}, {"five", 5, false, 5}, {"none", -1, false, 1}, {"five, once", 5, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var made atomic.Int32
				transport := roundTrip(func(*http.Request) (*http.Response, error) { made.Add(1); return status(503)() })
				c := httpcall.New(httpcall.Options{MaxAttempts: tt.max, HTTPClient: &http.Client{Transport: transport}})
				ctx := t.Context()
				if tt.once {
					ctx = alert.Once(ctx)
				}
				_, err := c.Do(ctx, post("http://robot.example"))
				require.Equal(t, tt.want, made.Load())
				require.EqualValues(t, tt.want, asError(t, err).Attempts)
			})
		})
	}
}

// An attempt that succeeds after others have failed is a success.
func TestRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, made := answering(status(502), func() (*http.Response, error) { return nil, errors.New("boom") }, status(200))
		answer, err := c.Do(t.Context(), post("http://robot.example"))
		require.NoError(t, err)
		require.Equal(t, 200, answer.Status)
		require.EqualValues(t, 3, made.Load())
	})
}

// A wait that would outlast ctx is not begun; one that ctx cuts short ends with
// it. Both tell what had gone wrong.
func TestWaitAndContext(t *testing.T) {
	t.Parallel()
	final := &verdictError{code: 1}
	temporary := &verdictError{code: 2, retryable: true, after: 5 * time.Second}
	tests := []struct {
		name     string
		verdict  error // nil: HTTP 429 with Retry-After: 5
		timeout  time.Duration
		cancel   time.Duration
		slept    time.Duration
		ended    error
		after    time.Duration
		attempts int32
	}{
		{"429, deadline first", nil, 4 * time.Second, 0, 0, nil, 5 * time.Second, 1},
		{"429, cancelled", nil, 0, 2 * time.Second, 2 * time.Second, context.Canceled, 5 * time.Second, 1},
		{"verdict, deadline first", temporary, 4 * time.Second, 0, 0, nil, 5 * time.Second, 1},
		{"verdict, cancelled", temporary, 0, 2 * time.Second, 2 * time.Second, context.Canceled, 5 * time.Second, 1},
		{"verdict, time for one more", temporary, 8 * time.Second, 0, -1, nil, 5 * time.Second, 2},
		{"final verdict", final, 4 * time.Second, 0, 0, nil, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.timeout > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				c, made := answering(status(429, "Retry-After", "5"))
				r := dial("http://robot.example")
				if tt.verdict != nil {
					c, made = answering(status(200))
					r.Judge = func(*httpcall.Response) error { return tt.verdict }
				}
				began := time.Now()
				_, err := c.Do(ctx, r)
				if tt.slept >= 0 {
					require.Equal(t, tt.slept, time.Since(began))
				}
				require.Equal(t, tt.attempts, made.Load())
				require.Equal(t, tt.after, alert.RetryAfter(err))
				require.Equal(t, !errors.Is(err, final), alert.Retryable(err))
				if tt.verdict != nil {
					require.ErrorIs(t, err, tt.verdict)
				}
				if tt.ended != nil {
					require.ErrorIs(t, err, tt.ended)
					require.Equal(t, httpcall.Refused, asError(t, err).Kind)
				} else {
					require.NotErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		})
	}
}

// What may have been done stays uncertain, whatever ends the call after it.
func TestUncertainStaysUncertain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, answer := range map[string]func() (*http.Response, error){
			"reset":   func() (*http.Response, error) { return nil, errors.New("reset") },
			"verdict": status(200),
		} {
			c, _ := answering(answer)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			r := post("http://robot.example")
			r.Judge = func(*httpcall.Response) error { return errUncertainVerdict }
			_, err := c.Do(ctx, r)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, alert.ErrUncertain, name)
			require.Equal(t, httpcall.Uncertain, asError(t, err).Kind, name)
		}
	})
}

func TestContextThatHasEnded(t *testing.T) {
	t.Parallel()
	c, made := answering(status(200))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(ctx, post("http://robot.example"))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, httpcall.NotSent, asError(t, err).Kind)
	require.Zero(t, made.Load())
}

func TestURLThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		url       func() (string, error)
		retryable bool
		after     time.Duration
	}{
		{"no URL", func() (string, error) { return "", nil }, false, 0},
		{"other scheme", func() (string, error) { return "file:///etc/passwd", nil }, false, 0},
		{"no host", func() (string, error) { return "https:///send", nil }, false, 0},
		{"bad escape", func() (string, error) { return "https://robot.example/%zz" + secretKey, nil }, false, 0},
		{"no token", func() (string, error) { return "", errors.New("token") }, true, 0},
		{"no token yet", func() (string, error) { return "", &verdictError{retryable: true, after: time.Minute} }, true, time.Minute},
		{"no token ever", func() (string, error) { return "", &verdictError{} }, false, 0},
		{"token uncertain", func() (string, error) { return "", errUncertainVerdict }, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, made := answering(status(200))
			_, err := c.Do(t.Context(), &httpcall.Request{Op: "send", URL: tt.url})
			require.Equal(t, httpcall.NotSent, asError(t, err).Kind)
			require.NotErrorIs(t, err, alert.ErrUncertain, "the call itself was certainly not made")
			require.Equal(t, tt.retryable, alert.Retryable(err))
			require.Equal(t, tt.after, alert.RetryAfter(err))
			require.NotContains(t, err.Error(), secretKey)
			require.Zero(t, made.Load())
		})
	}
}

// What stops the second attempt does not hide the outcome of the first.
func TestSecondAttemptIsPrevented(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, made := answering(func() (*http.Response, error) { return nil, errors.New("reset") })
		r := post("http://robot.example")
		first := true
		base := r.URL
		r.URL = func() (string, error) {
			if !first {
				return "", &verdictError{retryable: true, after: time.Minute}
			}
			first = false
			return base()
		}
		_, err := c.Do(t.Context(), r)
		e := asError(t, err)
		require.Equal(t, outcome{httpcall.Uncertain, 1, true}, outcome{e.Kind, e.Attempts, e.Retryable()})
		require.Equal(t, time.Minute, e.After)
		require.ErrorContains(t, err, "reset; no further attempt: vendor says no")
		require.EqualValues(t, 1, made.Load())
	})
}

// Every attempt costs a token, and an empty budget is answered, not slept on,
// where waiting is not wanted.
func TestCallerAndLimiter(t *testing.T) {
	t.Parallel()
	newCaller := func(burst int, answers ...func() (*http.Response, error)) *httpcall.Caller {
		var n atomic.Int32
		transport := roundTrip(func(*http.Request) (*http.Response, error) { return answers[min(int(n.Add(1)), len(answers))-1]() })
		return httpcall.New(httpcall.Options{
			Channel: "wecom", HTTPClient: &http.Client{Transport: transport},
			Limit: httpcall.NewLimiter(20*time.Second, burst),
		})
	}
	t.Run("waits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newCaller(1, status(200))
			began := time.Now()
			for range 3 {
				_, err := c.Do(t.Context(), post("http://robot.example"))
				require.NoError(t, err)
			}
			require.Equal(t, 40*time.Second, time.Since(began))
		})
	})
	t.Run("refuses under Once", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newCaller(1, status(200))
			_, err := c.Do(alert.Once(t.Context()), post("http://robot.example"))
			require.NoError(t, err)
			_, err = c.Do(alert.Once(t.Context()), post("http://robot.example"))
			e := asError(t, err)
			require.Equal(t, outcome{httpcall.NotSent, 0, true}, outcome{e.Kind, e.Attempts, e.Retryable()})
			require.EqualError(t, err, "wecom: send: not sent: the rate budget is spent (retry after 20s)")
		})
	})
	t.Run("each attempt counts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newCaller(2, status(503))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := c.Do(ctx, post("http://robot.example"))
			e := asError(t, err)
			require.Equal(t, outcome{httpcall.Refused, 2, true}, outcome{e.Kind, e.Attempts, e.Retryable()})
			require.Equal(t, 503, e.Status)
			require.Positive(t, e.After)
			require.ErrorContains(t, err, "no further attempt: not sent: the rate budget is spent")
		})
	})
}

// The client given is copied: its Transport, Jar and Timeout count, its
// CheckRedirect does not, and nothing in it changes.
func TestHTTPClientIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := roundTrip(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		for _, tt := range []struct{ client, option, want time.Duration }{
			{3 * time.Second, 0, 3 * time.Second},
			{time.Minute, 0, 10 * time.Second},
			{time.Minute, -1, time.Minute},
			{0, 4 * time.Second, 4 * time.Second},
		} {
			client := &http.Client{Transport: transport, Timeout: tt.client}
			c := httpcall.New(httpcall.Options{HTTPClient: client, Timeout: tt.option, MaxAttempts: -1})
			began := time.Now()
			_, err := c.Do(t.Context(), post("http://robot.example"))
			require.ErrorContains(t, err, "no answer within "+tt.want.String())
			require.Equal(t, tt.want, time.Since(began))
			require.Equal(t, tt.client, client.Timeout)
			require.Nil(t, client.CheckRedirect)
		}
	})
}

// A failure must not close the idle connections of everybody who shares the
// transport, as retryablehttp does.
func TestFailureKeepsIdleConnections(t *testing.T) {
	t.Parallel()
	shared := &closer{}
	c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: shared}})
	_, err := c.Do(alert.Once(t.Context()), post("http://robot.example"))
	require.Error(t, err)
	require.False(t, shared.closed)
}

type closer struct{ closed bool }

func (c *closer) RoundTrip(*http.Request) (*http.Response, error) { return status(503)() }
func (c *closer) CloseIdleConnections()                           { c.closed = true }

// Userinfo of the URL becomes basic authentication, as everywhere in Go.
func TestUserinfo(t *testing.T) {
	t.Parallel()
	var got atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		got.Store(user + ":" + password)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	u.User = url.UserPassword("robot", secretKey)
	_, err = httpcall.New(httpcall.Options{}).Do(t.Context(), &httpcall.Request{URL: func() (string, error) { return u.String(), nil }})
	require.NoError(t, err)
	require.Equal(t, "robot:"+secretKey, got.Load())
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer server.Close()
	c := httpcall.New(httpcall.Options{Limit: httpcall.NewLimiter(time.Microsecond, 4)})
	shared := post(server.URL)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				answer, err := c.Do(t.Context(), shared)
				if err != nil || string(answer.Body) != string(shared.Body) {
					t.Errorf("got %v, %v", answer, err)
				}
			}
		})
	}
	wg.Wait()
}
