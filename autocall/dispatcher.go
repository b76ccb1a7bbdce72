package autocall

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

const (
	// sweepLimit bounds how many items one transaction settles or looks at.
	sweepLimit = 50

	defaultLimit = 100  // of List
	maxLimit     = 1000 // of List
)

// A Dispatcher is the [Queue] over a store: it finds the item that a request is
// about, applies a transition and keeps the result, in one transaction. Its
// [Dispatcher.Run] does what no request brings about.
type Dispatcher struct {
	store store
	rules rules
	opts  QueueOptions  // with defaults
	wake  chan struct{} // holds something when a notice was made
}

var _ Queue = (*Dispatcher)(nil)

// Enqueue adds a call, or joins the open one with its Key, see [Queue]. If the
// open one is less severe, it gets the severity and the message of c and need
// not wait any more. People whom it does not have are added to it; if they are too
// many the error is final.
//
// A call that is wrong in itself gives an *[Error] that is not retryable. After
// an error that matches alert.ErrUncertain nobody knows whether the call
// was added. With a Key it is retryable, and repeating it does no harm; without
// one it is not.
func (d *Dispatcher) Enqueue(ctx context.Context, c Call) (id string, joined bool, err error) {
	c, err = c.checked()
	if err != nil {
		return "", false, &Error{Op: "enqueue", Err: err, final: true}
	}
	var crowded error
	err = d.do(ctx, "enqueue", func(u *unit) error {
		id, joined, crowded = rand.Text(), false, nil
		open, err := u.openByKey(c.Key)
		switch {
		case err != nil:
			return err
		case open == nil:
			return u.settle(newItem(id, c, u.now()))
		}
		id, joined = open.ID, true
		if err := open.join(u.now(), c); err != nil {
			crowded = err
			return nil
		}
		return u.settle(open)
	})
	if crowded != nil {
		return "", false, &Error{Op: "enqueue", Err: fmt.Errorf("the open call with this key: %w", crowded), final: true}
	}
	if err != nil {
		return "", false, uncertain(err, c.Key == "")
	}
	return id, joined, nil
}

// openByKey returns the open item with a key, or nil. One whose time is over is
// none, though nobody has polled and noticed that.
func (u *unit) openByKey(key string) (*item, error) {
	if key == "" {
		return nil, nil
	}
	it, err := u.byKey(key)
	if err != nil || it == nil || !it.overdue(u.now()) {
		return it, err
	}
	if err := u.settle(it); err != nil || !it.State.Open() {
		return nil, err
	}
	return it, nil
}

// Answer takes the outcome that a phone tells, see [Queue].
func (d *Dispatcher) Answer(ctx context.Context, o Outcome) (r Receipt, err error) {
	err = d.do(ctx, "answer", func(u *unit) error {
		r = Receipt{}
		if err := u.hear(o.Phone); err != nil {
			return err
		}
		it, err := u.byMid(o.Mid)
		if err != nil || it == nil || it.byMid(o.Mid) == nil { // the last: a document that somebody has changed
			return err
		}
		r = Receipt{Call: it.ID, Event: EventIgnored} // if the trail is full
		it.post(u.now(), o.Phone.Name, o.Mid, phone.Bare(o.Number))
		if len(it.fresh) > 0 {
			r.Event = it.fresh[0].Event
		}
		return u.settle(it)
	})
	return r, err
}

// Cancel ends an open call, see [Queue]. The cause goes into the audit trail,
// in at most 128 bytes and with the numbers of the call masked.
func (d *Dispatcher) Cancel(ctx context.Context, id, cause string) (was bool, err error) {
	err = d.do(ctx, "cancel", func(u *unit) error {
		was = false
		it, err := u.find(id)
		if err != nil {
			return err
		}
		if was = it.cancel(u.now(), it.clean(cause)); !was {
			return nil
		}
		return u.settle(it)
	})
	return was, err
}

// CancelKey ends the open call with a key, see [Queue].
func (d *Dispatcher) CancelKey(ctx context.Context, key, cause string) (id string, err error) {
	err = d.do(ctx, "cancel", func(u *unit) error {
		id = ""
		it, err := u.openByKey(key)
		if err != nil || it == nil {
			return err
		}
		id = it.ID
		it.cancel(u.now(), it.clean(cause))
		return u.settle(it)
	})
	return id, err
}

// clean returns a cause as the trail may show it.
func (it *item) clean(cause string) string {
	// The cut comes last, lest half a number stays.
	return markup.OneLine(redact(markup.OneLine(cause, 64*maxName), it.Call.People), maxName)
}

// Get returns one call, see [Queue].
func (d *Dispatcher) Get(ctx context.Context, id string) (s Status, err error) {
	err = d.do(ctx, "get", func(u *unit) error {
		it, err := u.find(id)
		if err == nil {
			s = it.status()
		}
		return err
	})
	return s, err
}

// find returns the item with an id, or ErrUnknownCall.
func (u *unit) find(id string) (*item, error) {
	it, err := u.byID(id)
	if err == nil && it == nil {
		err = ErrUnknownCall
	}
	return it, err
}

// List returns the newest calls, see [Queue]: at most 1000, and 100 if the
// limit is zero or less.
func (d *Dispatcher) List(ctx context.Context, openOnly bool, limit int) (all []Status, err error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	err = d.do(ctx, "list", func(u *unit) error {
		items, err := u.list(openOnly, min(limit, maxLimit))
		all = make([]Status, 0, len(items))
		for _, it := range items {
			all = append(all, it.status())
		}
		return err
	})
	return all, err
}

// Phones returns all phones, see [Queue].
func (d *Dispatcher) Phones(ctx context.Context) (all []PhoneStatus, err error) {
	err = d.do(ctx, "phones", func(u *unit) error {
		records, err := u.phones()
		all = make([]PhoneStatus, 0, len(records))
		for _, r := range records {
			s, failure := d.phoneStatus(u, r)
			if failure != nil {
				return failure
			}
			all = append(all, s)
		}
		return err
	})
	return all, err
}

// phoneStatus returns what callers may know of a phone.
func (d *Dispatcher) phoneStatus(u *unit, r phoneRecord) (PhoneStatus, error) {
	s := PhoneStatus{Name: r.Name, Model: r.Model, Silent: d.silent(u.now(), r)}
	if !r.Expected {
		s.Seen = time.UnixMilli(r.Seen)
	}
	held, err := u.held(r.Name)
	if err == nil && held != nil && held.State.Open() {
		s.Call = held.ID
	}
	return s, err
}

// silent reports whether a phone has not been heard of for longer than a call
// takes: the lease is longer than that, and twice the lease leaves room for a
// call right after another one.
func (d *Dispatcher) silent(now int64, r phoneRecord) bool {
	return now-r.Seen > max(3*d.opts.PollInterval, 2*d.opts.Lease).Milliseconds()
}
