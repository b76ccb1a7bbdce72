package httpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert/outbox"
)

const (
	healthTime  = 2 * time.Second // that the store gets for an answer
	healthEvery = time.Second     // after which it is asked again
)

// A Health tells whether callbacks are accepted and delivered. However many ask,
// the store is asked once a second and by one of them.
type Health struct {
	ask func(context.Context) error
	log *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last error
}

// NewHealth returns a Health that asks by ask, whose errors are for people.
func NewHealth(log *slog.Logger, ask func(context.Context) error) *Health {
	return &Health{log: log, ask: ask}
}

// ServeHTTP answers 200, or 503 with a line for people. It quotes neither a driver
// nor a path.
func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.check(r.Context()); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, oneLine(err)+"\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// oneLine returns what is wrong, without the operation.
func oneLine(err error) string {
	if e, ok := errors.AsType[*outbox.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// check asks the store, unless somebody has just done so.
func (h *Health) check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.at.IsZero() && time.Since(h.at) < healthEvery {
		return h.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTime) // the others want the answer too
	defer cancel()
	before := h.last
	h.last = h.ask(ctx)
	h.at = time.Now()
	switch {
	case h.last != nil && (before == nil || oneLine(before) != oneLine(h.last)):
		h.log.Error("not healthy", "error", oneLine(h.last))
	case h.last == nil && before != nil:
		h.log.Info("healthy again")
	}
	return h.last
}
