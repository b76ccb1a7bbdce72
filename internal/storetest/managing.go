package storetest

import (
	"errors"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// refuseAll is a far end that takes nothing.
func refuseAll(alerts []alert.Alert) error { return fault{} }

func checkRequeue(x *harness) {
	far := &classify{refuse: refuseAll}
	b := x.box(far, nil)
	all := some(numbered(450)...)
	for i := range all {
		if i%3 == 0 {
			all[i].Severity = alert.Critical // which changes nothing about their numbers
		}
	}
	x.must(b.Send(x.ctx, all...))
	stop := x.run(b)
	x.settles(b)
	stop()
	first, err := b.Dead(x.ctx, route, 0, 2)
	x.must(err)
	next, err := b.Dead(x.ctx, route, first[1].Number, 1)
	x.must(err)
	if next[0].Alert.Name != "0002" {
		x.Fatalf("the third dead letter is %q", next[0].Alert.Name)
	}
	x.count("drop", 1)(b.Drop(x.ctx, route, first[1].Number, first[1].Number+1<<40))
	x.count("requeue", 1)(b.Requeue(x.ctx, route, first[0].Number))
	x.count("requeue of one that waits", 0)(b.Requeue(x.ctx, route, first[0].Number))
	x.count("drop of one that waits", 0)(b.Drop(x.ctx, route, first[0].Number))
	waiting, err := b.Pending(x.ctx, route, 0, 10)
	x.must(err)
	if len(waiting) != 1 || waiting[0].Attempts != 0 || waiting[0].Dead || waiting[0].Error != "" || waiting[0].Cause != "" {
		x.Fatalf("requeued: %+v", waiting)
	}
	x.count("requeue of all", 448)(b.Requeue(x.ctx, route))
	far.accepts()
	x.run(b)
	x.settles(b)
	if n := len(far.names()); n != 449 {
		x.Fatalf("delivered %d of 449 requeued", n)
	}
	x.count("drop of all", 0)(b.Drop(x.ctx, route))
	if _, err := b.Drop(x.ctx, "nonsense"); !errors.Is(err, outbox.ErrUnknownRoute) || alert.Retryable(err) {
		x.Fatalf("Drop on an unknown route: %v", err)
	}
}

// count returns a function that checks a number and an error.
func (x *harness) count(what string, want int) func(int, error) {
	return func(n int, err error) {
		x.Helper()
		if err != nil || n != want {
			x.Fatalf("%s: %d, %v; want %d", what, n, err, want)
		}
	}
}

// Thousands of alerts after them, dead letters are requeued and others moved to the
// route: where a worker begins to look depends on what it has settled.
func checkOldNumbers(x *harness) {
	far := &classify{refuse: refuseAll}
	b := x.open(x.store, outbox.Options{})
	for name, far := range map[string]alert.Sender{route: far, "aside": new(alerttest.Recorder)} {
		x.must(b.Route(name, far, &outbox.RouteOptions{Batch: 1000, Filter: func(a alert.Alert) bool { return (a.Source == "aside") == (name == "aside") }}))
	}
	x.must(b.Pause(x.ctx, "aside"))
	aside := some("moved")
	aside[0].Source = "aside"
	x.must(b.Send(x.ctx, append(some("requeued"), aside...)...))
	x.run(b)
	x.settles(b)
	far.accepts()
	for range 5 {
		alerts := make([]alert.Alert, 500)
		x.must(b.Send(x.ctx, alerts...))
		x.settles(b)
	}
	x.count("requeue", 1)(b.Requeue(x.ctx, route))
	x.settles(b)
	x.change("move", outbox.Change{Alerts: 1})(b.MovePending(x.ctx, "aside", route, outbox.Selection{}))
	x.settles(b)
	x.equal("delivered", far.names()[2500:], []string{"requeued", "moved"})
}

func checkCounts(x *harness) {
	far := &classify{refuse: refuseAll}
	b := x.box(far, nil)
	counts, err := b.Counts(x.ctx)
	x.must(err)
	if len(counts) != 0 {
		x.Fatalf("counts before anything: %+v", counts)
	}
	x.must(b.Send(x.ctx, some("a", "b")...))
	stop := x.run(b)
	x.settles(b)
	x.until("the lease to be seen", func() bool {
		counts, err = b.Counts(x.ctx)
		x.must(err)
		return counts[0].Leased
	})
	stop()
	x.backend.Advance(time.Hour)
	x.must(b.Send(x.ctx, some("c")...))
	counts, err = b.Counts(x.ctx)
	x.must(err)
	c := counts[0]
	if len(counts) != 1 || c.Route != route || c.Waiting != 1 || c.Dead != 2 || c.Leased {
		x.Fatalf("counts: %+v", counts)
	}
	if between := c.Oldest.Sub(c.OldestDead); between < time.Hour || between > time.Hour+patience {
		x.Fatalf("the oldest that waits is %v younger than the oldest dead", between)
	}
}

func checkKeepDead(x *harness) {
	far := &classify{refuse: refuseAll}
	b := x.open(x.store, outbox.Options{KeepDead: time.Hour})
	x.must(b.Route(route, far, nil))
	x.must(b.Send(x.ctx, some("old")...))
	stop := x.run(b)
	x.settles(b)
	stop()
	x.backend.Advance(50 * time.Minute)
	x.must(b.Send(x.ctx, some("young")...))
	stop = x.run(b)
	x.settles(b)
	stop()
	x.dead(b, outbox.Refused, "old", "young")
	x.backend.Advance(11 * time.Minute)
	x.run(b)
	x.until("the old one to be forgotten", func() bool {
		list, err := b.Dead(x.ctx, route, 0, 10)
		x.must(err)
		return len(list) == 1
	})
	x.dead(b, outbox.Refused, "young")
}
