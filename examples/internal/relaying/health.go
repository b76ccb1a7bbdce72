package relaying

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
	healthTime  = 2 * time.Second  // that the store gets for an answer
	healthEvery = time.Second      // after which it is asked again
	fileEvery   = 10 * time.Second // after which the file is looked at though nobody asks
)

// A health tells whether callbacks are accepted and delivered. However many ask,
// the store is asked once a second and by one of them.
type health struct {
	ask func(context.Context) error
	log *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last error
}

// newHealth asks the outbox, and looks at the file.
func (r *relay) newHealth() *health {
	return &health{log: r.log, ask: func(ctx context.Context) error {
		if err := r.intact(ctx); err != nil {
			return err
		}
		return r.box.Health(ctx)
	}}
}

// ServeHTTP answers 200, or 503 with a line for people. It quotes neither a driver
// nor a path.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
func (h *health) check(ctx context.Context) error {
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

// watchFile says that the file of the database is not what it was, also where
// nobody asks for the health.
func (r *relay) watchFile(ctx context.Context) {
	tick := time.NewTicker(fileEvery)
	defer tick.Stop()
	for told := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := r.intact(ctx)
		if err == nil || ctx.Err() != nil {
			told = ""
		} else if told != err.Error() {
			told = err.Error()
			r.log.Error("the database is in danger", "error", err)
		}
	}
}
