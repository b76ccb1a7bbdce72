package storetest

import (
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A route whose row was removed is enrolled again by whoever accepts for it or
// delivers to it, and nothing is lost.
func checkVanished(x *harness) {
	if x.backend.Vanish == nil {
		return
	}
	var far alerttest.Recorder
	b := x.box(&far, nil)
	x.must(b.Send(x.ctx, some("a")...))
	x.backend.Vanish()
	x.must(b.Send(x.ctx, some("b")...))
	waiting, _ := x.waiting(b, route)
	x.equal("waiting", waiting, []string{"a", "b"})
	x.backend.Vanish()
	x.run(b)
	x.someTime()
	x.equal("delivered within the lease of a worker that may be there", names(far.Accepted()), nil)
	x.backend.Advance(lease + time.Second)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"a", "b"})
	x.backend.Vanish()
	x.must(b.Health(x.ctx)) // which enrols it too
	counts, err := b.Counts(x.ctx)
	x.must(err)
	if len(counts) != 1 || counts[0].Route != route {
		x.Fatalf("counts: %+v", counts)
	}
}

// A worker that was sending when the row of its route was removed settles all the
// same, and no telephone rings twice.
func checkVanishedSending(x *harness) {
	if x.backend.Vanish == nil {
		return
	}
	for _, accept := range []bool{false, true} {
		name := map[bool]string{false: "a", true: "b"}[accept]
		hung := newStuck(nil)
		b := x.box(hung, &outbox.RouteOptions{NeverTwice: true, Batch: 1})
		x.must(b.Send(x.ctx, some(name)...))
		stop := x.run(b)
		<-hung.arrived
		x.backend.Vanish()
		if accept { // enrols the route before the worker can
			x.must(b.Send(x.ctx, some("later")...))
		}
		close(hung.leave)
		x.settles(b)
		stop() // which counts what was settled
		if n := b.Stats().Routes[route].Delivered; n != map[bool]int64{false: 1, true: 2}[accept] {
			x.Fatalf("%d delivered", n)
		}
		x.dead(b, outbox.Uncertain)
	}
}

// What a process was sending when it died, and the row of its route was removed before
// anybody looked, rings no telephone again.
func checkVanishedDead(x *harness) {
	if x.backend.Vanish == nil {
		return
	}
	var far alerttest.Recorder
	opts := &outbox.RouteOptions{NeverTwice: true, Batch: 1}
	b := x.boxOver(x.other(), &far, opts)
	x.must(b.Health(x.ctx)) // which enrols the route
	x.die(opts, some("a", "b")...)
	x.backend.Vanish()
	x.must(b.Send(x.ctx, some("c")...))
	x.backend.Advance(lease + time.Second)
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"b", "c"})
	x.dead(b, outbox.Uncertain, "a")
}

// If a process starts before anybody enrols a route again, the route gets another
// number. What waits is shown with the old one, and can be moved.
func checkOrphans(x *harness) {
	if x.backend.Vanish == nil {
		return
	}
	old := x.box(new(alerttest.Recorder), nil)
	x.must(old.Send(x.ctx, some("a", "b")...))
	x.backend.Vanish()
	var far alerttest.Recorder
	b := x.boxOver(x.other(), &far, nil)
	x.must(b.Send(x.ctx, some("c")...))
	counts, err := b.Counts(x.ctx)
	x.must(err)
	if len(counts) != 2 || !strings.HasPrefix(counts[0].Route, "#") || counts[0].Waiting != 2 || counts[1].Waiting != 1 {
		x.Fatalf("counts: %+v", counts)
	}
	if err := old.Send(x.ctx, some("d")...); err == nil {
		x.Fatal("an alert was accepted for a route that is not there")
	}
	if err := old.Health(x.ctx); err == nil {
		x.Fatal("a process that can accept nothing is in good health")
	}
	x.change("move", outbox.Change{Alerts: 2})(b.MovePending(x.ctx, counts[0].Route, route, outbox.Selection{}))
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"a", "b", "c"})
	counts, err = b.Counts(x.ctx)
	x.must(err)
	if len(counts) != 1 {
		x.Fatalf("counts: %+v", counts)
	}
}
