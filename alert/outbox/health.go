package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	stalledAfter  = 5 * time.Minute  // without a message, though something is due
	unleasedAfter = 15 * time.Second // without a worker, likewise
)

// unhealthy is an answer of Health, for a person.
type unhealthy struct {
	text string
	err  error // why; may be nil
}

func (e *unhealthy) Error() string { return e.text }
func (e *unhealthy) Unwrap() error { return e.err }

// Health reports whether alerts are accepted and delivered, or says in one line what
// is wrong. It is nil if
//
//   - the store takes a write, which Health tries, and is not full, see [ErrFull];
//   - every route on which something is due has a worker, in this process or in
//     another, and sent a message in the last five minutes, whatever its outcome: a
//     destination that is down is not the outbox's ill health;
//   - no Sender of this process hangs beyond its timeout.
//
// Paused routes count as healthy. A route without a worker is given 15 seconds, and
// all that was before Open does not count. The text holds names of routes and
// nothing of the store's own words, which errors.Unwrap of it gives.
func (o *Outbox) Health(ctx context.Context) error {
	err := o.tryWrite(ctx)
	if errors.Is(err, jobstore.ErrNoRoute) {
		if err = o.restore(ctx); err == nil {
			err = o.tryWrite(ctx)
		}
	}
	if err != nil {
		return &Error{Op: "health", Err: &unhealthy{"no alert can be accepted, the store does not take a write", err}}
	}
	if err := o.room(ctx); err != nil {
		return &Error{Op: "health", Err: &unhealthy{"no alert can be accepted: " + err.Error(), err}}
	}
	for name, s := range o.Stats().Routes {
		if !s.StuckSince.IsZero() {
			return &Error{Op: "health", Err: &unhealthy{text: fmt.Sprintf("the sender of route %q has hung since %s", name, s.StuckSince.UTC().Format(time.RFC3339))}}
		}
	}
	var verdict error
	err = o.store.Do(ctx, func(t jobstore.Txn) (err error) {
		verdict, err = o.checkRoutes(t)
		return err
	})
	if err != nil {
		return &Error{Op: "health", Err: &unhealthy{"the store cannot be read", err}}
	}
	if verdict != nil {
		return &Error{Op: "health", Err: verdict}
	}
	return nil
}

// tryWrite writes to the store and commits, as accepting an alert does.
func (o *Outbox) tryWrite(ctx context.Context) error {
	if _, err := o.enrolled(ctx); err != nil {
		return err
	}
	return o.store.Locked(ctx, func(t jobstore.Txn) error {
		_, err := o.reserve(t, 1)
		return err
	})
}

// checkRoutes returns what is wrong with a route.
func (o *Outbox) checkRoutes(t jobstore.Txn) (verdict, err error) {
	o.mu.Lock()
	routes := o.routes
	o.mu.Unlock()
	for _, r := range routes {
		record, err := t.Look(r.number)
		if err != nil {
			return nil, err
		}
		if record.Stopped {
			continue
		}
		due, err := t.Due(r.number, 1)
		if err != nil {
			return nil, err
		}
		if len(due) == 0 {
			continue
		}
		// It could have gone out since then, but for the budget of the route.
		since := max(due[0].Due, record.Sent, record.PausedUntil)
		idle := time.Duration(t.Now()-since-r.opts.Budget.pace().wait(record.Rate, since)) * time.Millisecond
		unleased := time.Duration(t.Now()-max(since, record.Expires)) * time.Millisecond
		idle, unleased = min(idle, time.Since(o.opened)), min(unleased, time.Since(o.opened))
		switch {
		case record.Expires <= t.Now() && unleased > max(unleasedAfter, 5*o.opts.Poll):
			return &unhealthy{text: fmt.Sprintf("nobody delivers to route %q, on which alerts wait", r.name)}, nil
		case idle > max(stalledAfter, 2*o.opts.Lease):
			return &unhealthy{text: fmt.Sprintf("route %q has not moved for %v, and alerts wait", r.name, idle.Truncate(time.Second))}, nil
		}
	}
	return nil, nil
}
