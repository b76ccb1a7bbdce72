package autocall

import (
	"context"
	"crypto/rand"
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

// pick gives a phone the next people of the worst call that waits and may be
// rung about now.
func (d *Dispatcher) pick(ctx context.Context, u *unit, p Phone) (HandOut, error) {
	items, err := u.waiting(sweepLimit)
	if err != nil {
		return HandOut{}, err
	}
	for _, it := range items {
		if places := d.allowed(ctx, u.now(), it); len(places) > 0 {
			it.handOut(u.now(), &d.rules, p.Name, rand.Text(), places)
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

// allowed returns the next people of a call that may be rung now, as many as
// one hand-out may have. Who must be passed over is; a call that must wait is
// set aside.
func (d *Dispatcher) allowed(ctx context.Context, now int64, it *item) (places []int) {
	for it.State == Queued && it.Due <= now && len(places) < d.rules.list {
		place := it.Place + len(places)
		if place == len(it.Call.People) {
			return places
		}
		verdict := d.verdict(ctx, now, it, place)
		switch {
		case verdict == Ring:
			places = append(places, place)
		case len(places) > 0:
			return places // those before may be rung
		case verdict == Skip:
			it.skip(now, "not to be rung")
		default:
			it.Due = now + postponed.Milliseconds()
		}
	}
	return places
}
