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

// patience bounds a wait for what a queue does by itself, in Go's time. It ends
// only one that is in vain.
const patience = time.Minute

// A Queue is what is checked: [autocall.Dispatcher] with any store.
type Queue interface {
	autocall.Queue

	// Run calls the callbacks of the options, until ctx ends.
	Run(ctx context.Context) error
}

// A Backend is where queues keep their calls. It is empty at first.
type Backend struct {
	// Open opens a queue.
	Open func(*autocall.QueueOptions) Queue

	// Shared says that Open may be called several times: each time it returns
	// a queue of its own over the same calls, as another server or the next
	// one after a restart would have.
	Shared bool

	// Advance moves the clock by which the queue goes. If it is nil, that is
	// the clock of Go, which a bubble of testing/synctest moves.
	Advance func(time.Duration)
}

// Run runs all checks, each in parallel and in a backend of its own, which where
// prepares: in a bubble or, if it has an Advance, in none.
func Run(t *testing.T, bubble bool, where func(t *testing.T) Backend) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if bubble {
				synctest.Test(t, func(t *testing.T) { runCheck(t, c, where(t)) })
				return
			}
			runCheck(t, c, where(t))
		})
	}
}

// A check is one property of a queue.
type check struct {
	name string
	run  func(*harness)
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
		{name: "steps", run: checkSteps},
		{name: "silent phone", run: checkLease},
		{name: "phone that never finishes", run: checkDeadline},
		{name: "posts about nothing", run: checkUnknown},
		{name: "posts that repeat", run: checkRepeated},
		{name: "posts that come late", run: checkLate},
		{name: "suspicious posts", run: checkSuspicious},
		{name: "cancel", run: checkCancel},
		{name: "expiry", run: checkExpiry},
		{name: "ring", run: checkRing},
		{name: "notices", run: checkNotices},
		{name: "notices again", run: checkNoticesAgain},
		{name: "phones", run: checkPhones},
		{name: "silence", run: checkSilence},
		{name: "a phone that never polls", run: checkExpected},
		{name: "lists of calls", run: checkList},
		{name: "forgotten calls", run: checkPurge},
		{name: "hostile texts", run: checkTexts},
		{name: "ended context", run: checkContext},
		{name: "one key at once", run: checkOneKey},
		{name: "cancel and answer at once", run: checkRace},
		{name: "crowd", run: checkCrowd},
		{name: "restart", run: checkRestart},
		{name: "two servers", run: checkServers},
	}
}

// runCheck runs one check.
func runCheck(t *testing.T, c check, backend Backend) {
	if backend.Advance == nil {
		backend.Advance = func(d time.Duration) { <-time.After(d) }
	}
	c.run(&harness{T: t, ctx: t.Context(), backend: backend})
}
