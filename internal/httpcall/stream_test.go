package httpcall_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// streamed returns a request whose body comes from open.
func streamed(base string, length int, open func() (io.ReadCloser, error)) *httpcall.Request {
	r := post(base)
	r.Op, r.Body, r.GetBody, r.Length = "upload", nil, open, int64(length)
	return r
}

// opener returns a body factory and the count of bodies made.
func opener(text string) (open func() (io.ReadCloser, error), made *atomic.Int32) {
	made = &atomic.Int32{}
	return func() (io.ReadCloser, error) {
		made.Add(1)
		return io.NopCloser(strings.NewReader(text)), nil
	}, made
}

// Each attempt reads the stream from its begin, with its length announced.
func TestStreamIsReadAgain(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 30_000)
	var attempts atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != text || r.ContentLength != int64(len(text)) {
			w.WriteHeader(http.StatusTeapot)
		} else if attempts.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	open, made := opener(text)
	c := httpcall.New(httpcall.Options{Channel: "wecom"})
	_, err := c.Do(t.Context(), streamed(server.URL, len(text), open))
	require.NoError(t, err)
	require.EqualValues(t, 3, attempts.Load())
	require.EqualValues(t, 3, made.Load())
}

// net/http itself asks for the body again when an idle connection dies with
// nothing written.
func TestStreamOnADeadConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, connections := pipes(t, func(conn net.Conn) {
			for {
				if _, err := readRequest(conn); err != nil {
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			}
		})
		std, ok := client.Transport.(*http.Transport)
		require.True(t, ok)
		pipe := std.DialContext
		std.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := pipe(ctx, network, address)
			return &twiceWritten{Conn: conn}, err
		}
		c := httpcall.New(httpcall.Options{HTTPClient: client})
		for range 2 {
			open, _ := opener("abc")
			_, err := c.Do(alert.Once(t.Context()), streamed("http://robot.example", 3, open))
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, connections.Load())
	})
}

// twiceWritten is a connection that takes two writes: of a header and a body.
type twiceWritten struct {
	net.Conn
	writes int
}

func (c *twiceWritten) Write(p []byte) (int, error) {
	if c.writes++; c.writes > 2 {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// A body that cannot be opened is a call that was not made.
func TestStreamThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("no such file")
		c, attempts := answering(status(503))
		_, err := c.Do(t.Context(), streamed("http://robot.example", 3, func() (io.ReadCloser, error) { return nil, broken }))
		require.ErrorIs(t, err, broken)
		require.Equal(t, httpcall.NotSent, asError(t, err).Kind)
		require.Zero(t, attempts.Load())

		open, made := opener("abc")
		_, err = c.Do(t.Context(), streamed("http://robot.example", 3, func() (io.ReadCloser, error) {
			if made.Load() > 0 {
				return nil, broken
			}
			return open()
		}))
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "HTTP 503")
		require.EqualValues(t, 1, attempts.Load())
	})
}

// slow is a body whose every Read takes a second and notes that it took place.
type slow struct{ reads *atomic.Int32 }

func (s slow) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	s.reads.Add(1)
	p[0] = 'x'
	return 1, nil
}
func (slow) Close() error { return nil }

// Nobody reads a body after Do has returned, not even a transport that goes on
// in the background.
func TestStreamIsLeftAloneAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int32
		stopped := make(chan struct{})
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			go func() {
				defer close(stopped)
				_, _ = io.Copy(io.Discard, r.Body)
				_ = r.Body.Close()
			}()
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: transport}})
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := c.Do(ctx, streamed("http://robot.example", 100, func() (io.ReadCloser, error) { return slow{&reads}, nil }))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 4, reads.Load())
		require.Equal(t, 4*time.Second, time.Since(began), "the Read under way is waited for")
		<-stopped
		require.EqualValues(t, 4, reads.Load())
	})
}

// A long body may take more time than an answer.
func TestMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: transport}, MaxAttempts: -1})
		open, _ := opener("abc")
		r := streamed("http://robot.example", 3, open)
		r.MoreTime = 50 * time.Second
		began := time.Now()
		_, err := c.Do(t.Context(), r)
		require.ErrorContains(t, err, "no answer within 1m0s")
		require.Equal(t, time.Minute, time.Since(began))
	})
}

// FailFast refuses where others wait for budget, and repeats like others.
func TestFailFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		transport := roundTrip(func(*http.Request) (*http.Response, error) {
			if made.Add(1) == 1 {
				return status(503)()
			}
			return status(200)()
		})
		c := httpcall.New(httpcall.Options{
			Channel: "wecom", HTTPClient: &http.Client{Transport: transport},
			Limit: httpcall.NewLimiter(20*time.Second, 2), FailFast: true,
		})
		_, err := c.Do(t.Context(), post("http://robot.example"))
		require.NoError(t, err, "a failure that passes is repeated")
		began := time.Now()
		_, err = c.Do(t.Context(), post("http://robot.example"))
		require.ErrorContains(t, err, "wecom: send: not sent: the rate budget is spent (retry after ")
		require.True(t, alert.Retryable(err))
		require.Positive(t, alert.RetryAfter(err))
		require.Zero(t, time.Since(began))
		require.EqualValues(t, 2, made.Load())
	})
}

// MaxWait says how long a wait the far end may ask for.
func TestMaxWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		longest  time.Duration
		attempts int32
	}{{"default", 0, 1}, {"longer", 75 * time.Second, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var made atomic.Int32
				transport := roundTrip(func(*http.Request) (*http.Response, error) {
					if made.Add(1) == 1 {
						return status(429, "Retry-After", "60")()
					}
					return status(200)()
				})
				c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: transport}, MaxWait: tt.longest})
				began := time.Now()
				_, err := c.Do(t.Context(), post("http://robot.example"))
				require.Equal(t, tt.attempts, made.Load())
				if tt.attempts == 1 {
					require.Equal(t, time.Minute, alert.RetryAfter(err))
					return
				}
				require.NoError(t, err)
				require.GreaterOrEqual(t, time.Since(began), time.Minute)
				require.LessOrEqual(t, time.Since(began), 75*time.Second)
			})
		})
	}
}

// A stream that ends early is a failure that tells nobody of the key.
func TestStreamThatEndsEarly(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	c := httpcall.New(httpcall.Options{MaxAttempts: -1})
	_, err := c.Do(t.Context(), streamed(server.URL, 1000, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(make([]byte, 10))), nil
	}))
	require.ErrorContains(t, err, "ContentLength=1000 with Body length 10")
	requireNoLeak(t, shown(t, err))
}
