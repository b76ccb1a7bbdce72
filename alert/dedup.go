package alert

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Dedup drops alerts that the wrapped Sender accepted already, within the
// window before now. Dropped are
//
//   - an event delivered twice: its Source and ID were accepted, even if the
//     problem has changed its state in between;
//   - a problem told twice: an alert with its Source and Key was accepted, in the
//     same Status and with at least the same Severity. An alert in another
//     Status ends what is remembered of the Key, also if it fails.
//
// Use it behind a source that says the same thing again and again under new
// identities or under none: a check that runs every minute, an exporter or an
// Alertmanager that sends everything anew. It must not stand where a source tells
// each event once, as CloudMonitor does, which repeats only what failed, with the
// same ID: there, two events of one Key within the window may be two problems that
// the Key does not tell apart, and the second would be lost. An outbox drops
// equal IDs, and nothing else.
//
// An alert with neither Key nor ID is never dropped. A dropped alert counts as
// accepted and does not prolong the window of its Key.
//
// Only what was accepted is remembered, alert by alert ([ErrorAt]), so a
// failed alert may be sent again at once. A copy of an alert still under way
// in another call waits for its outcome, and is sent itself if that was a
// failure; while it waits it honours ctx. Copies within one call share the
// outcome of the first.
//
// Each wrapped Sender has a memory of its own: wrap the branches of a [Fanout]
// and not the whole. The memory lives in the process, is safe for concurrent
// use, runs no goroutine, and holds what was accepted within one window: about
// 120 bytes for each Key and each ID, however long they are, until the window
// has passed. A window of zero or less switches Dedup off.
func Dedup(window time.Duration) Middleware {
	return func(next Sender) Sender {
		if window <= 0 {
			return next
		}
		return &dedup{next: next, memory: newMemory(window)}
	}
}

// dedup is the Sender behind Dedup.
type dedup struct {
	next   Sender
	memory *memory
}

// Send works in rounds, of which all but contended calls need one: send what
// is new, then wait for the copies that other calls have under way, then begin
// again with those that failed there. Sending before waiting is what keeps
// two calls that carry each other's copies from waiting for ever.
func (d *dedup) Send(ctx context.Context, alerts ...Alert) error {
	var errs []error
	for todo := every(len(alerts)); len(todo) > 0; {
		p := d.memory.plan(alerts, todo)
		if len(p.send) == len(alerts) {
			return d.attempt(ctx, p, alerts, alerts)
		}
		if errs == nil {
			errs = make([]error, len(alerts))
		}
		if len(p.send) > 0 {
			spread(errs, p.send, d.attempt(ctx, p, alerts, pick(alerts, p.send)))
		}
		for _, c := range p.copies {
			errs[c.index] = errs[p.send[c.place]]
		}
		todo = p.held
		for _, w := range p.waits {
			if !w.settled(ctx) {
				errs[w.index] = fmt.Errorf("alert: dedup: waiting for an earlier copy: %w", ctx.Err())
			} else if w.round.at(w.place) == nil {
				d.memory.remember(&alerts[w.index])
			} else {
				todo = append(todo, w.index)
			}
		}
		slices.Sort(todo)
	}
	return Partial(errs)
}

// attempt sends the new alerts of a plan and settles what became of them: as
// a failure, so that no copy waits for ever, if the wrapped Sender panics.
func (d *dedup) attempt(ctx context.Context, p *plan, alerts, fresh []Alert) error {
	p.round.err = errUnsettled{}
	defer d.memory.settle(p, alerts)
	p.round.err = d.next.Send(ctx, fresh...)
	return p.round.err
}

// settled waits for the other call and reports false if ctx ended first.
func (w wait) settled(ctx context.Context) bool {
	select {
	case <-w.round.done:
		return true
	default:
	}
	select {
	case <-w.round.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// every returns the indices 0 to n-1.
func every(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// errUnsettled is the outcome of a Send that did not return. Only waiting
// copies see it, and they go on by themselves.
type errUnsettled struct{}

// Error states the fact.
func (errUnsettled) Error() string { return "alert: dedup: the wrapped sender did not return" }
