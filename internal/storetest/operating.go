package storetest

import (
	"errors"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// change returns a function that checks a Change and an error.
func (x *harness) change(what string, want outbox.Change) func(outbox.Change, error) {
	return func(got outbox.Change, err error) {
		x.Helper()
		if err != nil || got != want {
			x.Fatalf("%s: %+v, %v; want %+v", what, got, err, want)
		}
	}
}

// waiting returns the names of what waits on a route.
func (x *harness) waiting(b *outbox.Outbox, on string) (all []string, numbers []int64) {
	x.Helper()
	list, err := b.Pending(x.ctx, on, 0, 500)
	x.must(err)
	for i := range list {
		all, numbers = append(all, list[i].Alert.Name), append(numbers, list[i].Number)
	}
	return all, numbers
}

// What waits is dropped or ended, by number or by age.
func checkPending(x *harness) {
	b := x.box(new(alerttest.Recorder), nil)
	x.must(b.Send(x.ctx, some("a", "b", "c")...))
	_, numbers := x.waiting(b, route)
	x.backend.Advance(time.Hour)
	x.must(b.Send(x.ctx, some("d", "e", "f")...))
	old := outbox.Selection{OlderThan: 30 * time.Minute}
	x.change("drop by number", outbox.Change{Alerts: 1})(b.DropPending(x.ctx, route, outbox.Selection{Numbers: []int64{numbers[1], numbers[1] + 1<<40}}))
	x.change("expire by age", outbox.Change{Alerts: 2})(b.ExpirePending(x.ctx, route, old))
	x.change("expire by age again", outbox.Change{})(b.ExpirePending(x.ctx, route, old))
	dead := x.dead(b, outbox.Expired, "a", "c")
	x.change("drop of a dead one", outbox.Change{})(b.DropPending(x.ctx, route, outbox.Selection{Numbers: []int64{dead[0].Number}}))
	left, _ := x.waiting(b, route)
	x.equal("left", left, []string{"d", "e", "f"})
	x.must(b.Send(x.ctx, some(numbered(450)...)...))
	x.change("drop of all", outbox.Change{Alerts: 453})(b.DropPending(x.ctx, route, outbox.Selection{}))
	if _, err := b.DropPending(x.ctx, "nonsense", outbox.Selection{}); !errors.Is(err, outbox.ErrUnknownRoute) {
		x.Fatalf("DropPending on an unknown route: %v", err)
	}
}

// What a worker is sending is left alone.
func checkPendingClaimed(x *harness) {
	far := newStuck(nil)
	b := x.box(far, &outbox.RouteOptions{Batch: 2})
	x.must(b.Route("other", new(alerttest.Recorder), &outbox.RouteOptions{Filter: func(alert.Alert) bool { return false }}))
	x.must(b.Send(x.ctx, some("a", "b", "c", "d", "e", "f")...))
	x.run(b)
	<-far.arrived
	_, numbers := x.waiting(b, route)
	x.change("expire", outbox.Change{Alerts: 1, Claimed: 2})(b.ExpirePending(x.ctx, route, outbox.Selection{Numbers: numbers[:3]}))
	x.change("move", outbox.Change{Alerts: 1, Claimed: 1})(b.MovePending(x.ctx, route, "other", outbox.Selection{Numbers: []int64{numbers[0], numbers[3]}}))
	x.change("drop", outbox.Change{Alerts: 2, Claimed: 2})(b.DropPending(x.ctx, route, outbox.Selection{}))
	close(far.leave)
	x.settles(b)
	x.until("the two that were claimed", func() bool { return b.Stats().Routes[route].Delivered == 2 })
	x.dead(b, outbox.Expired, "c")
}

// What is moved keeps its order, and nothing goes twice to where it went.
func checkMove(x *harness) {
	var phone alerttest.Recorder
	b := x.open(x.store, outbox.Options{})
	for _, chat := range []string{route, "chat"} {
		x.must(b.Route(chat, newStuck(nil), nil))
	}
	x.must(b.Route("phone", &phone, &outbox.RouteOptions{Filter: critical, NeverTwice: true}))
	alerts := append(about("disk", "1", "2", "3"), some("loud", "4")...)
	alerts[3].Severity = alert.Critical
	x.must(b.Send(x.ctx, alerts...))
	x.change("move", outbox.Change{Alerts: 4, Known: 1})(b.MovePending(x.ctx, route, "phone", outbox.Selection{}))
	x.change("move of the copies", outbox.Change{Known: 5})(b.MovePending(x.ctx, "chat", "phone", outbox.Selection{}))
	left, _ := x.waiting(b, route)
	x.equal("left", left, []string{"loud"})
	moved, _ := x.waiting(b, "phone")
	x.equal("on the phone", moved, []string{"1", "2", "3", "loud", "4"})
	x.change("drop of the rest", outbox.Change{Alerts: 5})(b.DropPending(x.ctx, "chat", outbox.Selection{}))
	x.change("drop of the rest", outbox.Change{Alerts: 1})(b.DropPending(x.ctx, route, outbox.Selection{}))
	x.run(b)
	x.until("delivery", func() bool { return len(phone.Accepted()) == 5 })
	x.someTime()
	x.equal("delivered", names(phone.Accepted()), []string{"loud", "1", "2", "3", "4"})
	for _, to := range []string{route, "nonsense"} {
		if _, err := b.MovePending(x.ctx, route, to, outbox.Selection{}); err == nil || alert.Retryable(err) {
			x.Fatalf("move to %s: %v", to, err)
		}
	}
}

// A route that no program has any more is emptied all the same. What its worker was
// sending when it died may have been delivered: it is shown, and goes nowhere.
func checkUnconfigured(x *harness) {
	hung := newStuck(nil)
	old := x.box(hung, &outbox.RouteOptions{Batch: 1})
	x.must(old.Send(x.ctx, some("a", "b", "c")...))
	stop := x.run(old)
	<-hung.arrived
	var phone alerttest.Recorder
	b := x.open(x.other(), outbox.Options{})
	x.must(b.Route("phone", &phone, &outbox.RouteOptions{NeverTwice: true}))
	x.change("move too early", outbox.Change{Claimed: 1})(b.MovePending(x.ctx, route, "phone", outbox.Selection{Numbers: firstNumber(x, b)}))
	x.backend.Advance(lease + time.Second)
	x.change("move", outbox.Change{Alerts: 2})(b.MovePending(x.ctx, route, "phone", outbox.Selection{}))
	x.dead(b, outbox.Uncertain, "a")
	close(hung.leave)
	x.run(b)
	x.until("delivery", func() bool { return len(phone.Accepted()) == 2 })
	stop()
	x.equal("delivered", names(phone.Accepted()), []string{"b", "c"})
	x.dead(b, outbox.Uncertain, "a") // the old worker comes too late
}

func firstNumber(x *harness, b *outbox.Outbox) []int64 {
	_, numbers := x.waiting(b, route)
	return numbers[:1]
}

// A paused route sends nothing, in no process, until it is resumed.
func checkPause(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	x.must(b.Pause(x.ctx, route))
	x.must(b.Send(x.ctx, some("a")...))
	stop := x.run(b)
	x.someTime()
	other := x.boxOver(x.other(), &far, nil)
	counts, err := other.Counts(x.ctx)
	x.must(err)
	if len(counts) != 1 || !counts[0].Paused || !counts[0].Leased || counts[0].Waiting != 1 {
		x.Fatalf("counts: %+v", counts)
	}
	stop()
	x.run(other)
	x.must(other.Send(x.ctx, some("b")...))
	x.someTime()
	x.equal("delivered", names(far.Accepted()), nil)
	x.must(other.Health(x.ctx))
	x.must(b.Resume(x.ctx, route))
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"a", "b"})
	if err := b.Pause(x.ctx, "nonsense"); !errors.Is(err, outbox.ErrUnknownRoute) {
		x.Fatalf("Pause of an unknown route: %v", err)
	}
}

// Counting is exact, however much there is and whatever is done to it, by whom.
func checkMany(x *harness) {
	far := new(alerttest.Recorder)
	b := x.box(far, &outbox.RouteOptions{Batch: 1000})
	x.must(b.Route("other", new(alerttest.Recorder), nil))
	x.must(b.Pause(x.ctx, "other"))
	x.must(b.Send(x.ctx, some("first")...))
	x.backend.Advance(time.Hour)
	send := func(n int) {
		for ; n > 0; n -= 500 {
			alerts := make([]alert.Alert, 500)
			for k := range alerts {
				alerts[k].Severity = alert.Severity(k % 3)
			}
			x.must(b.Send(x.ctx, alerts...))
		}
	}
	send(3000)
	x.counted(b, 3001, 0, 3001)
	list, err := b.Pending(x.ctx, route, 0, 2)
	x.must(err)
	counts, err := b.Counts(x.ctx)
	x.must(err)
	if !counts[1].Oldest.Equal(list[0].Accepted) {
		x.Fatalf("counts: %+v, and the oldest is of %v", counts, list[0].Accepted)
	}
	x.change("expire of all", outbox.Change{Alerts: 3001})(b.ExpirePending(x.ctx, route, outbox.Selection{}))
	x.counted(b, 0, 3001, 3001)
	other := x.boxOver(x.other(), far, nil)
	x.count("requeue", 2)(other.Requeue(x.ctx, route, list[0].Number, list[1].Number))
	x.counted(other, 2, 2999, 3001)
	dead, err := other.Dead(x.ctx, route, 0, 7)
	x.must(err)
	for i := range dead {
		x.count("drop", 1)(b.Drop(x.ctx, route, dead[i].Number))
	}
	x.counted(other, 2, 2992, 3001)
	send(2500)
	x.change("drop", outbox.Change{Alerts: 1})(other.DropPending(x.ctx, route, outbox.Selection{Numbers: []int64{list[0].Number}}))
	x.change("expire", outbox.Change{Alerts: 1})(b.ExpirePending(x.ctx, route, outbox.Selection{Numbers: []int64{list[1].Number}}))
	x.counted(b, 2500, 2993, 5501)
	x.must(b.Route("third", new(alerttest.Recorder), nil))
	x.change("move", outbox.Change{Alerts: 5501})(b.MovePending(x.ctx, "other", "third", outbox.Selection{}))
	x.counted(b, 2500, 2993, 0, 5501)
	x.run(b)
	x.settles(b)
	x.until("the third route", func() bool { return b.Stats().Routes["third"].Delivered == 5501 })
	x.counted(b, 0, 2993, 0, 0)
	x.count("drop of all", 2993)(b.Drop(x.ctx, route))
	x.counted(b, 0, 0, 0, 0)
}

// counted checks what is counted on the route and what is dead there, and what waits on
// the other routes.
func (x *harness) counted(b *outbox.Outbox, waiting, dead int, others ...int) {
	x.Helper()
	counts, err := b.Counts(x.ctx)
	x.must(err)
	waits := map[string]int{route: waiting}
	for i, name := range []string{"other", "third"}[:len(others)] {
		waits[name] = others[i]
	}
	for i := range counts {
		c := &counts[i]
		if c.AtLeast || c.Waiting != waits[c.Route] || c.Route == route && c.Dead != dead {
			x.Fatalf("counts: %+v, want %v and %d dead", counts, waits, dead)
		}
	}
}
