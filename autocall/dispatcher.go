package autocall

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// sweepLimit bounds how many items one transaction settles or looks at.
const sweepLimit = 50

// postponed is how long a call is set aside that a [Policy] does not want rung
// now.
const postponed = time.Minute

// A Dispatcher is the Queue over a store: it finds the item that a request is
// about, applies a transition and keeps the result, in one transaction. Run
// does what no request brings about.
type Dispatcher struct {
	store store
	rules rules
	opts  QueueOptions  // with defaults
	news  chan struct{} // holds something when a notice was made: wakes Run
}

var _ Queue = (*Dispatcher)(nil)

// Enqueue adds a call.
func (d *Dispatcher) Enqueue(ctx context.Context, c Call) (id string, joined bool, err error) {
	c, err = c.checked()
	if err != nil {
		return "", false, &Error{Op: "enqueue", Err: err, final: true}
	}
	err = d.do(ctx, "enqueue", func(t txn) error {
		id, joined = rand.Text(), false
		if c.Key != "" {
			open, err := t.byKey(c.Key)
			if err != nil {
				return err
			}
			if open != nil && open.overdue(t.now()) { // nobody polls, so nobody has seen it expire
				if err := d.settle(t, open); err != nil {
					return err
				}
			}
			if open != nil && open.State.Open() {
				id, joined = open.ID, true
				return nil
			}
		}
		return t.put(newItem(id, c, t.now()))
	})
	return id, joined, err
}

// Next returns what a phone is to ring.
func (d *Dispatcher) Next(ctx context.Context, p Phone) (out HandOut, err error) {
	err = d.do(ctx, "next", func(t txn) error {
		out = HandOut{}
		if err := d.hear(t, p); err != nil {
			return err
		}
		if err := d.sweep(t); err != nil {
			return err
		}
		held, err := t.held(p.Name)
		if err != nil {
			return err
		}
		if held == nil {
			out, err = d.pick(t, p)
			return err
		}
		if held.again(t.now(), &d.rules) {
			out = held.out()
		}
		return t.put(held)
	})
	return out, err
}

// hear notes that a phone is alive.
func (d *Dispatcher) hear(t txn, p Phone) error {
	before, err := t.see(p.Name, p.Model)
	if err != nil || !before.Told {
		return err
	}
	before.Told, before.Seen, before.Model = false, t.now(), p.Model
	return t.putPhone(before)
}

// pick gives a phone the first person of the worst call that waits.
func (d *Dispatcher) pick(t txn, p Phone) (HandOut, error) {
	items, err := t.waiting(sweepLimit)
	if err != nil {
		return HandOut{}, err
	}
	for _, it := range items {
		places := d.allowed(t, it)
		if len(places) > 0 {
			it.handOut(t.now(), &d.rules, p.Name, rand.Text(), places)
		}
		if err := d.settle(t, it); err != nil {
			return HandOut{}, err
		}
		if it.Hand != nil {
			return it.out(), nil
		}
	}
	return HandOut{}, nil
}

// allowed returns the next people of a call that may be rung now. Those that
// may never be are passed over; a call that must wait is set aside.
func (d *Dispatcher) allowed(t txn, it *item) []int {
	for it.State == Queued && it.Due <= t.now() {
		places := it.people(&d.rules)
		for n, place := range places {
			switch verdict := d.verdict(t, it, place); {
			case verdict == Ring:
			case n > 0:
				return places[:n]
			case verdict == Never:
				it.skip(t.now(), place, "on the list of numbers not to ring")
				places = nil
			default:
				it.Due = t.now() + postponed.Milliseconds()
				return nil
			}
			if places == nil {
				break
			}
		}
		if places != nil {
			return places
		}
	}
	return nil
}

// verdict asks the policy about the person at a place.
func (d *Dispatcher) verdict(t txn, it *item, place int) Verdict {
	if d.opts.Policy == nil {
		return Ring
	}
	return d.opts.Policy(time.UnixMilli(t.now()), it.Call.Severity, it.Call.People[place])
}

// Answer takes the outcome that a phone tells.
func (d *Dispatcher) Answer(ctx context.Context, o Outcome) (r Receipt, err error) {
	err = d.do(ctx, "answer", func(t txn) error {
		r = Receipt{}
		if _, err := t.see(o.Phone.Name, o.Phone.Model); err != nil {
			return err
		}
		it, err := t.byMid(o.Mid)
		if err != nil || it == nil {
			return err
		}
		before := len(it.Audit)
		it.post(t.now(), o.Mid, o.Number)
		r.Call = it.ID
		if before < len(it.Audit) {
			r.Event = it.Audit[before].Event
		} else {
			r.Event = EventIgnored
		}
		return d.settle(t, it)
	})
	return r, err
}

// Cancel ends an open call.
func (d *Dispatcher) Cancel(ctx context.Context, id, cause string) (was bool, err error) {
	err = d.do(ctx, "cancel", func(t txn) error {
		it, err := t.byID(id)
		if err != nil {
			return err
		}
		if it == nil {
			return ErrUnknownCall
		}
		if was = it.cancel(t.now(), oneLine(cause, maxName)); !was {
			return nil
		}
		return t.put(it)
	})
	return was, err
}

// CancelKey ends the open call with a key.
func (d *Dispatcher) CancelKey(ctx context.Context, key, cause string) (id string, err error) {
	if key == "" {
		return "", nil
	}
	err = d.do(ctx, "cancel", func(t txn) error {
		id = ""
		it, err := t.byKey(key)
		if err != nil || it == nil || !it.cancel(t.now(), oneLine(cause, maxName)) {
			return err
		}
		id = it.ID
		return t.put(it)
	})
	return id, err
}

// Get returns one call.
func (d *Dispatcher) Get(ctx context.Context, id string) (s Status, err error) {
	err = d.do(ctx, "get", func(t txn) error {
		it, err := t.byID(id)
		if err != nil {
			return err
		}
		if it == nil {
			return ErrUnknownCall
		}
		s = it.status()
		return nil
	})
	return s, err
}

// List returns the newest calls.
func (d *Dispatcher) List(ctx context.Context, openOnly bool, limit int) (all []Status, err error) {
	err = d.do(ctx, "list", func(t txn) error {
		items, err := t.list(openOnly, limit)
		all = make([]Status, 0, len(items))
		for _, it := range items {
			all = append(all, it.status())
		}
		return err
	})
	return all, err
}

// Phones returns all phones.
func (d *Dispatcher) Phones(ctx context.Context) (all []PhoneStatus, err error) {
	err = d.do(ctx, "phones", func(t txn) error {
		records, err := t.phones()
		if err != nil {
			return err
		}
		all = make([]PhoneStatus, 0, len(records))
		for _, r := range records {
			held, err := t.held(r.Name)
			if err != nil {
				return err
			}
			s := PhoneStatus{Name: r.Name, Model: r.Model, Seen: time.UnixMilli(r.Seen), Silent: d.isSilent(t, r)}
			if held != nil {
				s.Call = held.ID
			}
			all = append(all, s)
		}
		return nil
	})
	return all, err
}

// sweep settles what time has brought about.
func (d *Dispatcher) sweep(t txn) error {
	items, err := t.overdue(sweepLimit)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.overdue(t.now()) {
			if err := d.settle(t, it); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle keeps an item after a transition, and a notice if it has just ended.
func (d *Dispatcher) settle(t txn, it *item) error {
	if it.news() {
		if err := t.tell(notice{Kind: string(it.State), Subject: it.ID}); err != nil {
			return err
		}
	}
	return t.put(it)
}

// do runs f in a transaction and names the operation in its error.
func (d *Dispatcher) do(ctx context.Context, op string, f func(txn) error) error {
	if err := d.store.do(ctx, f); err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

// isSilent reports whether a phone has not been heard of for longer than a
// call takes.
func (d *Dispatcher) isSilent(t txn, r phoneRecord) bool {
	return t.now()-r.Seen > max(3*d.opts.PollInterval, 2*d.opts.Lease).Milliseconds()
}

// oneLine returns s as one clean line of at most limit bytes, with a visible
// mark where it was cut.
func oneLine(s string, limit int) string {
	w := markup.Writer{Mark: "…"}
	w.Line(s, limit)
	return string(w.Buf)
}
