package httpcall_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// fickle is a server that answers the first request on each connection and
// hangs up in the given way after it has read the second.
func fickle(t *testing.T, hangUp func(*net.TCPConn)) (base string, served *atomic.Int32) {
	served = &atomic.Int32{}
	base = serveTCP(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for n := 1; ; n++ {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			served.Add(1)
			if n == 2 {
				tcp, _ := conn.(*net.TCPConn)
				hangUp(tcp)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}
	})
	return base, served
}

// net/http repeats by itself, on an idle connection that turns out to be dead,
// what it takes for idempotent. A telephone call must not be placed twice that
// way, whatever its method and headers.
func TestNoSilentReplay(t *testing.T) {
	t.Parallel()
	endings := map[string]func(*net.TCPConn){
		"closed": func(*net.TCPConn) {},
		"reset":  func(c *net.TCPConn) { _ = c.SetLinger(0) },
	}
	requests := map[string]func(*httpcall.Request){
		"POST":                   func(*httpcall.Request) {},
		"POST without body":      func(r *httpcall.Request) { r.Body = nil },
		"PUT":                    func(r *httpcall.Request) { r.Method = http.MethodPut },
		"GET":                    func(r *httpcall.Request) { r.Method, r.Body = http.MethodGet, nil },
		"GET with body":          func(r *httpcall.Request) { r.Method = http.MethodGet },
		"POST, idempotency key":  func(r *httpcall.Request) { r.Header = http.Header{"Idempotency-Key": {"k"}} },
		"POST, idempotency key2": func(r *httpcall.Request) { r.Header = http.Header{"X-Idempotency-Key": {"k"}} },
	}
	for ending, hangUp := range endings {
		for name, change := range requests {
			t.Run(name+" "+ending, func(t *testing.T) {
				t.Parallel()
				base, served := fickle(t, hangUp)
				c := httpcall.New(httpcall.Options{})
				r := dial(base)
				change(r)
				_, err := c.Do(t.Context(), r)
				require.NoError(t, err)
				_, err = c.Do(t.Context(), r)
				require.ErrorIs(t, err, alert.ErrUncertain)
				require.Equal(t, 1, asError(t, err).Attempts)
				require.EqualValues(t, 2, served.Load(), "requests that reached the far end")
			})
		}
	}
}

// net/http does go back for another connection when nothing was written to
// the idle one. If there is none to be had, nothing has left.
func TestNothingWrittenIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := pipes(t, func(conn net.Conn) {
			_, _ = readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			_, _ = conn.Read(make([]byte, 1))
		})
		std, ok := client.Transport.(*http.Transport)
		require.True(t, ok)
		pipe, first := std.DialContext, true
		std.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !first {
				return nil, errors.New("no route")
			}
			first = false
			conn, err := pipe(ctx, network, address)
			return &onceWritten{Conn: conn}, err
		}
		c := httpcall.New(httpcall.Options{HTTPClient: client})
		_, err := c.Do(t.Context(), dial("http://robot.example"))
		require.NoError(t, err)
		_, err = c.Do(alert.Once(t.Context()), dial("http://robot.example"))
		require.ErrorContains(t, err, "no route")
		require.Equal(t, httpcall.NotSent, asError(t, err).Kind)
	})
}

// onceWritten is a connection that takes one write.
type onceWritten struct {
	net.Conn
	written bool
}

func (c *onceWritten) Write(p []byte) (int, error) {
	if c.written {
		return 0, net.ErrClosed
	}
	c.written = true
	return c.Conn.Write(p)
}

// What the far end did not read may have been read: the connection was there.
func TestIdleConnectionClosedBetweenCalls(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	base := serveTCP(t, func(conn net.Conn) {
		if _, err := readRequest(conn); err == nil {
			served.Add(1)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}
	})
	c := httpcall.New(httpcall.Options{})
	calls, uncertain := 20, 0
	for range calls {
		if _, err := c.Do(t.Context(), dial(base)); err != nil {
			require.ErrorIs(t, err, alert.ErrUncertain)
			uncertain++
		}
	}
	// Each call was served at most once, and each one that says so was served.
	require.LessOrEqual(t, int(served.Load()), calls)
	require.GreaterOrEqual(t, int(served.Load()), calls-uncertain)
}

// A call without a body has none on the wire either, and no chunked encoding.
func TestEmptyBodyOnTheWire(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			base := serveTCP(t, func(conn net.Conn) {
				var head strings.Builder
				_, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &head)))
				if err == nil {
					got <- head.String()
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				}
			})
			c := httpcall.New(httpcall.Options{})
			_, err := c.Do(t.Context(), &httpcall.Request{Method: method, URL: keyed(base)})
			require.NoError(t, err)
			head, body, _ := strings.Cut(<-got, "\r\n\r\n")
			require.NotContains(t, head, "chunked")
			require.Equal(t, method == http.MethodPost, strings.Contains(head, "Content-Length: 0"))
			require.Empty(t, body)
		})
	}
}
