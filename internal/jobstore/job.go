package jobstore

import (
	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// A Stage is where a job stands.
type Stage int

// The stages.
const (
	StageReady Stage = iota
	StageDead
)

// blocks reports whether an earlier job of a Problem keeps a later one, which is
// due, from being handed over.
func blocks(earlier *Job, now int64) bool { return earlier.Stage != StageDead && earlier.Due > now }

// A Lane is how soon a job goes out when much waits.
type Lane int

// The lanes.
const (
	LaneUrgent Lane = iota // first
	LaneRest
)

// LaneOf returns the lane of an alert. A recovery bears the severity of its
// problem: the all-clear is as urgent.
func LaneOf(s alert.Severity) Lane {
	if s >= alert.Critical {
		return LaneUrgent
	}
	return LaneRest
}

// A Hash stands for texts that nobody needs to read.
type Hash string

// unique returns each of the hashes once.
func unique(list []Hash) []Hash {
	seen, once := make(map[Hash]bool, len(list)), make([]Hash, 0, len(list))
	for _, h := range list {
		if !seen[h] {
			seen[h], once = true, append(once, h)
		}
	}
	return once
}

// HashOf returns the hash of texts.
func HashOf(texts ...string) Hash { return Hash(sqldb.Hash(texts...)) }

// A Job is one alert on one route.
type Job struct {
	Number   int64 // the order of acceptance
	Route    int64
	Problem  Hash // of Source and Key; empty without a Key
	Lane     Lane
	Held     bool // by an earlier one of LaneRest; set by Due alone
	Stage    Stage
	Due      int64 // of a dead one: when it died
	Accepted int64
	Attempts int
	Limit    int // most alerts in its message, as it failed with others; 0: no limit
	Crashes  int // attempts from which the worker did not come back
	Cause    string
	Error    string
	Doc      []byte
}

// A Change is what jobs are set to.
type Change struct {
	Stage   Stage
	Due     int64
	Limit   int
	Tried   bool // one attempt more
	Crashed bool // one crash more
	Fresh   bool // no attempts, no crashes, and accepted now
	Cause   string
	Error   string
}

// ones returns 1 for true.
func ones(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A RouteRecord is what all workers of a route share.
type RouteRecord struct {
	Name                string  `json:"name"`
	Owner               string  `json:"owner,omitempty"`               // who has the lease
	Epoch               int64   `json:"epoch"`                         // counts the owners
	Lease               int64   `json:"lease,omitempty"`               // how long the owner takes it for
	Expires             int64   `json:"expires,omitempty"`             // when the lease ends
	Seen                int64   `json:"seen,omitempty"`                // when a worker last wrote this
	Rate                int64   `json:"rate,omitempty"`                // of the budget, in microseconds: see budget
	Stopped             bool    `json:"stopped,omitempty"`             // an operator wants nothing to be sent
	Sent                int64   `json:"sent,omitempty"`                // when the last message was claimed
	PausedUntil         int64   `json:"pausedUntil,omitempty"`         // until when nothing is sent
	ConsecutiveFailures int     `json:"consecutiveFailures,omitempty"` // messages in a row
	Delivered           int64   `json:"delivered,omitempty"`           // when a message was accepted last
	Probe               bool    `json:"probe,omitempty"`               // the next message is a single alert
	Forgiven            int64   `json:"forgiven,omitempty"`            // the Limit of what failed before counts no more
	Claimed             []int64 `json:"claimed,omitempty"`             // jobs that the owner is sending
}

// An Incident is what an escalation knows of one problem.
type Incident struct {
	ID         int64 // greater than those of all jobs before it
	Escalation int64 // the route at which its alerts come in
	Problem    Hash
	Due        int64 // when there is something to do
	Until      int64 // when it is forgotten
	Doc        []byte
}

// A Reference leads from what a message was known by to an incident.
type Reference struct {
	Ref      Hash
	Incident int64
}
