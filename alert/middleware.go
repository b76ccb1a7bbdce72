package alert

import (
	"context"
	"sync"
)

// maxPassed is how many problems an Only remembers.
const maxPassed = 1 << 16

// Only passes on the alerts of at least the given severity and drops the
// others. Dropped alerts count as accepted.
//
// Where a problem was passed, its end and a fall in its severity pass too,
// whatever their severity: by Source and Key it remembers the severity that was
// told last, until an alert that resolves the problem was accepted. The memory
// is in the process and holds the newest 65536 problems; beyond it, an alert is
// passed by its own severity, which on a resolved one is that of its problem.
// Alerts without Key, News and alerts of an unknown problem are judged by
// severity alone.
//
// Errors of the wrapped Sender are mapped back to the alerts given; alerts that
// all pass reach it as they are.
func Only(least Severity) Middleware {
	return func(next Sender) Sender {
		return &only{next: next, least: least, hash: newHasher(), passed: newLedger[Severity](maxPassed)}
	}
}

// only is the Sender behind Only.
type only struct {
	next  Sender
	least Severity
	hash  hasher

	mu     sync.Mutex
	passed *ledger[Severity] // problems, with the severity that was told last
}

// Send passes on what is to pass.
func (o *only) Send(ctx context.Context, alerts ...Alert) error {
	passing := o.pass(alerts)
	if len(passing) == 0 {
		return nil
	}
	var err error
	if len(passing) == len(alerts) {
		err = o.next.Send(ctx, alerts...)
	} else {
		errs := make([]error, len(alerts))
		spread(errs, passing, o.next.Send(ctx, pick(alerts, passing)...))
		err = Partial(errs)
	}
	o.settle(alerts, passing, err)
	return err
}

// pass returns the indices of the alerts that pass. A problem is noted before it
// is sent: its end may come in while the outcome is not known.
func (o *only) pass(alerts []Alert) []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	passing := make([]int, 0, len(alerts))
	for i := range alerts {
		a := &alerts[i]
		problem := o.hash.who(a).problem
		told, known := o.passed.get(problem)
		switch {
		case a.Severity >= o.least:
			if problem != (identity{}) && a.Status.Open() {
				o.passed.put(problem, a.Severity)
			}
		case !known || a.Status.Open() && a.Severity >= told:
			continue
		}
		passing = append(passing, i)
	}
	return passing
}

// settle forgets the problems that are over, and notes what they have fallen to.
// What failed stays as it was, so that it passes when it is sent again.
func (o *only) settle(alerts []Alert, passing []int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, i := range passing {
		a := &alerts[i]
		problem := o.hash.who(a).problem
		told, known := o.passed.get(problem)
		switch {
		case !known || ErrorAt(err, i, len(alerts)) != nil:
		case !a.Status.Open():
			o.passed.drop(problem)
		case a.Severity < told:
			o.passed.put(problem, a.Severity)
		}
	}
}

// pick returns the alerts at the given indices.
func pick(alerts []Alert, indices []int) []Alert {
	picked := make([]Alert, len(indices))
	for k, i := range indices {
		picked[k] = alerts[i]
	}
	return picked
}

// spread writes what err, the result of sending the alerts at the given
// indices, means for each of them into errs.
func spread(errs []error, indices []int, err error) {
	if err == nil {
		return
	}
	for k, i := range indices {
		errs[i] = ErrorAt(err, k, len(indices))
	}
}
