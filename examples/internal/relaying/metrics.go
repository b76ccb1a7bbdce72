package relaying

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/tocsin-go/tocsin/aliyun"
)

// callbackCounts are the callbacks by outcome.
type callbackCounts struct{ accepted, unreadable, refused, failed atomic.Int64 }

// A fate is what OnCallback learns of one request.
type fate struct{ read, unreadable bool }

type fateKey struct{}

// note notes what a callback was understood as. It is part of OnCallback.
func note(ctx context.Context, e *aliyun.Received) {
	if f, ok := ctx.Value(fateKey{}).(*fate); ok {
		f.read, f.unreadable = e.Err == nil, e.Err != nil && !errors.Is(e.Err, aliyun.ErrEmpty)
	}
}

// count counts what a webhook answers. What holds no callback, as the probe of a
// console, does not count.
func (c *callbackCounts) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, s := new(fate), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r.WithContext(context.WithValue(r.Context(), fateKey{}, f)))
		switch {
		case s.status >= http.StatusInternalServerError:
			c.failed.Add(1)
		case s.status >= http.StatusBadRequest:
			c.refused.Add(1)
		case f.unreadable:
			c.unreadable.Add(1)
		case f.read:
			c.accepted.Add(1)
		}
	})
}

// alwaysRead is for a webhook that answers 200 to what it has read and accepted
// alone.
func alwaysRead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f, ok := r.Context().Value(fateKey{}).(*fate); ok {
			f.read = r.Method != http.MethodHead
		}
		next.ServeHTTP(w, r)
	})
}

// A statusWriter keeps the status.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// metrics serves the page for Prometheus.
func (r *relay) metrics(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.box.WriteMetrics(req.Context(), w) != nil {
		return // who asked has hung up
	}
	const name = "tocsin_relay_callbacks_total"
	_, _ = fmt.Fprintf(w, "# HELP %[1]s Callbacks by outcome.\n# TYPE %[1]s counter\n", name)
	for _, c := range [...]struct {
		outcome string
		n       *atomic.Int64
	}{{"accepted", &r.counts.accepted}, {"unreadable", &r.counts.unreadable}, {"refused", &r.counts.refused}, {"failed", &r.counts.failed}} {
		_, _ = fmt.Fprintf(w, "%s{outcome=%q} %d\n", name, c.outcome, c.n.Load())
	}
}
