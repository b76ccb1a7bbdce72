package httpcall_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// raw answers every request on a connection with the given text, and closes
// the connection after it.
func raw(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := readRequest(conn); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// outcome is what a call is expected to come to.
type outcome struct {
	kind      httpcall.Kind
	attempts  int
	retryable bool
}

// Each fault is met by a chat message and by a telephone call.
func TestFaults(t *testing.T) {
	t.Parallel()
	const (
		refused   = httpcall.Refused
		uncertain = httpcall.Uncertain
		okHead    = "HTTP/1.1 200 OK\r\n"
	)
	hang := func(conn net.Conn) {
		_, _ = readRequest(conn)
		_, _ = conn.Read(make([]byte, 1))
	}
	tests := []struct {
		name   string
		serve  func(net.Conn)
		status int
		chat   outcome
		phone  outcome
	}{
		{"closed before the request", func(net.Conn) {}, 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"closed after the request", raw(""), 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"hangs before reading", func(net.Conn) { <-time.After(time.Minute) }, 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"hangs after reading", hang, 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"no HTTP", raw("SSH-2.0-OpenSSH_9.2\r\n"), 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"cut off in the header", raw("HTTP/1.1 200 OK\r\nContent-Le"), 0, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"cut off in the body", raw(okHead + "Content-Length: 20\r\n\r\n{\"errcode\":0"), 200, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"cut off between chunks", raw(okHead + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"err\r\n"), 200, outcome{uncertain, 3, true}, outcome{uncertain, 1, false}},
		{"body over 1 MiB", raw(okHead + "\r\n" + strings.Repeat("x", 1<<20+1)), 200, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"announces over 1 MiB", raw(okHead + "Content-Length: 1048577\r\n\r\n"), 200, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"announces a petabyte", raw(okHead + "Content-Length: 1125899906842624\r\n\r\n"), 200, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"HTML of a gateway", raw("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 13\r\n\r\n<html>502</ht"), 502, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"gateway, cut off", raw("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 99\r\n\r\n<html>"), 504, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"500", raw("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), 500, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"999", raw("HTTP/1.1 999 Oops\r\nContent-Length: 0\r\n\r\n"), 999, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"408", raw("HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n"), 408, outcome{refused, 3, true}, outcome{uncertain, 1, false}},
		{"429", raw("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"), 429, outcome{refused, 3, true}, outcome{refused, 3, true}},
		{"425", raw("HTTP/1.1 425 Early\r\nContent-Length: 0\r\n\r\n"), 425, outcome{refused, 3, true}, outcome{refused, 3, true}},
		{"501", raw("HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n"), 501, outcome{refused, 1, false}, outcome{refused, 1, false}},
		{"505", raw("HTTP/1.1 505 No\r\nContent-Length: 0\r\n\r\n"), 505, outcome{refused, 1, false}, outcome{refused, 1, false}},
		{"404", raw("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 404, outcome{refused, 1, false}, outcome{refused, 1, false}},
		{"404, cut off", raw("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n"), 404, outcome{refused, 1, false}, outcome{refused, 1, false}},
		{"redirect without Location", raw("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), 302, outcome{refused, 1, false}, outcome{refused, 1, false}},
		{"redirect to nonsense", raw("HTTP/1.1 302 Found\r\nLocation: http://%zz\r\nContent-Length: 0\r\n\r\n"), 302, outcome{refused, 1, false}, outcome{refused, 1, false}},
	}
	for _, tt := range tests {
		for who, want := range map[string]outcome{"chat": tt.chat, "telephone": tt.phone} {
			t.Run(tt.name+"/"+who, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, made := pipes(t, tt.serve)
					c := httpcall.New(httpcall.Options{Channel: "test", HTTPClient: client})
					r := post("http://robot.example")
					r.RepeatUncertain = who == "chat"
					_, err := c.Do(t.Context(), r)
					e := asError(t, err)
					require.Equal(t, want, outcome{e.Kind, e.Attempts, e.Retryable()}, err)
					require.Equal(t, tt.status, e.Status)
					require.EqualValues(t, want.attempts, made.Load(), "connections")
					require.Equal(t, want.kind == uncertain, errors.Is(err, alert.ErrUncertain))
					require.NotContains(t, err.Error(), secretKey)
				})
			})
		}
	}
}

// What happens before there is a connection is repeated even for a telephone
// call.
func TestFaultsBeforeAnythingLeft(t *testing.T) {
	t.Parallel()
	dns := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "robot.example", IsNotFound: true}}
	for _, base := range []string{"http://robot.example", "https://robot.example"} {
		for name, failure := range map[string]error{
			"DNS":     dns,
			"refused": &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
		} {
			t.Run(base[:5]+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, _ := pipes(t, nil)
					std, _ := client.Transport.(*http.Transport)
					std.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, failure }
					for _, transport := range []http.RoundTripper{std, roundTrip(std.RoundTrip), roundTrip(func(*http.Request) (*http.Response, error) { return nil, failure })} {
						c := httpcall.New(httpcall.Options{HTTPClient: &http.Client{Transport: transport}})
						_, err := c.Do(t.Context(), dial(base))
						e := asError(t, err)
						require.Equal(t, outcome{httpcall.NotSent, 3, true}, outcome{e.Kind, e.Attempts, e.Retryable()})
						require.ErrorIs(t, err, failure)
					}
				})
			})
		}
	}
}

// A certificate that is not trusted stops the call before it begins.
func TestFaultUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	c := httpcall.New(httpcall.Options{})
	_, err := c.Do(alert.Once(t.Context()), dial(server.URL))
	require.Equal(t, httpcall.NotSent, asError(t, err).Kind, err)
	require.ErrorContains(t, err, "certificate")
}

// HTTP/2 leaves the same trail.
func TestFaultsOfHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			panic(http.ErrAbortHandler)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	c := httpcall.New(httpcall.Options{HTTPClient: server.Client()})
	for range 2 { // the second time on the same connection
		_, err := c.Do(alert.Once(t.Context()), dial(server.URL))
		require.Equal(t, httpcall.Uncertain, asError(t, err).Kind, err)
	}
	server.Client().CloseIdleConnections()
	server.Close()
	_, err := c.Do(alert.Once(t.Context()), dial(server.URL))
	require.Equal(t, httpcall.NotSent, asError(t, err).Kind, err)
}

// A transport that knows no httptrace proves nothing by its silence.
func TestFaultOfAForeignTransport(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (*http.Response, error){
		"error":   func() (*http.Response, error) { return nil, errors.New("boom") },
		"both":    func() (*http.Response, error) { return &http.Response{StatusCode: 200}, errors.New("boom") },
		"neither": func() (*http.Response, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, made := answering(answer)
			_, err := c.Do(t.Context(), dial("https://robot.example"))
			require.Equal(t, httpcall.Uncertain, asError(t, err).Kind)
			require.EqualValues(t, 1, made.Load())
		})
	}
	t.Run("no body", func(t *testing.T) {
		t.Parallel()
		c, _ := answering(func() (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
		answer, err := c.Do(t.Context(), dial("https://robot.example"))
		require.NoError(t, err)
		require.Empty(t, answer.Body)
	})
	t.Run("fewer bytes than announced", func(t *testing.T) {
		t.Parallel()
		c, _ := answering(func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: 9, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})
		_, err := c.Do(t.Context(), dial("https://robot.example"))
		require.Equal(t, httpcall.Uncertain, asError(t, err).Kind)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
}
