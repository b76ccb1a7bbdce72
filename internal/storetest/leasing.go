package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// Several processes run; each alert goes out once, by one of them at a time.
func checkLease(x *harness) {
	var far alerttest.Recorder
	var mu sync.Mutex
	sender := alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if !mu.TryLock() {
			x.Error("two workers send at once")
			return nil
		}
		defer mu.Unlock()
		<-time.After(time.Millisecond)
		return far.Send(ctx, alerts...)
	})
	o := &outbox.RouteOptions{Batch: 3}
	boxes := []*outbox.Outbox{x.box(sender, o), x.boxOver(x.other(), sender, o), x.boxOver(x.other(), sender, o)}
	stop := []func(){x.run(boxes[0]), x.run(boxes[1]), x.run(boxes[2])}
	var want []string
	for dueBatch := range 3 {
		for i, b := range boxes {
			for n := range 4 {
				name := fmt.Sprint(dueBatch, i, n)
				want = append(want, name)
				x.eventually(func() error { return b.Send(x.ctx, about("key", name)...) })
			}
		}
		x.until("delivery", func() bool { return len(far.Accepted()) == len(want) })
		stop[dueBatch]() // somebody else goes on at once
		stop[dueBatch] = x.run(boxes[dueBatch])
	}
	x.equal("delivered", names(far.Accepted()), want)
}

// A stuck is a far end that does not come back, whatever its context says.
type stuck struct {
	arrived, leave chan struct{}
	err            error
}

func newStuck(err error) *stuck {
	return &stuck{arrived: make(chan struct{}, 1), leave: make(chan struct{}), err: err}
}

func (s *stuck) Send(context.Context, ...alert.Alert) error {
	s.arrived <- struct{}{}
	<-s.leave
	return s.err
}

// A worker that comes back after its lease cannot settle what another one has in
// hand or has settled, whether it was delivered or not.
func checkStale(x *harness) {
	for i, err := range []error{nil, fault{}, fault{again: true}} {
		hung, next := newStuck(err), newStuck(fault{again: true, after: time.Hour})
		old := x.box(hung, nil)
		name := fmt.Sprint("stale ", i)
		x.must(old.Send(x.ctx, some(name)...))
		stopOld := x.run(old)
		<-hung.arrived
		young := x.boxOver(x.other(), next, nil)
		x.backend.Advance(lease + time.Second)
		stopYoung := x.run(young)
		<-next.arrived
		close(hung.leave)
		x.someTime()
		stopOld()
		x.waits(young, 0)
		close(next.leave)
		x.failed(young)
		stopYoung()
		x.waits(young, 2) // that of the worker that was taken for dead, and this one
		x.backend.Advance(2 * time.Hour)
		var far alerttest.Recorder
		third := x.boxOver(x.other(), &far, nil)
		stop := x.run(third)
		x.settles(third)
		x.equal("delivered", names(far.Accepted()), []string{name})
		x.dead(third, "")
		stop()
	}
}

// waits checks that one alert waits, after so many attempts at least.
func (x *harness) waits(b *outbox.Outbox, attempts int) {
	x.Helper()
	list, err := b.Pending(x.ctx, route, 0, 10)
	x.must(err)
	if len(list) != 1 || list[0].Attempts < attempts {
		x.Fatalf("a stale worker settled: %+v", list)
	}
	x.dead(b, "")
}

// die lets a worker claim alerts and then hear nothing of it any more.
func (x *harness) die(o *outbox.RouteOptions, alerts ...alert.Alert) {
	x.Helper()
	hung := newStuck(nil)
	b := x.box(hung, o)
	x.must(b.Send(x.ctx, alerts...))
	ctx, cancel := context.WithCancel(x.ctx)
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	<-hung.arrived
	x.Cleanup(func() {
		cancel()
		close(hung.leave)
		if err := <-done; err != nil {
			x.Errorf("Run: %v", err)
		}
	})
}

func checkDied(x *harness) {
	x.die(nil, some("a", "b")...)
	var far alerttest.Recorder
	b := x.boxOver(x.other(), &far, nil)
	x.must(b.Send(x.ctx, some("c")...))
	x.run(b)
	x.someTime()
	if len(far.Calls()) != 0 {
		x.Fatal("delivered while the lease of the dead lasts")
	}
	x.backend.Advance(lease + time.Second)
	x.settles(b)
	accepted := names(far.Accepted())
	slices.Sort(accepted)
	x.equal("delivered", accepted, []string{"a", "b", "c"})
}

func checkDiedNeverTwice(x *harness) {
	o := &outbox.RouteOptions{NeverTwice: true}
	x.die(o, some("a", "b")...)
	var far alerttest.Recorder
	b := x.boxOver(x.other(), &far, o)
	x.must(b.Send(x.ctx, some("c")...))
	x.backend.Advance(lease + time.Second)
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"c"})
	x.dead(b, outbox.Uncertain, "a", "b")
}
