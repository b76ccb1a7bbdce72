package autocall

import (
	"context"
	"errors"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
)

// A unit is one transaction of a Dispatcher, and what is to be said about it
// once it is committed.
type unit struct {
	txn

	noticed bool // a notice was made
	records []record
}

// errPhoneName refuses a phone that no Handler lets in.
var errPhoneName = errors.New("the name of the phone is not UTF-8")

// A record is an entry for the log.
type record struct {
	call  string
	entry Entry
}

// settle keeps an item after a transition, and a notice if it has just ended.
func (u *unit) settle(it *item) error {
	if it.news() {
		if err := u.tell(notice{Kind: string(it.State), Subject: it.ID}); err != nil {
			return err
		}
		u.noticed = true
	}
	for _, e := range it.fresh {
		u.records = append(u.records, record{it.ID, e})
	}
	it.fresh = nil
	return u.put(it)
}

// sweep settles what time has brought about, and reports whether there may be
// more.
func (u *unit) sweep() (more bool, err error) {
	items, err := u.overdue(sweepLimit)
	if err != nil {
		return false, err
	}
	for _, it := range items {
		if it.overdue(u.now()) {
			if err := u.settle(it); err != nil {
				return false, err
			}
		}
	}
	return len(items) == sweepLimit, nil
}

// hear notes that a phone is alive. The app names its model only when it polls.
func (u *unit) hear(p Phone) error {
	if !utf8.ValidString(p.Name) { // JSON would keep another one, and the phone lose what it has
		return errPhoneName
	}
	before, err := u.see(p.Name, p.Model)
	if err != nil {
		return err
	}
	forgotten := p.Model == "" && before.Model != ""
	if !before.Told && !before.Expected && !forgotten {
		return nil
	}
	if forgotten {
		p.Model = before.Model
	}
	return u.putPhone(phoneRecord{Name: p.Name, Model: p.Model, Seen: u.now()})
}

// storeTime bounds a transaction, so that a connection that swallows everything
// holds up nobody for ever.
const storeTime = 10 * time.Second

// do runs f in a transaction, names the operation in its error, and logs what
// was done.
func (d *Dispatcher) do(ctx context.Context, op string, f func(*unit) error) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: op, Err: err}
	}
	var u *unit
	limited, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err := d.store.do(limited, func(t txn) error {
		u = &unit{txn: t}
		return f(u)
	})
	if err != nil {
		return &Error{Op: op, Err: err, begun: !errors.Is(err, ErrUnknownCall)}
	}
	if u.noticed {
		select {
		case d.wake <- struct{}{}:
		default: // it is awake
		}
	}
	for _, r := range u.records {
		d.log(ctx, r)
	}
	return nil
}

// log writes an entry of an audit trail.
func (d *Dispatcher) log(ctx context.Context, r record) {
	e := r.entry
	level := slog.LevelInfo
	switch e.Event {
	case EventLost, EventSkipped, EventHeld, EventLate, EventSuspicious, EventExhausted, EventExpired:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("call", r.call), slog.String("state", string(e.State)), slog.Int("round", e.Round)}
	for _, a := range [...]struct{ key, value string }{{"phone", e.Phone}, {"number", e.Number}, {"cause", e.Cause}} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	d.opts.Logger.LogAttrs(ctx, level, "call "+string(e.Event), attrs...)
}

// clamp returns s as one of the severities that there are.
func clamp(s alert.Severity) alert.Severity { return min(max(s, alert.Info), alert.Critical) }
