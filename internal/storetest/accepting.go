package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

func checkDelivery(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	want := some("a", "b", "c")
	want[1].Labels = map[string]string{"k": "v"}
	want[1].StartsAt = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	x.must(b.Send(x.ctx, want...))
	if len(far.Calls()) != 0 {
		x.Fatal("delivered without Run")
	}
	stop := x.run(b)
	x.settles(b)
	if got := far.Accepted(); !same(got, want) {
		x.Fatalf("delivered %v, want %v", got, want)
	}
	x.must(b.Send(x.ctx, some("d")...)) // which wakes the worker
	x.settles(b)
	stop()
	x.must(b.Send(x.ctx, some("e")...))
	x.someTime()
	x.equal("delivered", names(far.Accepted()), []string{"a", "b", "c", "d"})
	if s := b.Stats(); s.Accepted != 5 || s.Routes[route] != (outbox.RouteStats{Messages: 2, Delivered: 4}) {
		x.Fatalf("Stats: %+v", s)
	}
}

func checkBatches(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, &outbox.RouteOptions{Batch: 100})
	all := numbered(730) // more than a statement takes
	x.must(b.Send(x.ctx, some(all...)...))
	x.run(b)
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), all)
	if n := len(far.Calls()); n != 8 {
		x.Fatalf("%d messages, want 8", n)
	}
}

func checkRestart(x *harness) {
	var far alerttest.Recorder
	x.must(x.box(&far, nil).Send(x.ctx, some("a", "b")...))
	again := x.boxOver(x.other(), &far, nil)
	x.must(again.Send(x.ctx, some("b", "c")...))
	x.run(again)
	x.settles(again)
	x.equal("delivered", names(far.Accepted()), []string{"a", "b", "c"})
}

// Texts that collations, encodings and statements trip over.
func checkTexts(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	var all []alert.Alert
	for i, text := range []string{
		"abc", "ABC", "abc ", "ábc", "'; DROP TABLE outbox_jobs; --", "?", "$1", "%s", "\\", "\x00", "𝄞", "告警", strings.Repeat("x", 1<<20),
	} {
		all = append(all, alert.Alert{Source: "kit", ID: text, Key: text, Name: text, Summary: fmt.Sprint(i)})
	}
	x.must(b.Send(x.ctx, all...))
	x.must(b.Send(x.ctx, all...))
	x.must(b.Send(x.ctx, alert.Alert{Name: "in\xffvalid", Status: 99, Severity: 99}))
	x.run(b)
	x.settles(b)
	got := far.Accepted()
	if len(got) != len(all)+1 || !same(got[1:], all) {
		x.Fatalf("delivered %d alerts, or others than were accepted: %.300q", len(got), names(got))
	}
	if odd := got[0]; odd.Name != "in�valid" || odd.Status != alert.Firing || odd.Severity != alert.Critical || odd.ID == "" {
		x.Fatalf("delivered %+v", odd)
	}
}

func checkOnce(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	x.must(b.Send(x.ctx, some("a", "a", "b")...))
	x.run(b)
	x.settles(b)
	other := x.boxOver(x.other(), &far, nil)
	x.must(other.Send(x.ctx, some("b", "a", "c")...))
	x.settles(b)
	foreign := some("a")
	foreign[0].Source = "another"
	x.must(b.Send(x.ctx, foreign...))
	test := some("a")
	test[0].Test, test[0].Name = true, "test"
	x.must(b.Send(x.ctx, test...))
	x.must(b.Send(x.ctx, test...))
	x.must(b.Send(x.ctx, alert.Alert{Name: "no ID"}, alert.Alert{Name: "no ID"}))
	x.settles(b)
	x.equal("delivered", names(far.Accepted()), []string{"a", "b", "c", "a", "test", "no ID", "no ID"})
	if s := other.Stats(); s.Accepted != 1 || s.Repeated != 2 {
		x.Fatalf("Stats: %+v", s)
	}
}

// The same event from many callers and two processes at the same time.
func checkOnceTogether(x *harness) {
	var far alerttest.Recorder
	boxes := []*outbox.Outbox{x.box(&far, nil), x.boxOver(x.other(), &far, nil)}
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for n := range 5 {
				x.eventually(func() error { return boxes[i%2].Send(x.ctx, some(fmt.Sprint("event ", n))...) })
			}
		})
	}
	callers.Wait()
	x.run(boxes[0])
	x.settles(boxes[0])
	if got := far.Accepted(); len(got) != 5 {
		x.Fatalf("accepted %d of 5 events: %q", len(got), names(got))
	}
}

// eventually repeats what may be repeated.
func (x *harness) eventually(f func() error) {
	for tries := 0; ; tries++ {
		err := f()
		if err == nil {
			return
		}
		if !alert.Retryable(err) || tries > 100 {
			x.Errorf("%v", err)
			return
		}
	}
}

func checkWindow(x *harness) {
	var far alerttest.Recorder
	b := x.open(x.store, outbox.Options{Window: time.Hour})
	x.must(b.Route(route, &far, nil))
	x.must(b.Send(x.ctx, some("a")...))
	x.backend.Advance(59 * time.Minute)
	x.must(b.Send(x.ctx, some("a")...))
	x.backend.Advance(2 * time.Minute)
	stop := x.run(b) // which forgets what is old
	x.settles(b)
	x.until("the event to be forgotten", func() bool {
		x.must(b.Send(x.ctx, some("a")...))
		x.settles(b)
		return len(far.Accepted()) == 2
	})
	stop()
	off := x.open(x.store, outbox.Options{Window: -1})
	x.must(off.Route(route, &far, nil))
	x.must(off.Send(x.ctx, some("a", "a")...))
	x.run(off)
	x.settles(off)
	x.equal("delivered", names(far.Accepted()), []string{"a", "a", "a", "a"})
}

// Many callers share transactions. What one of them was promised is kept
// whatever becomes of the others.
func checkCrowd(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	x.run(b)
	var mu sync.Mutex
	promised := make(map[string]bool)
	var callers sync.WaitGroup
	for i := range 24 {
		callers.Go(func() {
			for n := range 10 {
				ctx, cancel := context.WithCancel(x.ctx)
				if i%8 == 7 { // an impatient one
					go cancel()
				}
				name := fmt.Sprint(i, "/", n)
				err := b.Send(ctx, some(name)...)
				cancel()
				if err == nil {
					mu.Lock()
					promised[name] = true
					mu.Unlock()
				} else if i%8 != 7 || !errors.Is(err, context.Canceled) {
					x.Errorf("Send: %v", err)
				}
			}
		})
	}
	callers.Wait()
	x.settles(b)
	times := make(map[string]int)
	for _, a := range far.Accepted() {
		times[a.Name]++
		if times[a.Name] > 1 {
			x.Errorf("delivered twice: %s", a.Name)
		}
	}
	for name := range promised {
		if times[name] != 1 {
			x.Errorf("promised and not delivered: %s", name)
		}
	}
}

func checkFilter(x *harness) {
	var all, urgent alerttest.Recorder
	b := x.open(x.store, outbox.Options{})
	x.must(b.Route(route, &all, nil))
	x.must(b.Route("urgent", &urgent, &outbox.RouteOptions{
		Filter: func(a alert.Alert) bool { return a.Severity == alert.Critical },
	}))
	alerts := some("a", "b", "c")
	alerts[1].Severity = alert.Critical
	x.must(b.Send(x.ctx, alerts...))
	x.run(b)
	x.until("delivery", func() bool { return len(all.Accepted()) == 3 && len(urgent.Accepted()) == 1 })
	x.equal("urgent", names(urgent.Accepted()), []string{"b"})
}

func checkContext(x *harness) {
	var far alerttest.Recorder
	b := x.box(&far, nil)
	x.must(b.Send(x.ctx, some("a")...))
	ended, cancel := context.WithCancel(x.ctx)
	cancel()
	if err := b.Send(ended, some("b")...); !errors.Is(err, context.Canceled) || errors.Is(err, alert.ErrUncertain) {
		x.Fatalf("Send with an ended context: %v", err)
	}
	if _, err := b.Pending(ended, route, 0, 1); !errors.Is(err, context.Canceled) {
		x.Fatalf("Pending with an ended context: %v", err)
	}
	x.must(b.Run(ended))
	if len(far.Calls()) != 0 {
		x.Fatal("delivered with an ended context")
	}
}

// same compares alerts in all that they say.
func same(a, b []alert.Alert) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}
