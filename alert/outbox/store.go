package outbox

import (
	"context"
	"errors"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// A Store keeps what was accepted until it is delivered. There are two:
// [NewMemoryStore] and [NewSQLStore]. It is safe for concurrent use, by several
// Outboxes too.
type Store struct{ store }

// bytesAtOnce bounds the alerts in one statement and in one batch, but for the
// last one: engines have limits, and so has memory.
const bytesAtOnce = 4 << 20

// A store keeps jobs. All rules stand in Outbox and its workers; a store only
// finds and keeps.
//
// Times are milliseconds of Unix time on the clock of the store.
type store interface {
	// do runs f in a transaction. f may be run again, so it has no effect but on
	// the txn and on variables that it sets anew. What f changed is durable when
	// do returns nil, and undone when it returns an error.
	do(ctx context.Context, f func(txn) error) error

	// locked is do for an f that begins with reserve or lock, and costs less.
	locked(ctx context.Context, f func(txn) error) error

	// accept keeps entries in a quicker way, if the store knows one, and returns
	// how many were new.
	accept(ctx context.Context, entries []entry, window int64) (fresh int, done bool, err error)
}

// A txn is a transaction of a store.
type txn interface {
	now() int64

	// reserve takes the lock of all that accept, until the transaction ends, and
	// returns the first of n numbers that nobody else gets. They are greater
	// than all that were ever given to a transaction that has ended.
	reserve(n int) (first int64, err error)

	// remember adds events, none of them twice in the list, and returns those that
	// were not there. It is called after reserve.
	remember(events []hash, until int64) (fresh map[hash]bool, err error)

	// add keeps jobs. Their numbers come from reserve.
	add([]job) error

	// enroll returns the number of a route, which gets one if it has none. It
	// is called after reserve.
	enroll(name string) (number int64, err error)

	// look returns the record of a route, and lock locks it first until the
	// transaction ends. put keeps one.
	look(route int64) (*routeRecord, error)
	lock(route int64) (*routeRecord, error)
	put(route int64, r *routeRecord) error
	routes() (map[int64]string, error)

	// due, free and before return no more jobs once they have bytesAtOnce of alerts.

	// due returns up to limit jobs of a stage whose time has come, those of
	// laneUrgent first, each lane by number. A job with a Problem is not due while
	// an earlier job of that Problem on the route waits: for its time or, whatever
	// the time, in another stage before stageDead that must come first (see
	// blocks). Of stageReady, a job of laneUrgent is Held if an earlier one of its
	// Problem is in laneRest.
	due(route int64, s stage, limit int) ([]job, error)

	// free returns jobs of stageReady as due does, those of laneUrgent that are not
	// Held.
	free(route int64, limit int) ([]job, error)

	// before returns up to limit jobs of laneRest for whose sake jobs are Held, by
	// number.
	before(route int64, held []job, limit int) ([]job, error)

	// jobs returns those of the jobs that are there, by number.
	jobs(route int64, numbers []int64) ([]job, error)

	// list returns up to limit jobs with a number greater than after, in order:
	// the dead, or all others.
	list(route int64, dead bool, after int64, limit int) ([]job, error)

	// count counts jobs: the dead, or all others.
	count(route int64, dead bool) (n int, oldest int64, err error)

	// change sets what all the jobs named have in common from now on, and adds
	// one to their attempts if tried is set. remove forgets them.
	change(route int64, numbers []int64, c change) (int, error)
	remove(route int64, numbers []int64) (int, error)

	// forget removes up to limit events remembered until before now, and dead
	// jobs of a route that died before a time.
	forgetSeen(limit int) (int, error)
	forgetDead(route, before int64, limit int) (int, error)

	incidentTxn
}

// An incidentTxn is what a transaction knows of incidents. What changes them holds
// the lock of the route at which the alerts of their escalation come in.
type incidentTxn interface {
	// incidents returns those about problems, incidentsDue those whose time has
	// come, the oldest first, incidentsByReference those that a reference leads to,
	// and incidentsAfter those with a greater ID, in order.
	incidents(escalation int64, problems []hash) ([]incident, error)
	incidentsDue(escalation int64, limit int) ([]incident, error)
	incidentsByReference(escalation int64, ref hash) ([]incident, error)
	incidentsAfter(escalation, after int64, limit int) ([]incident, error)

	// putIncidents keeps incidents of one escalation, each instead of the one
	// about its problem. addReferences adds the references that are
	// not there yet.
	putIncidents([]incident) error
	addReferences([]reference) error

	// removeReferences removes the references to incidents.
	removeReferences(incidents []int64) error

	// forgetIncidents removes up to limit incidents whose time is over, and the
	// references to them.
	forgetIncidents(limit int) (int, error)
}

// A stage is where a job stands.
type stage int

// The stages, in the order in which a job may go through them.
const (
	stageReady stage = iota // with others in one message
	stageAlone              // by itself: it was refused together with others
	stageDead
)

// blocks reports whether an earlier job of a Problem keeps a later one from
// being handed over, which is in stage s and due.
func blocks(earlier *job, s stage, now int64) bool {
	switch {
	case earlier.Stage == stageDead:
		return false
	case s == stageAlone || earlier.Stage == stageAlone:
		return true // one by one
	}
	return earlier.Due > now
}

// A lane is how soon a job goes out when much waits.
type lane int

// The lanes.
const (
	laneUrgent lane = iota // first
	laneRest
)

// laneOf returns the lane of an alert. A recovery bears the severity of its
// problem: the all-clear is as urgent.
func laneOf(s alert.Severity) lane {
	if s >= alert.Critical {
		return laneUrgent
	}
	return laneRest
}

// A hash stands for texts that nobody needs to read.
type hash string

// hashOf returns the hash of texts.
func hashOf(texts ...string) hash { return hash(sqldb.Hash(texts...)) }

// A job is one alert on one route.
type job struct {
	Number   int64 // the order of acceptance
	Route    int64
	Problem  hash // of Source and Key; empty without a Key
	Lane     lane
	Held     bool // by an earlier one of laneRest; set by due alone
	Stage    stage
	Due      int64 // of a dead one: when it died
	Accepted int64
	Attempts int
	Cause    Cause
	Error    string
	Doc      []byte
}

// A change is what jobs are set to.
type change struct {
	Stage stage
	Due   int64
	Tried bool // one attempt more
	Fresh bool // no attempts, and accepted now
	Cause Cause
	Error string
}

// A routeRecord is what all workers of a route share.
type routeRecord struct {
	Name                string  `json:"name"`
	Owner               string  `json:"owner,omitempty"`               // who has the lease
	Epoch               int64   `json:"epoch"`                         // counts the owners
	Expires             int64   `json:"expires,omitempty"`             // when the lease ends
	Rate                int64   `json:"rate,omitempty"`                // of the budget, in microseconds: see budget
	PausedUntil         int64   `json:"pausedUntil,omitempty"`         // until when nothing is sent
	ConsecutiveFailures int     `json:"consecutiveFailures,omitempty"` // messages in a row
	Claimed             []int64 `json:"claimed,omitempty"`             // jobs that the owner is sending
}

// errNoRoute says that a route is not in the store any more.
var errNoRoute = errors.New("the store does not know the route any more")
