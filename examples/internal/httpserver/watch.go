package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// A watch finds requests that no handler saw. A header that is too long or no HTTP,
// net/http answers with 431 or 400 and without a word to anybody; but a connection
// on which bytes arrived becomes active, and closes then.
type watch struct {
	log    *slog.Logger
	unseen sync.Map // of net.Conn: active, and no handler has been called yet
}

// connKey is the key of a request's net.Conn in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// mark notes that a request has reached its handler.
func (w *watch) mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.unseen.Delete(r.Context().Value(connKey{}))
		next.ServeHTTP(rw, r)
	})
}

// changed is called by net/http in the goroutine of the connection.
func (w *watch) changed(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
		w.unseen.Store(c, nil)
	case http.StateClosed:
		if _, unseen := w.unseen.LoadAndDelete(c); unseen {
			w.log.Warn("request refused: its header is too long, broken off, late or not HTTP",
				"limit_bytes", maxHeader, "peer", host(c.RemoteAddr().String()))
		}
	}
}
