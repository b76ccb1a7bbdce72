package alert

import "time"

// A queue holds the entries that were accepted, in order of time. They are
// linked to each other, so that one that is accepted again or replaced leaves
// its place at once, and an entry takes no memory beside its own.
type queue struct {
	first, last *entry
}

// add puts e, which is in no queue, at the end.
func (q *queue) add(e *entry, now time.Duration) {
	e.accepted, e.at = true, now
	e.before = q.last
	if q.last == nil {
		q.first = e
	} else {
		q.last.after = e
	}
	q.last = e
}

// remove takes e out, if it is in. It forgets its neighbours, or each entry
// would keep alive those that left before it.
func (q *queue) remove(e *entry) {
	if !e.accepted {
		return
	}
	if e.before == nil {
		q.first = e.after
	} else {
		e.before.after = e.after
	}
	if e.after == nil {
		q.last = e.before
	} else {
		e.after.before = e.before
	}
	e.accepted, e.before, e.after = false, nil, nil
}
