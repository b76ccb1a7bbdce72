package queuetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// A harness is one check under way.
type harness struct {
	*testing.T

	ctx     context.Context //nolint:containedctx // of the one check that the harness is
	backend Backend
	q       Queue
}

// What start sets where the options say nothing.
const (
	lease    = time.Hour
	deadline = 10 * time.Hour
)

// start opens a queue. Its leases are so long that nothing lapses but by
// Advance, also on a machine that is busy.
func (x *harness) start(o autocall.QueueOptions) Queue {
	x.Helper()
	if o.Lease == 0 {
		o.Lease = lease
	}
	if o.Deadline == 0 {
		o.Deadline = deadline
	}
	if o.Ring == nil {
		var err error
		o.Ring, err = alert.NewRinger(&alert.RingPolicy{Limits: []alert.Limit{}})
		x.must(err)
	}
	x.q = x.backend.Open(&o)
	return x.q
}

// run runs the queue that was opened last, until stop is called.
func (x *harness) run() (stop func()) {
	ctx, cancel := context.WithCancel(x.ctx)
	done := make(chan error, 1)
	q := x.q // another may be opened before the goroutine begins
	go func() { done <- q.Run(ctx) }()
	return func() {
		x.Helper()
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			x.Fatalf("Run: %v", err)
		}
	}
}

// number returns the telephone number of a person of ours.
func number(n int) string { return fmt.Sprintf("1390000%04d", n) }

// call returns a call to the people with these numbers.
func call(people ...int) autocall.Call {
	var c autocall.Call
	for _, n := range people {
		c.People = append(c.People, autocall.Person{Name: fmt.Sprint("person ", n), Number: number(n)})
	}
	return c
}

func (x *harness) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// enqueue adds a call that must be new.
func (x *harness) enqueue(c autocall.Call) (id string) {
	x.Helper()
	id, joined, err := x.q.Enqueue(x.ctx, c)
	x.must(err)
	if joined || id == "" {
		x.Fatalf("Enqueue returned %q, joined %v, and wanted a call of its own", id, joined)
	}
	return id
}

// next polls.
func (x *harness) next(phone string) autocall.HandOut {
	x.Helper()
	h, err := x.q.Next(x.ctx, autocall.Phone{Name: phone})
	x.must(err)
	return h
}

// given polls and must get a hand-out of the person with this number.
func (x *harness) given(phone string, person int) (mid string) {
	x.Helper()
	h := x.next(phone)
	if h.IsZero() || h.Number != number(person) {
		x.Fatalf("%s got %q, and wanted %q", phone, h.Number, number(person))
	}
	return h.Mid
}

// nothing polls and must get nothing.
func (x *harness) nothing(phone string) {
	x.Helper()
	if h := x.next(phone); !h.IsZero() {
		x.Fatalf("%s got %v, and wanted nothing", phone, h.Number)
	}
}

// post tells an outcome, which must be taken as the event. Person 0 is nobody.
func (x *harness) post(phone, mid string, person int, want autocall.Event) (id string) {
	x.Helper()
	o := autocall.Outcome{Phone: autocall.Phone{Name: phone}, Mid: mid}
	if person != 0 {
		o.Number = number(person)
	}
	r, err := x.q.Answer(x.ctx, o)
	x.must(err)
	if r.Event != want {
		x.Fatalf("Answer made %q of person %d from %s, and wanted %q", r.Event, person, phone, want)
	}
	return r.Call
}

// is returns a call, which must be in a state and have a trail without
// contradictions.
func (x *harness) is(id string, want autocall.State) autocall.Status {
	x.Helper()
	s, err := x.q.Get(x.ctx, id)
	x.must(err)
	if s.State != want {
		x.Fatalf("the call is %s, and wanted %s: %v", s.State, want, events(s))
	}
	if err := CheckTrail(s); err != nil {
		x.Fatal(err)
	}
	return s
}

// events returns the trail in short.
func events(s autocall.Status) (all []autocall.Event) {
	for _, e := range s.Audit {
		all = append(all, e.Event)
	}
	return all
}

// until asks again and again, until the answer is yes.
func (x *harness) until(what string, yes func() bool) {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	for !yes() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			x.Fatalf("waited for %s: %v", what, ctx.Err())
		}
	}
}

// equal compares.
func equal[T comparable](x *harness, what string, got, want T) {
	x.Helper()
	if got != want {
		x.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
