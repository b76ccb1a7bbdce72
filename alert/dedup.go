package alert

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Dedup drops alerts that the wrapped Sender accepted already, within the
// window before now. Dropped are
//
//   - an event delivered twice: its Source and ID were accepted, even if the
//     problem has changed its state in between;
//   - a problem told twice: an alert with its Source and Key was accepted, in the
//     same Status and with at least the same Severity. An alert in another
//     Status ends what is remembered of the Key, also if it fails. News is told
//     by its ID alone: its Key is that of no problem.
//
// A test and a real alert are never taken for each other.
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
// 150 bytes for each Key and each ID, however long they are, until the window
// has passed. A window of zero or less switches Dedup off.
func Dedup(window time.Duration) Middleware {
	return func(next Sender) Sender {
		if window <= 0 {
			return next
		}
		return &dedup{
			next: next, window: window, hash: newHasher(),
			accepted: newLedger[told](math.MaxInt), flights: make(map[identity]*flight),
		}
	}
}

// dedup is the Sender behind Dedup.
type dedup struct {
	next   Sender
	window time.Duration
	hash   hasher

	mu       sync.Mutex
	accepted *ledger[told]        // within the window
	flights  map[identity]*flight // under way
}

// told is what was accepted: an event, or a problem in its Status and greatest
// Severity.
type told struct {
	at       time.Time
	status   Status
	severity Severity
}

// A flight is an identity of which a copy is under way. A problem that changes its
// Status gets a new one, so that late news about the old one finds nobody.
type flight struct {
	round    *round
	place    int
	status   Status
	severity Severity
}

// A round is one call to the wrapped Sender, and what the other alerts of its caller
// wait for. err may be read once done is closed.
type round struct {
	done   chan struct{}
	err    error
	send   []int     // new: send them, in this order
	claims []claim   // flights that wait for the outcome of send
	waits  []waiting // copies of what other calls have under way
	copies [][2]int  // copies of an alert in send, and its place
	behind []int     // behind a waiting alert with the same Key
}

// A claim ties a flight to the place in a round that decides about it.
type claim struct {
	id     identity
	flight *flight
	place  int
	told   told
}

// A waiting alert shares the outcome of a place in another round.
type waiting struct {
	index, place int
	round        *round
}

// at returns the outcome of the alert at the given place.
func (r *round) at(place int) error { return ErrorAt(r.err, place, len(r.send)) }

// Send works in rounds, of which all but contended calls need one: send what
// is new, then wait for the copies that other calls have under way, then begin
// again with those that failed there. Sending before waiting is what keeps
// two calls that carry each other's copies from waiting for ever.
func (d *dedup) Send(ctx context.Context, alerts ...Alert) error {
	errs := make([]error, len(alerts))
	for todo := every(len(alerts)); len(todo) > 0; {
		r := d.plan(alerts, todo)
		if len(r.send) == len(alerts) {
			return d.attempt(ctx, r, alerts, alerts)
		}
		if len(r.send) > 0 {
			spread(errs, r.send, d.attempt(ctx, r, alerts, pick(alerts, r.send)))
		}
		for _, c := range r.copies {
			errs[c[0]] = errs[r.send[c[1]]]
		}
		todo = r.behind
		for _, w := range r.waits {
			select {
			case <-w.round.done:
				if w.round.at(w.place) != nil {
					todo = append(todo, w.index)
				} else {
					d.remember(&alerts[w.index])
				}
			case <-ctx.Done():
				errs[w.index] = fmt.Errorf("alert: dedup: waiting for an earlier copy: %w", ctx.Err())
			}
		}
		slices.Sort(todo)
	}
	return Partial(errs)
}

// plan sorts the alerts at the given indices into a round and marks those to send
// as under way. What it does not mention is dropped.
func (d *dedup) plan(alerts []Alert, todo []int) *round {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.accepted.expire(func(t told) bool { return now.Sub(t.at) >= d.window })
	r := &round{done: make(chan struct{}), send: make([]int, 0, len(todo))}
	keys := map[string]bool{} // whose order a wait must not upset
	for _, i := range todo {
		a := &alerts[i]
		ids := d.hash.who(a)
		known, f := d.find(a, ids)
		switch {
		case known:
			d.learn(a, ids, now)
		case f != nil && f.round == r:
			r.copies = append(r.copies, [2]int{i, f.place})
		case a.Key != "" && keys[a.Key]:
			r.behind = append(r.behind, i)
		case f != nil:
			r.waits = append(r.waits, waiting{i, f.place, f.round})
			keys[a.Key] = true
		default:
			d.claim(r, a, ids)
			r.send = append(r.send, i)
		}
	}
	return r
}

// find reports whether a was accepted already; if not, it returns the flight of a
// copy, or nil.
func (d *dedup) find(a *Alert, ids identities) (known bool, f *flight) {
	if a.ID != "" {
		if _, known = d.accepted.get(ids.event); known {
			return true, nil
		}
		if f = d.flights[ids.event]; f != nil {
			return false, f
		}
	}
	if t, ok := d.accepted.get(ids.problem); ok && t.status == a.Status && t.severity >= a.Severity {
		return true, nil
	}
	if f = d.flights[ids.problem]; f != nil && f.status == a.Status && f.severity >= a.Severity {
		return false, f
	}
	return false, nil
}

// claim marks a as under way at the next place of r.
func (d *dedup) claim(r *round, a *Alert, ids identities) {
	place := len(r.send)
	if a.ID != "" {
		d.flights[ids.event] = &flight{round: r, place: place}
		r.claims = append(r.claims, claim{id: ids.event, flight: d.flights[ids.event], place: place})
	}
	if ids.problem == (identity{}) {
		return
	}
	if t, ok := d.accepted.get(ids.problem); ok && t.status != a.Status {
		d.accepted.drop(ids.problem)
	}
	f := d.flights[ids.problem]
	if f == nil || f.status != a.Status {
		f = &flight{status: a.Status}
		d.flights[ids.problem] = f
	}
	f.round, f.place, f.severity = r, place, a.Severity
	r.claims = append(r.claims, claim{ids.problem, f, place, told{status: a.Status, severity: a.Severity}})
}

// attempt sends the new alerts of a round and settles the outcome of them: as
// a failure, so that no copy waits for ever, if the wrapped Sender panics.
func (d *dedup) attempt(ctx context.Context, r *round, alerts, fresh []Alert) error {
	r.err = errUnsettled{}
	defer d.settle(r, alerts)
	r.err = d.next.Send(ctx, fresh...)
	return r.err
}

// settle records the outcome of a round and lets the waiting calls go on.
func (d *dedup) settle(r *round, alerts []Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer close(r.done)
	now := time.Now()
	for _, c := range r.claims {
		if d.flights[c.id] != c.flight {
			continue // the problem has changed its Status meanwhile
		}
		if r.at(c.place) == nil {
			c.told.at = now
			if before, ok := d.accepted.get(c.id); ok {
				c.told.severity = max(c.told.severity, before.severity)
			}
			d.accepted.put(c.id, c.told)
		}
		if c.flight.round == r {
			delete(d.flights, c.id)
		}
	}
	for _, c := range r.copies {
		if a := &alerts[c[0]]; r.at(c[1]) == nil {
			d.learn(a, d.hash.who(a), now)
		}
	}
}

// remember takes note of an event that was accepted by way of its copy.
func (d *dedup) remember(a *Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.learn(a, d.hash.who(a), time.Now())
}

// learn does the work of remember. Without it, the event delivered again
// after its problem has changed its Status would look new.
func (d *dedup) learn(a *Alert, ids identities, now time.Time) {
	if a.ID == "" || d.flights[ids.event] != nil {
		return
	}
	if _, known := d.accepted.get(ids.event); !known {
		d.accepted.put(ids.event, told{at: now})
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
