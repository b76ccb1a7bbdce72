package autocall

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/tocsin-go/tocsin/alert"
)

// Next returns what a phone is to ring, see [Queue].
func (d *Dispatcher) Next(ctx context.Context, p Phone) (out HandOut, err error) {
	err = d.do(ctx, "next", func(u *unit) (err error) {
		out = HandOut{}
		if err := u.hear(p); err != nil {
			return err
		}
		if _, err := u.sweep(); err != nil {
			return err
		}
		held, err := u.held(p.Name)
		if err == nil && held != nil && held.clamp(u.now(), 0, &d.rules) {
			err = u.settle(held)
		}
		switch {
		case err != nil:
			return err
		case held == nil:
			out, err = d.pick(ctx, u, p)
			return err
		case held.busy(u.now()):
			return nil
		case held.State.Open():
			if held.again(u.now(), &d.rules) {
				out = held.out()
			}
			return u.settle(held)
		}
		held.release()
		if err := u.settle(held); err != nil {
			return err
		}
		out, err = d.pick(ctx, u, p)
		return err
	})
	return out, err
}

// pick gives a phone the next person of the worst call that waits and may be
// rung about now.
func (d *Dispatcher) pick(ctx context.Context, u *unit, p Phone) (HandOut, error) {
	items, err := u.waiting(sweepLimit)
	if err != nil {
		return HandOut{}, err
	}
	for _, it := range items {
		if d.allow(u.now(), it) {
			it.handOut(u.now(), &d.rules, p.Name, rand.Text())
		}
		if err := u.settle(it); err != nil {
			return HandOut{}, err
		}
		if it.State == Ringing {
			return it.out(), nil
		}
	}
	return HandOut{}, nil
}

// allow goes on to the next person who may be rung. Who is blocked is passed over,
// and so is who was rung too often if somebody else may be; if nobody may be now,
// the call waits.
func (d *Dispatcher) allow(now int64, it *item) bool {
	for it.State == Queued && it.Due <= now {
		var soonest *alert.HeldError
		for place := it.Place; place < len(it.Call.People); place++ {
			p := it.Call.People[place]
			why, held := errors.AsType[*alert.HeldError](d.opts.Ring.Allow(it.Call.Severity, it.Call.Test, p.Number, p.Name))
			if !held {
				for it.Place < place {
					it.skip(now, string(alert.HeldByLimit))
				}
				return true
			}
			if why.By == alert.HeldByBlock && place == it.Place {
				break
			}
			if why.Retryable() && (soonest == nil || why.After < soonest.After) {
				soonest = why
			}
		}
		if soonest == nil {
			it.skip(now, string(alert.HeldByBlock))
			continue
		}
		it.hold(now, soonest)
	}
	return false
}
