package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	// maxRetryAfter is the longest wait that a far end can ask for. One that asks
	// for a year is asked again before.
	maxRetryAfter = time.Hour

	// clockStep is how far the clock of a store may go back, in milliseconds, without
	// being taken for one that was set.
	clockStep = 1000
)

// retryAfter returns how long a far end wants an alert to wait.
func retryAfter(asked time.Duration) time.Duration { return min(asked, maxRetryAfter) }

// longestWait returns the longest time that an alert waits for its next attempt.
func (r *route) longestWait() time.Duration { return max(r.opts.MaxBackoff, maxRetryAfter) }

// setBack returns how far the clock of the store was set back since the record of
// a route was written.
func setBack(r *jobstore.RouteRecord, now int64) int64 {
	if back := r.Seen - now; back > clockStep {
		return back
	}
	return 0
}

// clamp mends the times of a record: they are moved back with the clock, and none
// is further ahead than the longest wait that it can mean. The lease is as long as
// its owner wants it, another process may have other options. It reports whether
// there was anything to mend.
func (r *route) clamp(s *jobstore.RouteRecord, now int64) bool {
	back, before := setBack(s, now), *s
	s.Expires = earlier(s.Expires, back, now+s.Lease)
	s.PausedUntil = earlier(s.PausedUntil, back, now+r.longestWait().Milliseconds())
	s.Rate = earlier(s.Rate, 1000*back, 1000*now+r.opts.Budget.pace().full())
	return back > 0 || s.Expires != before.Expires || s.PausedUntil != before.PausedUntil || s.Rate != before.Rate
}

// earlier moves a time back, and on to the latest that it can be. Zero is no time.
func earlier(at, back, latest int64) int64 {
	if at == 0 {
		return 0
	}
	return max(1, min(at-back, latest))
}

// recall makes jobs due that the clock of the store has moved out of sight, or
// that are due later than any job can be. It costs a walk through all that waits.
func (c *claim) recall(after int64, incidents bool) error {
	if _, err := c.txn.Recall(c.r.number, after); err != nil || !incidents {
		return err
	}
	return c.txn.RecallIncidents(c.r.number)
}

// mend mends the times of the route, if need be.
func (c *claim) mend() error {
	back := setBack(c.record, c.txn.Now())
	c.mended = c.r.clamp(c.record, c.txn.Now())
	if back == 0 {
		return nil
	}
	return c.recall(c.txn.Now(), true)
}

// put keeps the record.
func (c *claim) put() error {
	c.record.Seen = c.txn.Now()
	return c.txn.Put(c.r.number, c.record)
}

// reportMended logs that times were mended.
func (w *worker) reportMended(ctx context.Context) {
	w.log(ctx, slog.LevelWarn, "stored times lay too far ahead, the clock of the store was set back or the budget changed: waits are shorter now")
}
