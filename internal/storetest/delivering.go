package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A classify is a far end with an opinion.
type classify struct {
	refuse func([]alert.Alert) error

	mu       sync.Mutex
	calls    [][]string
	accepted []string
}

func (j *classify) Send(_ context.Context, alerts ...alert.Alert) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, names(alerts))
	err := j.refuse(alerts)
	for i, n := range names(alerts) {
		if alert.ErrorAt(err, i, len(alerts)) == nil {
			j.accepted = append(j.accepted, n)
		}
	}
	return err
}

func (j *classify) names() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.accepted)
}

// accepts makes it take everything.
func (j *classify) accepts() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.refuse = func([]alert.Alert) error { return nil }
}

// A Key whose alert must wait waits as a whole; others pass.
func checkKeyOrder(x *harness) {
	var far alerttest.Recorder
	far.FailEach(fault{again: true, after: time.Hour}, nil)
	b := x.box(&far, nil)
	firing := about("disk", "firing")
	x.must(b.Send(x.ctx, append(firing, some("other")...)...))
	x.run(b)
	x.failed(b)
	resolved := about("disk", "resolved")
	resolved[0].Status = alert.Resolved
	x.must(b.Send(x.ctx, append(resolved, about("cpu", "more")...)...)) // another Key
	x.until("the others", func() bool { return len(far.Accepted()) == 2 })
	x.someTime()
	x.equal("delivered", names(far.Accepted()), []string{"other", "more"})
	x.backend.Advance(time.Hour + time.Minute)
	x.settles(b)
	calls := far.Calls()
	x.equal("the pair", names(calls[len(calls)-1]), []string{"firing", "resolved"})
}

// Alerts of one Key that failed together keep their order too, and those that come
// after them wait.
func checkSuspectsInOrder(x *harness) {
	var far alerttest.Recorder
	far.Fail(fault{}) // all of them
	far.Fail(fault{again: true})
	b := x.box(&far, &outbox.RouteOptions{Backoff: time.Hour, MaxBackoff: time.Hour})
	x.must(b.Send(x.ctx, about("disk", "first", "second")...))
	x.run(b)
	x.until("the first one to be tried alone", func() bool { return b.Stats().Routes[route].Retried == 3 })
	x.must(b.Send(x.ctx, about("disk", "third")...))
	x.someTime()
	if n := len(far.Calls()); n != 2 {
		x.Fatalf("%d messages, and wanted 2", n)
	}
	for range 21 { // the route pauses for half of the time at most
		x.backend.Advance(3 * time.Minute)
		x.someTime()
	}
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"first", "second", "third"})
}

func checkMaxAge(x *harness) {
	var far alerttest.Recorder
	far.Fail(fault{again: true, after: 2 * time.Hour})
	b := x.box(&far, &outbox.RouteOptions{MaxAge: time.Hour, Batch: 2})
	x.must(b.Send(x.ctx, some("a", "b", "c", "d", "e")...))
	x.run(b)
	x.failed(b)
	x.backend.Advance(2*time.Hour + time.Minute)
	x.must(b.Send(x.ctx, some("young")...))
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"young"})
	list := x.dead(b, outbox.Expired, "a", "b", "c", "d", "e")
	if list[0].Error != (fault{}).Error() || list[4].Error != "" {
		x.Fatalf("the error of the last attempt is kept: %q and %q", list[0].Error, list[4].Error)
	}
}

func checkBudget(x *harness) {
	var far alerttest.Recorder
	o := &outbox.RouteOptions{Budget: outbox.Budget{Messages: 4, Per: time.Hour}, Batch: 10} // 1 at once, then one per 15 min
	b := x.box(&far, o)
	x.must(b.Send(x.ctx, some("a")...))
	stop := x.run(b)
	x.settles(b)
	x.must(b.Send(x.ctx, some("b")...))
	x.must(b.Send(x.ctx, some("c")...))
	x.someTime()
	stop()
	other := x.boxOver(x.other(), &far, o) // has no budget of its own
	x.run(other)
	x.someTime()
	x.equal("delivered", names(far.Accepted()), []string{"a"})
	x.backend.Advance(15*time.Minute + time.Second)
	x.settles(other)
	if calls := far.Calls(); len(calls) != 2 {
		x.Fatalf("%d messages, want one of what has gathered", len(calls))
	}
}
