package relaying

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// repeatWindow is how long a problem that is told once more is not news. It is
// short, because a rule that still holds is reported anew after a while, and
// that report must get through.
const repeatWindow = 2 * time.Minute

// intake is what callbacks are given to. It accepts an event once: by its Source
// and ID the outbox knows for a day what CloudMonitor repeats, over all relays
// and restarts.
//
// A problem may also be told twice as two events, when two rules watch the same
// thing. Dedup drops the second by its Key, as long as one relay sees all of
// them. Behind a shared database it does not know what the others have accepted:
// it would take a problem that comes back for a copy if the recovery came by
// another relay. There both are told.
func (r *relay) intake() alert.Sender {
	if r.config.db.Shared() {
		return r.remarkRepeats(r.box)
	}
	return r.remarkRepeats(alert.Chain(r.box, alert.Dedup(repeatWindow), noteUse))
}

// usedKey marks, in a context, the flag that noteUse sets.
type usedKey struct{}

// noteUse is behind Dedup: what gets here was not dropped.
func noteUse(next alert.Sender) alert.Sender {
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if used, ok := ctx.Value(usedKey{}).(*atomic.Bool); ok {
			used.Store(true)
		}
		return next.Send(ctx, alerts...)
	})
}

// remarkRepeats says in the log that something was accepted before and is not
// delivered again, which would puzzle whoever repeats a test by hand.
func (r *relay) remarkRepeats(next alert.Sender) alert.Sender {
	var told atomic.Int64 // of what the outbox has recognised
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		var used atomic.Bool
		used.Store(r.config.db.Shared())
		err := next.Send(context.WithValue(ctx, usedKey{}, &used), alerts...)
		if grew(&told, r.box.Stats().Repeated) || err == nil && len(alerts) > 0 && !used.Load() {
			r.log.Info("a repeat: accepted before, not delivered again")
		}
		return err
	})
}

// grew raises a counter to now and reports whether it was less.
func grew(counter *atomic.Int64, now int64) bool {
	for old := counter.Load(); now > old; old = counter.Load() {
		if counter.CompareAndSwap(old, now) {
			return true
		}
	}
	return false
}
