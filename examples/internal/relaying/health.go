package relaying

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert/outbox"
)

const (
	healthTime  = 2 * time.Second // that the store gets for an answer
	healthEvery = time.Second     // after which it is asked again
)

// A health tells whether callbacks can be accepted. However many ask, the store
// is asked once a second and by one of them.
type health struct {
	ask func(context.Context) error

	mu   sync.Mutex
	at   time.Time
	last error
}

// newHealth asks for the alerts behind the last one, of which there are none.
func (r *relay) newHealth() *health {
	return &health{ask: func(ctx context.Context) error {
		_, err := r.box.Pending(ctx, r.leaves[0].route, math.MaxInt64, 1)
		if errors.Is(err, outbox.ErrUnknownRoute) {
			return nil // as the store says that has just been made
		}
		return err
	}}
}

// ServeHTTP answers 200, or 503 with the word for what is missing.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.check(r.Context()) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "store\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
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
	h.last = h.ask(ctx)
	h.at = time.Now()
	return h.last
}
