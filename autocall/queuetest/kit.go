// Package queuetest checks that a queue of package autocall keeps its word,
// whatever keeps it: from outside, through the methods that phones and callers
// use.
package queuetest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
)

// patience bounds one check. It ends only one that waits for what never comes.
const patience = 5 * time.Minute

// A Queue is what is checked: [autocall.Dispatcher] with any store.
type Queue interface {
	autocall.Queue

	// Run calls the callbacks of the options, until ctx ends.
	Run(ctx context.Context) error
}

// A Kit says how to make the queues to check.
type Kit struct {
	// New prepares a place with nothing in it and returns a function that
	// opens a queue there.
	New func(t *testing.T) (open func(*autocall.QueueOptions) Queue)

	// Shared says that open may be called several times: each time it returns
	// a queue of its own over the same calls, as another server or the next
	// one after a restart would have.
	Shared bool

	// Bubble says that the queue goes by the clock of Go. Each check then runs
	// in a bubble of testing/synctest, and those that take minutes run too.
	Bubble bool
}

// Run runs all checks, each a parallel subtest with a place of its own.
func Run(t *testing.T, k Kit) {
	for _, c := range checks() {
		switch {
		case c.shared && !k.Shared, c.slow && !k.Bubble:
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if k.Bubble {
				synctest.Test(t, func(t *testing.T) { k.examine(t, c) })
				return
			}
			k.examine(t, c)
		})
	}
}

// A check is one property of a queue.
type check struct {
	name   string
	run    func(*exam)
	shared bool // needs Kit.Shared
	slow   bool // takes minutes, so it needs Kit.Bubble
}

// checks returns all checks.
func checks() []check {
	return []check{
		{name: "keys", run: checkKeys},
		{name: "refused calls", run: checkRefused},
		{name: "order", run: checkOrder},
		{name: "one at a time", run: checkSticky},
		{name: "fresh mids", run: checkMids},
		{name: "rounds", run: checkRounds},
		{name: "pause between rounds", run: checkInterval},
		{name: "lists", run: checkLists},
		{name: "steps", run: checkSteps},
		{name: "silent phone", run: checkLease},
		{name: "phone that never finishes", run: checkDeadline},
		{name: "posts about nothing", run: checkUnknown},
		{name: "posts that repeat", run: checkRepeated},
		{name: "posts that come late", run: checkLate},
		{name: "suspicious posts", run: checkSuspicious},
		{name: "cancel", run: checkCancel},
		{name: "expiry", run: checkExpiry},
		{name: "policy", run: checkPolicy},
		{name: "postponed", run: checkPostponed, slow: true},
		{name: "notices", run: checkNotices},
		{name: "notices again", run: checkNoticesAgain, slow: true},
		{name: "phones", run: checkPhones},
		{name: "silence", run: checkSilence},
		{name: "lists of calls", run: checkList},
		{name: "forgotten calls", run: checkPurge},
		{name: "hostile texts", run: checkTexts},
		{name: "ended context", run: checkContext},
		{name: "one key at once", run: checkOneKey},
		{name: "crowd", run: checkCrowd},
		{name: "restart", run: checkRestart, shared: true},
		{name: "two servers", run: checkServers, shared: true},
	}
}

// examine runs one check.
func (k Kit) examine(t *testing.T, c check) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.run(&exam{T: t, ctx: ctx, open: k.New(t), bubble: k.Bubble})
}
