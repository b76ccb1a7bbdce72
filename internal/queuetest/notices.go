package queuetest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/autocall"
)

// A diary is what callbacks were told: how often of each call, with its state.
type diary struct {
	mu    sync.Mutex
	told  map[string]int
	tried map[string]bool
	n     int  // calls of callbacks
	fail  int  // so many at first
	late  bool // something was tried for the first time after others had been told
}

func (d *diary) note(text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told == nil {
		d.told, d.tried = make(map[string]int), make(map[string]bool)
	}
	d.late = d.late || !d.tried[text] && len(d.told) > 0
	d.tried[text] = true
	d.n++
	if d.fail > 0 {
		d.fail--
		return errors.New("the robot is down")
	}
	d.told[text]++
	return nil
}

func (d *diary) content() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.told)
}

func (d *diary) subjects() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.tried)
}

func (d *diary) calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// options returns options whose callbacks write into the diary.
func (d *diary) options() autocall.QueueOptions {
	return autocall.QueueOptions{
		OnAnswered: func(_ context.Context, s autocall.Status) error {
			return d.note("answered " + s.ID + " " + string(s.State))
		},
		OnExhausted: func(_ context.Context, s autocall.Status) error {
			return d.note("exhausted " + s.ID + " " + string(s.State))
		},
		OnPhoneSilent: func(_ context.Context, p autocall.PhoneStatus) error {
			return d.note("silent " + p.Name)
		},
	}
}

// finish brings about one call of each end, and returns what is to be told.
func (x *harness) finish() map[string]int {
	answered, exhausted, cancelled := x.enqueue(call(1)), x.enqueue(call(2)), x.enqueue(call(3))
	x.post("phone", x.given("phone", 1), 1, autocall.EventAnswered)
	x.post("phone", x.given("phone", 2), 0, autocall.EventNobody)
	_, err := x.q.Cancel(x.ctx, cancelled, "")
	x.must(err)
	c := call(4)
	c.Expiry = time.Second
	expired := x.enqueue(c)
	x.backend.Advance(2 * time.Second)
	x.nothing("phone")
	return map[string]int{"answered " + answered + " answered": 1, "exhausted " + exhausted + " exhausted": 1, "exhausted " + expired + " expired": 1}
}

// Run tells of each end but a cancelled call's, also of those that came about
// while it did not run. Two servers tell of each once.
func checkNotices(x *harness) {
	var d diary
	if x.backend.Shared {
		x.start(d.options())
		defer x.run()()
	}
	x.start(d.options())
	want := x.finish()
	defer x.run()()
	maps.Copy(want, x.finish())
	x.until("the notices", func() bool { return len(d.content()) == len(want) })
	if got := d.content(); !maps.Equal(got, want) {
		x.Fatalf("told were %v, and wanted %v", got, want)
	}
}

// What a callback refused is told again, but later: the others are not kept
// waiting.
func checkNoticesAgain(x *harness) {
	d := diary{fail: 4}
	x.start(d.options())
	want := x.finish()
	stop := x.run()
	x.until("callbacks", func() bool { return d.subjects() == len(want) })
	stop()
	for !maps.Equal(d.content(), want) {
		before := d.calls()
		x.backend.Advance(10 * time.Minute)
		stop = x.run()
		x.until("a callback", func() bool { return d.calls() > before })
		stop()
	}
	if d.late {
		x.Fatal("one callback was called until it succeeded, while others waited")
	}
}

func checkPhones(x *harness) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1))
	mid := x.given("b", 1)
	x.nothing("a")
	_, err := x.q.Next(x.ctx, autocall.Phone{Name: "c", Model: "M1"})
	x.must(err)
	x.backend.Advance(time.Minute)
	_, err = x.q.Next(x.ctx, autocall.Phone{Name: "c", Model: "M2"})
	x.must(err)
	all, err := x.q.Phones(x.ctx)
	x.must(err)
	if len(all) != 3 {
		x.Fatalf("%d phones: %v", len(all), all)
	}
	for i, want := range []autocall.PhoneStatus{{Name: "a"}, {Name: "b", Call: id}, {Name: "c", Model: "M2"}} {
		got := all[i]
		equal(x, "order", got.Name, want.Name)
		equal(x, "model", got.Model, want.Model)
		equal(x, "call", got.Call, want.Call)
		equal(x, "silent", got.Silent, false)
	}
	if late := all[2].Seen.Sub(all[0].Seen); late < time.Minute {
		x.Fatalf("a minute later is %v later", late)
	}
	x.post("b", mid, 1, autocall.EventAnswered)
	all, err = x.q.Phones(x.ctx)
	x.must(err)
	equal(x, "call of b after its end", all[1].Call, "")
}

// Of a phone that fell silent is told once, until it speaks again.
func checkSilence(x *harness) {
	var d diary
	x.start(d.options())
	for n := range 2 {
		x.nothing("phone")
		all, err := x.q.Phones(x.ctx)
		x.must(err)
		equal(x, "silent", all[0].Silent, false)
		x.backend.Advance(3 * lease)
		all, err = x.q.Phones(x.ctx)
		x.must(err)
		equal(x, "silent", all[0].Silent, true)
		stop := x.run()
		x.until("word of the silence", func() bool { return d.content()["silent phone"] == n+1 })
		stop()
	}
}

// A phone that should poll and never did is not seen, and its silence is told.
func checkExpected(x *harness) {
	var d diary
	o := d.options()
	o.Phones = []string{"phone"}
	x.start(o)
	stop := x.run()
	x.until("the phone to be expected", func() bool {
		all, err := x.q.Phones(x.ctx)
		x.must(err)
		return len(all) == 1
	})
	stop()
	x.backend.Advance(3 * lease)
	stop = x.run()
	x.until("word of the silence", func() bool { return d.content()["silent phone"] == 1 })
	stop()
	all, err := x.q.Phones(x.ctx)
	x.must(err)
	equal(x, "seen", all[0].Seen.IsZero(), true)
	x.nothing("phone")
	all, err = x.q.Phones(x.ctx)
	x.must(err)
	equal(x, "seen after a poll", all[0].Seen.IsZero(), false)
	equal(x, "silent after a poll", all[0].Silent, false)
}
