package autocall

import (
	"context"
	"log/slog"
	"math"
	"time"
)

// clockStep is how far a clock may go back, in milliseconds, without being taken
// for one that was set.
const clockStep = 1000

// maxHold is the longest time for which a call is held: a day of quiet hours with
// an hour that comes twice.
const maxHold = 25 * time.Hour

// clamp mends the times of an item: they are moved back with a clock that was set
// back, and none is further ahead than the longest wait that it can mean. It reports
// whether there was anything to mend.
func (it *item) clamp(now, back int64, r *rules) (mended bool) {
	earlier := func(at *int64, longest int64) {
		if latest := min(*at-back, now+longest); *at != 0 && *at > latest {
			*at, mended = latest, true
		}
	}
	var held time.Duration
	if it.Held != 0 {
		held = maxHold
	}
	earlier(&it.Due, max(it.Call.Interval, held).Milliseconds())
	earlier(&it.Held, held.Milliseconds())
	earlier(&it.Expires, (it.Call.Expiry + held).Milliseconds())
	if h := it.Hand; h != nil {
		earlier(&h.Lease, r.lease.Milliseconds())
		earlier(&h.Deadline, r.deadline.Milliseconds())
		earlier(&h.Quiet, r.stepDelay.Milliseconds())
		earlier(&h.Busy, max(callTime, r.stepDelay).Milliseconds())
	}
	return mended
}

// mend mends all times if the clock was set back. If nobody has looked at it for
// long, as before a start, it mends those that mean nothing.
func (d *Dispatcher) mend(ctx context.Context, always bool) error {
	back, calls := int64(0), 0
	err := d.do(ctx, "mend", func(u *unit) (err error) {
		calls = 0
		if back, err = u.rewind(always); err != nil || back == 0 && !always {
			return err
		}
		open, err := u.list(true, math.MaxInt32)
		if err != nil {
			return err
		}
		for _, it := range open {
			if it.clamp(u.now(), back, &d.rules) {
				calls++
				if err := u.settle(it); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && (back > 0 || calls > 0) {
		d.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "the clock of the database was set back, waits are shorter now", slog.Int("calls", calls))
	}
	return err
}
