package alert

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Bounds of what the Sender of a Ringer remembers.
const (
	maxOutcomes  = 1 << 14 // alerts, and problems
	maxHeld      = 1000    // alerts
	outcomesKept = day
	briefly      = 10 * time.Minute // of alerts without ID, for which a new one may look the same
)

// A RingFunc places one call about alerts, at least one. people has one entry for
// each of those that the Sender was made with: nil for those who may be rung, else why
// not, a *[HeldError]; one entry at least is nil. It returns whose phones may have
// rung, in the same order; nil stands for all who might be if err is nil or
// matches [ErrUncertain], and for nobody otherwise.
type RingFunc func(ctx context.Context, people []error, alerts []Alert) (rang []bool, err error)

// Wrap puts r around a Sender that rings phones, as a [Middleware]. Whom it rings
// is not known: the limits for each person count all its calls as those to one.
func (r *Ringer) Wrap(next Sender) Sender {
	return r.Sender([][]string{{"sender " + rand.Text()}}, func(ctx context.Context, _ []error, alerts []Alert) ([]bool, error) {
		return nil, next.Send(ctx, alerts...)
	})
}

// Sender returns a Sender that rings people, each known by a number, a name, or
// both, through place. place is called once at a time for real alerts, and once
// for tests. The Sender
//
//   - rings at most once about an event: an alert with the Source and ID of one
//     that was told is accepted without a call, and one whose first call has an
//     unknown outcome gets an error that matches [ErrUncertain] and is not
//     retryable, however often it comes. To ring again on purpose, change the ID.
//     Alerts without ID are the same if all they say is, for ten minutes, or until
//     their problem is over; those without Key too are remembered only if the
//     outcome is unknown, or they were held back;
//   - places one call in a window. What comes meanwhile gets a *[HeldError] that
//     tells the rest of the window, and the next call speaks for all of it: who
//     sends such an alert again then learns that it was told. A critical alert
//     rings at once if the call before was about nothing critical;
//   - rings nobody in quiet hours, nobody on the block list, and nobody more often
//     than the limits say. If nobody is left, the error is a *[HeldError].
//
// An alert that is less severe than what its problem rang for within a day rings
// nobody. A Send waits for a call that is being placed, unless ctx is from [Once], and
// for nothing else: whoever sends what is held again when its time has come, as an
// outbox does, loses nothing. The memory is bounded: 16384 events and as many problems,
// each for a day, and 1000 alerts that are held.
func (r *Ringer) Sender(people [][]string, place RingFunc) Sender {
	g := &ringing{Ringer: r, people: func() [][]string { return people }, place: place,
		outcomes: newLedger[ringOutcome](maxOutcomes), rung: newLedger[told](maxOutcomes)}
	for i := range g.lanes {
		g.lanes[i].turn = make(chan struct{}, 1)
	}
	return g
}

// ringing is the Sender of a Ringer.
type ringing struct {
	*Ringer
	people func() [][]string
	place  RingFunc
	lanes  [2]lane // for real alerts, for tests

	state    sync.Mutex
	outcomes *ledger[ringOutcome]
	rung     *ledger[told] // problems, with the severity that was told last
}

// A ringOutcome is how the call about an alert ended.
type ringOutcome struct {
	at        time.Time
	uncertain bool
	brief     bool     // it has no ID
	problem   identity // of what it was about
}

// A lane places one call at a time. All but turn is guarded by ringing.state.
type lane struct {
	turn  chan struct{}
	opens time.Time // no call before
	worst Severity  // that the last call was about
	held  []heldAlert
}

// hold keeps an alert for the next call, once.
func (l *lane) hold(h heldAlert) {
	if len(l.held) < maxHeld && !slices.ContainsFunc(l.held, func(other heldAlert) bool { return other.id == h.id }) {
		l.held = append(l.held, h)
	}
}

// wait returns when the caller may place a call. Under Once it does not wait.
func (l *lane) wait(ctx context.Context) (held *HeldError, err error) {
	select {
	case l.turn <- struct{}{}:
		return nil, nil
	default:
	}
	if IsOnce(ctx) {
		return &HeldError{HeldByWindow, time.Second}, nil
	}
	select {
	case l.turn <- struct{}{}:
		return nil, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("alert: ring: nothing was sent, another call is being placed: %w", ctx.Err())
	}
}

// A heldAlert waits for the next call.
type heldAlert struct {
	Alert
	id    identity
	since time.Time
}

// Send places one call, or none, and says why not.
func (g *ringing) Send(ctx context.Context, alerts ...Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("alert: ring: nothing was sent: %w", err)
	}
	t := &ringTask{g: g, alerts: alerts, errs: make([]error, len(alerts))}
	l := &g.lanes[1]
	if slices.ContainsFunc(alerts, func(a Alert) bool { return !a.Test }) {
		l = &g.lanes[0]
	}
	if !t.plan(l) {
		return t.result()
	}
	if held, err := l.wait(ctx); held != nil {
		t.keep(l, held)
		t.fail(held)
		return t.result()
	} else if err != nil {
		return err
	}
	defer func() { <-l.turn }()
	if !t.plan(l) { // the call before may have told them
		return t.result()
	}
	if people, held := t.ask(l); held != nil {
		t.fail(held)
	} else {
		t.call(ctx, l, people)
	}
	return t.result()
}

// identityOf returns by which an alert is known when it comes again.
func (g *ringing) identityOf(a *Alert) (id identity, brief bool) {
	if a.ID != "" {
		return g.hash.who(a).event, false
	}
	return g.hash.identify(subject{event: true, test: a.Test, source: a.Source, name: fmt.Sprintf("%q",
		[]string{a.Key, a.Status.String(), a.Severity.String(), a.Name, a.Summary, a.Resource, a.Instance, a.StartsAt.UTC().String(), fmt.Sprint(a.Labels)})}), true
}

// named reports whether an alert has an identity that its source gave it.
func named(a *Alert) bool { return a.ID != "" || a.Key != "" }

// known returns how the call about an alert ended, if there was one.
func (g *ringing) known(id identity) (o ringOutcome, ok bool) {
	o, ok = g.outcomes.get(id)
	keep := outcomesKept
	if o.brief {
		keep = briefly
	}
	if ok && time.Since(o.at) >= keep {
		g.outcomes.drop(id)
		return o, false
	}
	return o, ok
}

// settle notes how a call about an alert ended, and reports whether there must be
// no other one: an error that is final although a phone rang is as good as an
// unknown outcome for that.
func (g *ringing) settle(a *Alert, err error, rang, waited bool) (done bool) {
	uncertain := errors.Is(err, ErrUncertain) || err != nil && rang && !Retryable(err)
	switch {
	case err != nil && !uncertain:
		return false
	case err == nil && !waited && !named(a):
		return true
	}
	id, brief := g.identityOf(a)
	problem := g.hash.who(a).problem
	g.outcomes.put(id, ringOutcome{time.Now(), uncertain, brief, problem})
	if problem != (identity{}) && a.Status.Open() {
		g.rung.put(problem, told{at: time.Now(), severity: a.Severity})
	}
	return true
}

// over forgets a problem that is over.
func (g *ringing) over(l *lane, a *Alert) {
	problem := g.hash.who(a).problem
	if a.Status != Resolved || problem == (identity{}) {
		return
	}
	g.rung.drop(problem)
	l.held = slices.DeleteFunc(l.held, func(h heldAlert) bool { return g.hash.who(&h.Alert).problem == problem })
	for id, n := range g.outcomes.known {
		if n.value.brief && n.value.problem == problem {
			g.outcomes.drop(id)
		}
	}
}
