package outbox

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// keepOpen is how long a problem that a filter let through is followed if nobody
// reports its end: some sources never do.
const keepOpen = 30 * 24 * time.Hour

// watch returns what a filter has to do with an alert that has a Problem, and whether
// it has anything to do with it. An alert that the filter would take with another
// severity follows its problem; one that it takes with none is none of its business.
func (r *route) watch(a alert.Alert, e *jobstore.Entry, passed bool) (w jobstore.Watch, relevant bool) {
	w = jobstore.Watch{
		Route: r.number, Open: jobstore.HashOf("open", r.name, string(e.Problem)), Known: r.knows(e.Event),
		Passed: passed, Resolved: a.Status == alert.Resolved,
	}
	w.Follows = !passed && (w.Resolved || !r.opts.NeverTwice) && r.takesSome(a)
	if w.Passed || w.Follows || !w.Resolved {
		return w, w.Passed || w.Follows
	}
	a.Status = alert.Firing // its end is not told here, and is its end all the same
	return w, r.takesSome(a)
}

// takesSome reports whether the filter takes an alert with any severity.
func (r *route) takesSome(a alert.Alert) bool {
	for a.Severity = alert.Info; a.Severity <= alert.Critical; a.Severity++ {
		if r.opts.Filter(a) {
			return true
		}
	}
	return false
}

// knows returns the event of the route having got an alert by another way than its
// filter.
func (r *route) knows(event jobstore.Hash) jobstore.Hash {
	return jobstore.HashOf("moved", r.name, string(event))
}

// follow returns new entries with the routes on which their problems are open, and
// records which ones they open and end. Those are remembered as events are.
func follow(t jobstore.Txn, fresh []jobstore.Entry) ([]jobstore.Entry, error) {
	asked := make(map[jobstore.Hash]bool)
	for i := range fresh {
		for _, w := range fresh[i].Watches {
			asked[w.Open] = true
		}
	}
	if len(asked) == 0 {
		return fresh, nil
	}
	before, err := t.Remembered(slices.Collect(maps.Keys(asked)))
	if err != nil {
		return nil, err
	}
	open, told := maps.Clone(before), []jobstore.Hash(nil)
	fresh = slices.Clone(fresh) // those of the caller are used again
	for i := range fresh {
		e := &fresh[i]
		for _, w := range e.Watches {
			if w.Follows && open[w.Open] {
				e.Routes, told = append(slices.Clip(e.Routes), w.Route), append(told, w.Known)
			}
			if w.Passed || w.Resolved {
				open[w.Open] = !w.Resolved
			}
		}
	}
	var ended []jobstore.Hash
	for problem, is := range open {
		switch {
		case is && !before[problem]:
			told = append(told, problem)
		case !is && before[problem]:
			ended = append(ended, problem)
		}
	}
	if _, err := t.Remember(told, t.Now()+keepOpen.Milliseconds()); err != nil {
		return nil, err
	}
	return fresh, t.Forget(ended)
}
