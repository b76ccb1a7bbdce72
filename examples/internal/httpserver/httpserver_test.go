package httpserver_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// A stop answers what is under way, says so, and takes nothing more.
func TestStopFinishesRequests(t *testing.T) {
	t.Parallel()
	l, arrived, release := listen(t), make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	ctx, cancel := context.WithCancel(t.Context())
	stopping := make(chan string, 1)
	log := slog.New(slog.NewTextHandler(writer(func(p []byte) { stopping <- string(p) }), nil))
	served := make(chan error, 1)
	go func() { served <- httpserver.Serve(ctx, l, handler, log, "going home") }()

	answered := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), http.NoBody)
		if err != nil {
			answered <- err.Error()
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		answered <- string(text)
	}()
	<-arrived
	cancel()
	require.Contains(t, <-stopping, "going home")
	require.Empty(t, served, "not before the request is answered")
	close(release)
	require.Equal(t, "done", <-answered)
	require.NoError(t, <-served)
	_, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	require.Error(t, err)
}

// writer is a function that takes what is logged.
type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// A listener that fails ends it with an error.
func TestListenerFails(t *testing.T) {
	t.Parallel()
	l := listen(t)
	require.NoError(t, l.Close())
	require.ErrorIs(t, httpserver.Serve(t.Context(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), ""), net.ErrClosed)
}
