// Package check turns what repeated looks at something show into alerts: one
// when a problem has lasted for some looks, one when it is over, and one when
// nothing can be seen any more.
//
// A [Monitor] looks, and hands each change to an alert.Sender, best an outbox.
// It keeps in a file what it has said, so that a restart neither says it again
// nor forgets to say that it is over.
package check

import (
	"context"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A Check is one thing to look at.
type Check struct {
	Key      string // identity of the problem, the same after a restart
	Name     string // what it is, for people
	Instance string // where
	Resource string // of what, if there is more to say

	// Look looks once. It returns soon after its context has ended. It is not
	// called again before it has returned.
	Look func(context.Context) Finding
}

// A Finding is what one look showed.
type Finding struct {
	Level Level
	Text  string // for people
}

// A Level says how things stand. The zero value is Unknown: a look that could
// not be made is no good news.
type Level uint8

// The levels.
const (
	Unknown Level = iota
	Good
	Warning
	Critical
)

// A Standing is what was said last about a check. The zero value is that
// nothing was wrong.
type Standing struct {
	Open     bool           `json:"open"`             // a problem, or that nothing is seen
	NoData   bool           `json:"noData,omitempty"` // the last word was that nothing is seen
	Severity alert.Severity `json:"severity"`         // the worst that was said since it is open
	Since    time.Time      `json:"since,omitzero"`   // when it began
}
