package serve_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/serve"
)

// patience bounds a wait that nothing should last for.
const patience = 20 * time.Second

// A record is what is logged.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// A running is a server under test.
type running struct {
	addr string
	log  *record
	stop func() error // asks it to stop, and waits
}

// start serves a handler on the loopback.
func start(t *testing.T, handler http.HandlerFunc, opts serve.Options) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &running{addr: l.Addr().String(), log: new(record)}
	opts.Logger = slog.New(slog.NewTextHandler(r.log, nil))
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve.Serve(ctx, l, handler, &opts) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-served })
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// dial opens a connection from an address of the loopback and writes something.
func (r *running) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = io.WriteString(c, text)
	require.NoError(t, err)
	return c
}

const request = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"

// status reads one answer and returns its status, or why there is none.
func status(c net.Conn) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func ok(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "ok")
}

// Whatever strangers leave open, a callback is answered.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, begin string }{
		{"silent", ""},
		{"half of a header", "POST /x HTTP/1.1\r\nHost: h\r\nX-"},
		{"half of a body", "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n{"},
		{"kept alive", request},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/refused" {
					http.NotFound(w, r)
					return
				}
				ok(w, r)
			}, serve.Options{MaxConns: 20})
			for range 5 {
				for range 40 {
					r.dial(t, tt.begin)
				}
				got, err := status(r.dial(t, request))
				require.NoError(t, err)
				require.Equal(t, 200, got)
			}
			require.Contains(t, r.log.String(), "connection closed: it was idle")
			require.LessOrEqual(t, strings.Count(r.log.String(), "\n"), 20, "%s", r.log)
		})
	}
}

// Requests that are being handled are never cut off: who comes then waits.
func TestBusyConnectionsStay(t *testing.T) {
	t.Parallel()
	const most = 4
	arrived, release := make(chan struct{}, most), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		ok(w, r)
	}, serve.Options{MaxConns: most})
	var busy []net.Conn
	for range most {
		busy = append(busy, r.dial(t, request))
		<-arrived
	}
	for range 3 {
		busy = append(busy, r.dial(t, request)) // in the queue of the system
	}
	require.Empty(t, arrived)
	close(release)
	for _, c := range busy {
		got, err := status(c)
		require.NoError(t, err)
		require.Equal(t, 200, got)
	}
	require.NoError(t, r.stop())
}

// A server that waits for room stops all the same.
func TestStopWhileFull(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		ok(w, r)
	}, serve.Options{MaxConns: 1})
	under := r.dial(t, request)
	<-arrived
	r.dial(t, "")
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	require.Eventually(t, func() bool { // the queue of the system is closed
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, patience, time.Millisecond)
	require.Empty(t, stopped, "not before the request is answered")
	close(release)
	got, err := status(under)
	require.NoError(t, err)
	require.Equal(t, 200, got)
	require.NoError(t, <-stopped)
}

// What no handler saw has a few lines in the log, however many there are.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	r := start(t, ok, serve.Options{})
	for range 50 {
		got, err := status(r.dial(t, "\x16\x03\x01hush\r\n\r\n"))
		require.NoError(t, err)
		require.Equal(t, 400, got)
	}
	require.Eventually(t, func() bool { return strings.Contains(r.log.String(), "late or not HTTP") }, patience, time.Millisecond)
	require.NoError(t, r.stop())
	require.LessOrEqual(t, strings.Count(r.log.String(), "request refused"), 6)
	require.NotContains(t, r.log.String(), "hush")
}

func TestFails(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorContains(t, serve.ListenAndServe(t.Context(), l.Addr().String(), http.NotFoundHandler(), nil), "serve: listen tcp")
	require.ErrorContains(t, serve.Serve(t.Context(), l, http.NotFoundHandler(), &serve.Options{CertFile: "/nowhere"}), "serve: certificate: ")
	require.ErrorIs(t, serve.Serve(t.Context(), l, http.NotFoundHandler(), nil), net.ErrClosed)
}

// Who listens for others without TLS is told.
func TestPlainHTTPForOthers(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{"0.0.0.0:0": true, "127.0.0.1:0": false} {
		log := new(record)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, serve.ListenAndServe(ctx, addr, http.NotFoundHandler(), &serve.Options{Logger: slog.New(slog.NewTextHandler(log, nil))}))
		require.Equal(t, want, strings.Contains(log.String(), "nothing is encrypted"), addr)
	}
}

// ExampleListenAndServe is the shortest server.
func ExampleListenAndServe() {
	ctx, stop := context.WithCancel(context.Background())
	stop() // by signal.NotifyContext in a program
	callbacks := http.NotFoundHandler()
	err := serve.ListenAndServe(ctx, "127.0.0.1:0", callbacks, &serve.Options{Logger: slog.New(slog.DiscardHandler)})
	fmt.Println(err)
	// Output: <nil>
}
