// Package storetest checks that an outbox keeps its word, whatever keeps its
// alerts: from outside, through the methods that everybody uses.
package storetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A Backend is where alerts are kept. It is empty at first.
type Backend struct {
	// Open returns a store over the backend. If Shared is set it may be called
	// several times, and each store is as one in another process would be; else
	// it is called once.
	Open   func() *outbox.Store
	Shared bool

	// Advance moves the clock of the store. If it is nil, that is the clock of
	// Go, which a bubble of testing/synctest moves.
	Advance func(time.Duration)

	// Vanish removes the rows of all routes, as an operator may. It may be nil.
	Vanish func()
}

// Run runs all checks, each in parallel and in a backend of its own, which where
// prepares: in a bubble of testing/synctest or, if the backend has an Advance, in
// none.
func Run(t *testing.T, bubble bool, where func(t *testing.T) Backend) {
	t.Helper()
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

// A check is one property.
type check struct {
	name string
	run  func(*harness)
}

// checks returns all checks.
func checks() []check {
	return []check{
		{"delivery", checkDelivery},
		{"batches", checkBatches},
		{"survives a restart", checkRestart},
		{"hostile texts", checkTexts},
		{"accept once", checkOnce},
		{"accept once, together", checkOnceTogether},
		{"window", checkWindow},
		{"crowd", checkCrowd},
		{"filter", checkFilter},
		{"filter, followed problems", checkFollowed},
		{"filter, followed where it was moved", checkFollowedMoved},
		{"order of a key", checkKeyOrder},
		{"poison, in a key", checkPoisonInKey},
		{"suspects, in order", checkSuspectsInOrder},
		{"too old", checkMaxAge},
		{"critical first", checkUrgent},
		{"critical first, in order of a key", checkUrgentInOrder},
		{"critical first, after a long history", checkUrgentHistory},
		{"critical first, again", checkUrgentAgain},
		{"storms", checkStorms},
		{"large alerts", checkLarge},
		{"budget", checkBudget},
		{"lease", checkLease},
		{"stale worker", checkStale},
		{"died in the middle", checkDied},
		{"died in the middle, never twice", checkDiedNeverTwice},
		{"died of an alert", checkCrashed},
		{"requeue and drop", checkRequeue},
		{"counts", checkCounts},
		{"old dead letters", checkKeepDead},
		{"what waits", checkPending},
		{"what waits, claimed", checkPendingClaimed},
		{"what waits, moved", checkMove},
		{"what waits, of nobody", checkUnconfigured},
		{"old numbers", checkOldNumbers},
		{"paused", checkPause},
		{"many", checkMany},
		{"vanished route", checkVanished},
		{"vanished route, while sending", checkVanishedSending},
		{"vanished route, of a worker that died", checkVanishedDead},
		{"vanished route, made anew", checkOrphans},
		{"ended context", checkContext},
		{"escalation", checkEscalation},
		{"escalation, taken by link", checkTaken},
		{"escalation, ended", checkEnded},
		{"escalation, restart", checkEscalationRestart},
		{"escalation, shared", checkEscalationShared},
		{"escalation, forgotten", checkForgotten},
	}
}

// runCheck runs one check.
func runCheck(t *testing.T, c check, backend Backend) {
	t.Helper()
	if backend.Advance == nil {
		backend.Advance = func(d time.Duration) { <-time.After(d) }
	}
	x := &harness{T: t, ctx: t.Context(), backend: backend, store: backend.Open()}
	c.run(x)
}
