// Package jobstore keeps the jobs of an outbox, and the incidents of escalations,
// in memory or in a database. Packages outbox and escalate stand on it.
package jobstore

import (
	"context"
	"errors"
)

// bytesAtOnce bounds the alerts in one statement and in one batch, but for the
// last one: engines have limits, and so has memory.
const bytesAtOnce = 4 << 20

// A Store keeps jobs. All rules stand in package outbox and its workers; a store
// only finds and keeps. It is safe for concurrent use, by several outboxes too.
//
// Times are milliseconds of Unix time on the clock of the store.
type Store interface {
	// Do runs f in a transaction. f may be run again, so it has no effect but on
	// the Txn and on variables that it sets anew. What f changed is durable when
	// Do returns nil, and undone when it returns an error.
	Do(ctx context.Context, f func(Txn) error) error

	// Locked is Do for an f that begins with Reserve or Lock, and costs less.
	Locked(ctx context.Context, f func(Txn) error) error
}

// A Txn is a transaction of a store.
type Txn interface {
	Now() int64

	// Reserve takes the lock of all that accept, until the transaction ends, and
	// returns the first of n numbers that nobody else gets. They are greater
	// than all that were ever given to a transaction that has ended. The error is
	// ErrNoRoute if one of the routes is not there.
	Reserve(n int, routes ...int64) (first int64, err error)

	// Remember adds events, none of them twice in the list, and returns those that
	// were not there. It is called after Reserve.
	Remember(events []Hash, until int64) (fresh map[Hash]bool, err error)

	// Remembered returns which of some events are there, and Forget removes them.
	Remembered(events []Hash) (map[Hash]bool, error)
	Forget(events []Hash) error

	// Add keeps jobs. Their numbers come from Reserve.
	Add([]Job) error

	// Enroll returns the number of a route, which gets one if it has none. It
	// is called after Reserve.
	Enroll(name string) (number int64, err error)

	// Restore adds a route that has vanished, with its old number, so that its jobs
	// are its own again. Nobody claims them for a time, in which a worker may come
	// back from what it had claimed before; see Vanished. The error is ErrRenumbered
	// if the name has another number by now. It reports whether the route was gone.
	Restore(number int64, name string, until int64) (gone bool, err error)

	// Look returns the record of a route, and Lock locks it first until the
	// transaction ends. Put keeps one. Their errors match ErrNoRoute and
	// ErrUnreadable. Routes leaves out what cannot be read.
	Look(route int64) (*RouteRecord, error)
	Lock(route int64) (*RouteRecord, error)
	Put(route int64, r *RouteRecord) error
	Routes() (map[int64]string, error)

	// Orphans returns the numbers of routes that have jobs and are not there.
	Orphans() ([]int64, error)

	// Due, Free and Before return no more jobs once they have bytesAtOnce of alerts.

	// Due returns up to limit jobs whose time has come, those of LaneUrgent first,
	// each lane by number. A job with a Problem is not due while an earlier job of
	// that Problem on the route waits for its time (see blocks). A job of LaneUrgent
	// is Held if an earlier one of its Problem is in LaneRest.
	Due(route int64, limit int) ([]Job, error)

	// Free returns jobs as Due does, those of LaneUrgent that are not Held.
	Free(route int64, limit int) ([]Job, error)

	// Before returns up to limit jobs of LaneRest for whose sake jobs are Held, by
	// number.
	Before(route int64, held []Job, limit int) ([]Job, error)

	// Jobs returns those of the jobs that are there, by number.
	Jobs(route int64, numbers []int64) ([]Job, error)

	// List returns up to limit jobs with a number greater than after, in order:
	// the dead, or all others.
	List(route int64, dead bool, after int64, limit int) ([]Job, error)

	// Count counts the jobs of a stage, as far as it is quick, after Look. Tally counts
	// up to limit jobs more of each lane, for all that count after it, and reports
	// whether there are more.
	Count(route int64, s Stage) (Count, error)
	Tally(route int64, limit int) (more bool, err error)

	// Size returns the bytes that the store takes, on SQLite without what is free in
	// its file, 0 if it does not know.
	Size() (int64, error)

	// Change sets what all the jobs named have in common from now on, and counts
	// what happened to them. Remove forgets jobs that wait, and RemoveDead dead ones.
	Change(route int64, numbers []int64, c Change) (int, error)
	Remove(route int64, numbers []int64) (int, error)
	RemoveDead(route int64, numbers []int64) (int, error)

	// Recall makes jobs due now that are not dead and due after a time, and
	// RecallIncidents the incidents that are due later than now.
	Recall(route, after int64) (int, error)
	RecallIncidents(escalation int64) error

	// Move gives jobs to another route, as if they were accepted now, in their old
	// place of the order.
	Move(route int64, numbers []int64, to int64) (int, error)

	// ForgetSeen removes up to limit events remembered until before now, and
	// ForgetDead dead jobs of a route that died before a time.
	ForgetSeen(limit int) (int, error)
	ForgetDead(route, before int64, limit int) (int, error)

	IncidentTxn
}

// An IncidentTxn is what a transaction knows of incidents. What changes them holds
// the lock of the route at which the alerts of their escalation come in.
type IncidentTxn interface {
	// Incidents returns those about problems, IncidentsDue those whose time has
	// come, the oldest first, IncidentsByReference those that a reference leads to,
	// and IncidentsAfter those with a greater ID, in order.
	Incidents(escalation int64, problems []Hash) ([]Incident, error)
	IncidentsDue(escalation int64, limit int) ([]Incident, error)
	IncidentsByReference(escalation int64, ref Hash) ([]Incident, error)
	IncidentsAfter(escalation, after int64, limit int) ([]Incident, error)

	// PutIncidents keeps incidents of one escalation, each instead of the one
	// about its problem. AddReferences adds the references that are
	// not there yet.
	PutIncidents([]Incident) error
	AddReferences([]Reference) error

	// ForgetIncidents removes up to limit incidents whose time is over, and the
	// references to them.
	ForgetIncidents(limit int) (int, error)
}

// Vanished is the owner of a route that was restored, until its lease ends.
const Vanished = "vanished"

// A Count is how many jobs of a stage a route has.
type Count struct {
	Jobs    int
	AtLeast bool  // there are more
	Oldest  int64 // when the first was accepted, of those with the smallest numbers
}

// add adds the jobs of a lane.
func (c *Count) add(n int, oldest int64, atLeast bool) {
	c.Jobs, c.AtLeast = c.Jobs+n, c.AtLeast || atLeast
	if oldest > 0 && (c.Oldest == 0 || oldest < c.Oldest) {
		c.Oldest = oldest
	}
}

// Limits of Count, in jobs of each lane.
const (
	maxCount = 2000 // that Tally has not counted
	oldestOf = 100  // of which the oldest is looked for
)

var (
	// ErrUnreadable says that what stands in the store for a route is no record.
	ErrUnreadable = errors.New("the record of the route cannot be read")

	// ErrNoRoute says that a route is not in the store any more.
	ErrNoRoute = errors.New("the store does not know the route any more")

	// ErrRenumbered says that a route has vanished and was made anew.
	ErrRenumbered = errors.New("the route has vanished from the store and another process has made it anew: restart this one")
)
