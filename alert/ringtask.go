package alert

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// A ringTask is one attempt to ring about alerts.
type ringTask struct {
	g      *ringing
	alerts []Alert
	errs   []error
	whole  error // if not nil, what counts against all alerts as it is
	fresh  []int // that the call is to tell
	others []heldAlert
	worst  Severity // of the problems among them
}

// plan sorts the alerts, and reports whether there is something to ring about.
func (t *ringTask) plan(l *lane) bool {
	g := t.g
	g.state.Lock()
	defer g.state.Unlock()
	t.fresh, t.worst, t.whole = t.fresh[:0], Info, nil
	rings, tests := false, 0
	for i := range t.alerts {
		a := &t.alerts[i]
		id, _ := g.identityOf(a)
		t.errs[i] = nil
		if a.Test && !g.policy().Tests {
			tests++
			continue
		}
		if o, ok := g.known(id); ok {
			if o.uncertain {
				t.errs[i] = errRungBefore{}
			}
			continue
		}
		t.fresh = append(t.fresh, i)
		g.over(l, a)
		if t.rings(a) {
			rings = true
			if !a.Test || l == &g.lanes[1] { // beside what is real a test has no say
				t.worst = max(t.worst, a.Severity)
			}
		}
	}
	if rings {
		return true
	}
	if tests > 0 {
		g.policy().Logger.Info("no phone rings for tests", slog.Int("tests", tests))
	}
	for _, i := range t.fresh { // so that it rings when it is worse again
		if a := &t.alerts[i]; t.falls(a) {
			g.rung.put(g.hash.who(a).problem, told{at: time.Now(), severity: a.Severity})
		}
	}
	return false
}

// rings reports whether an alert is worth a call by itself.
func (t *ringTask) rings(a *Alert) bool {
	return t.g.policy().Resolved || a.Status.Open() && !t.falls(a)
}

// falls reports whether a problem that rang is less severe now.
func (t *ringTask) falls(a *Alert) bool {
	before, ok := t.g.rung.get(t.g.hash.who(a).problem)
	return ok && a.Status.Open() && a.Severity < before.severity && time.Since(before.at) < day
}

// ask returns who may be rung now, or why nobody may. In that case the next call
// is to speak for the alerts.
func (t *ringTask) ask(l *lane) (people []error, held *HeldError) {
	g, now, test := t.g, time.Now(), l == &t.g.lanes[1]
	defer func() {
		if held != nil {
			t.keep(l, held)
		}
	}()
	g.state.Lock()
	l.held = slices.DeleteFunc(l.held, func(h heldAlert) bool {
		_, told := g.known(h.id) // if it was held once more while a call told it
		return told || now.Sub(h.since) > day
	})
	for i := range l.held {
		t.worst = max(t.worst, l.held[i].Severity)
	}
	left := l.opens.Sub(now)
	if t.worst >= Critical && l.worst < Critical {
		left = 0
	}
	g.state.Unlock()
	if left := g.quiet(now, t.worst); left > 0 {
		return nil, &HeldError{HeldByQuiet, left}
	}
	if left > 0 {
		return nil, &HeldError{HeldByWindow, left}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var soonest *HeldError
	allowed := false
	for _, known := range g.people() {
		why := g.hold(now, test, known)
		if why == nil {
			people, allowed = append(people, nil), true
			continue
		}
		people = append(people, why)
		if soonest == nil || why.Retryable() && (!soonest.Retryable() || why.After < soonest.After) {
			soonest = why
		}
	}
	if allowed {
		return people, nil
	}
	return nil, soonest
}

// keep holds the alerts for the next call.
func (t *ringTask) keep(l *lane, why *HeldError) {
	g := t.g
	g.policy().Logger.Info("alerts held back, no phone rings", slog.Int("alerts", len(t.fresh)),
		slog.String("by", string(why.By)), slog.Duration("after", why.After))
	if !why.Retryable() {
		return
	}
	g.state.Lock()
	defer g.state.Unlock()
	for _, i := range t.fresh {
		a := &t.alerts[i]
		id, _ := g.identityOf(a)
		if t.rings(a) {
			l.hold(heldAlert{a.Clone(), id, time.Now()})
		}
	}
}

// call places the call for the fresh alerts and those that were held.
func (t *ringTask) call(ctx context.Context, l *lane, people []error) {
	g := t.g
	batch := make([]Alert, 0, len(t.fresh))
	given := map[identity]bool{}
	for _, i := range t.fresh {
		id, _ := g.identityOf(&t.alerts[i])
		batch, given[id] = append(batch, t.alerts[i]), true
	}
	g.state.Lock()
	t.others, l.held = slices.DeleteFunc(l.held, func(h heldAlert) bool { return given[h.id] }), nil
	g.state.Unlock()
	for _, h := range t.others {
		batch = append(batch, h.Clone())
	}
	err := error(errRungBefore{}) // if place panics
	rang := make([]bool, len(people))
	for i := range rang {
		rang[i] = people[i] == nil
	}
	defer func() { t.settle(l, batch, rang, err) }()
	said, failed := g.place(ctx, people, batch)
	switch err = failed; {
	case said != nil:
		rang = said
	case err != nil && !errors.Is(err, ErrUncertain):
		clear(rang)
	}
}

// settle notes the outcome of a call.
func (t *ringTask) settle(l *lane, batch []Alert, rang []bool, err error) {
	g, now, test := t.g, time.Now(), l == &t.g.lanes[1]
	g.state.Lock()
	defer g.state.Unlock()
	maybe := slices.Contains(rang, true)
	for k := range batch {
		failed := ErrorAt(err, k, len(batch))
		told := g.settle(&batch[k], failed, maybe, k >= len(t.fresh))
		if k < len(t.fresh) {
			t.errs[t.fresh[k]] = failed
		} else if !told {
			l.hold(t.others[k-len(t.fresh)])
		}
	}
	if _, split := errorAt(err, 0, len(batch)); !split && len(t.fresh) == len(t.alerts) {
		t.whole = err
	}
	if !maybe {
		return
	}
	l.opens, l.worst = now.Add(g.policy().Window), t.worst
	g.mu.Lock()
	defer g.mu.Unlock()
	counted := map[identity]bool{} // who stands twice in the list was rung once
	for i, known := range g.people() {
		if id := g.person(cmp.Or(known...), test); i < len(rang) && rang[i] && !counted[id] {
			counted[id] = true
			g.count(now, test, known)
		}
	}
}

// fail gives all that would ring the same error. The others need no call.
func (t *ringTask) fail(err error) {
	t.g.state.Lock()
	defer t.g.state.Unlock()
	for _, i := range t.fresh {
		if t.rings(&t.alerts[i]) {
			t.errs[i] = err
		}
	}
	if !slices.Contains(t.errs, nil) {
		t.whole = err
	}
}

// result returns the error of the attempt.
func (t *ringTask) result() error {
	if t.whole != nil {
		return t.whole
	}
	return Partial(t.errs)
}
