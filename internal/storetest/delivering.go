package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// quick are options with which a retry comes at once.
func quick() *outbox.RouteOptions {
	return &outbox.RouteOptions{Backoff: 4 * poll, MaxBackoff: 4 * poll}
}

func checkRetry(x *harness) {
	var far alerttest.Recorder
	far.Fail(errors.New("unknown errors may pass"))
	far.Fail(fault{again: true})
	far.Fail(fault{again: true, unsure: true}) // a chat may hear it twice
	b := x.box(&far, quick())
	x.must(b.Send(x.ctx, some("a")...))
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"a"})
	x.until("the figures", func() bool {
		return b.Stats().Routes[route] == outbox.RouteStats{Messages: 4, Delivered: 1, Retried: 3}
	})
}

func checkPartial(x *harness) {
	var far alerttest.Recorder
	far.FailEach(nil, fault{again: true}, nil, fault{})
	b := x.box(&far, quick())
	x.must(b.Send(x.ctx, some("a", "again", "c", "refused")...))
	far.Next(func(_ context.Context, alerts ...alert.Alert) error {
		if alerts[0].Name == "refused" {
			return fault{}
		}
		return nil
	}, func(_ context.Context, alerts ...alert.Alert) error {
		if alerts[0].Name == "refused" {
			return fault{}
		}
		return nil
	})
	x.run(b)
	x.settles(b)
	accepted := names(far.Accepted())
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"a", "again", "c"})
	dead := x.dead(b, outbox.Refused, "refused")[0]
	if dead.Error != (fault{}).Error() || dead.Attempts != 2 {
		x.Fatalf("dead letter %+v", dead)
	}
}

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

func checkOnePerKey(x *harness) {
	var far alerttest.Recorder
	far.FailEach(fault{again: true}, nil)
	o := quick()
	o.OnePerKey = true
	b := x.box(&far, o)
	x.must(b.Send(x.ctx, append(about("disk", "firing", "resolved"), some("other")...)...))
	x.run(b)
	x.settles(b)
	var calls []string
	for _, call := range far.Calls() {
		calls = append(calls, fmt.Sprint(names(call)))
	}
	x.equal("messages", calls, []string{"[firing other]", "[firing]", "[resolved]"})
}

// The last word about a Key is the last one, also if a message was accepted only
// in its later part.
func checkLatePart(x *harness) {
	var far alerttest.Recorder
	far.FailEach(fault{again: true}, nil, nil)
	b := x.box(&far, quick())
	x.must(b.Send(x.ctx, append(about("disk", "firing", "resolved"), some("other")...)...))
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"resolved", "other", "firing", "resolved"})
}

func checkUncertain(x *harness) {
	var far alerttest.Recorder
	far.Fail(fault{unsure: true}) // the channel forbids another attempt
	b := x.box(&far, quick())
	x.must(b.Send(x.ctx, some("a")...))
	stop := x.run(b)
	x.settles(b)
	x.dead(b, outbox.Uncertain, "a")
	stop()

	far.Fail(fault{unsure: true})
	o := quick()
	o.Resend = true
	told := x.box(&far, o)
	x.must(told.Send(x.ctx, some("b")...))
	x.run(told)
	x.settles(told)
	x.equal("delivered", names(far.Accepted()), []string{"b"})
}

func checkNeverTwice(x *harness) {
	var far alerttest.Recorder
	far.FailEach(fault{again: true}, fault{again: true, unsure: true}, nil, fault{again: true}, nil, fault{again: true}, nil, nil)
	o := quick()
	o.NeverTwice = true
	b := x.box(&far, o)
	alerts := append(some("again", "unsure", "fine"), about("disk", "firing", "resolved")...)
	alerts = append(alerts, about("net", "late", "news", "test")...) // of which the last two say nothing about the first
	alerts[6].Status, alerts[7].Test = alert.News, true
	x.must(b.Send(x.ctx, alerts...))
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"fine", "resolved", "news", "test", "again", "late"})
	list, err := b.Dead(x.ctx, route, 0, 10)
	x.must(err)
	var got []string
	for _, l := range list {
		got = append(got, l.Alert.Name+" "+string(l.Cause))
	}
	x.equal("dead", got, []string{"unsure uncertain", "firing overtaken"})
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

// A far end that asks for a pause gets it, from all alerts.
func checkRetryAfter(x *harness) {
	var far alerttest.Recorder
	far.Fail(fault{again: true, after: 10 * time.Minute})
	b := x.box(&far, quick())
	x.must(b.Send(x.ctx, some("a")...))
	x.run(b)
	x.failed(b)
	x.must(b.Send(x.ctx, some("b")...))
	x.someTime()
	if n := len(far.Calls()); n != 1 {
		x.Fatalf("%d messages before the pause is over", n)
	}
	x.backend.Advance(10*time.Minute + time.Second)
	x.settles(b)
	x.equal("second message", names(far.Calls()[1]), []string{"a", "b"})
}
