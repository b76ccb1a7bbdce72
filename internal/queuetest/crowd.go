package queuetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// Of many calls with one key that come at once, one is made.
func checkOneKey(x *harness) {
	x.start(autocall.QueueOptions{})
	const callers = 16
	var ids [callers]string
	var joined [callers]bool
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			c := call(1)
			c.Key = "key"
			var err error
			if ids[i], joined[i], err = x.q.Enqueue(x.ctx, c); err != nil {
				x.Error(err)
			}
		})
	}
	wg.Wait()
	made := 0
	for i := range callers {
		equal(x, "id", ids[i], ids[0])
		if !joined[i] {
			made++
		}
	}
	equal(x, "calls made", made, 1)
}

// When somebody picks up while the call is being cancelled, one of the two
// comes first, and the other hears of it.
func checkRace(x *harness) {
	x.start(autocall.QueueOptions{})
	for range 20 {
		id := x.enqueue(call(1))
		mid := x.given("phone", 1)
		var r autocall.Receipt
		var cancelled bool
		var errs [2]error
		var wg sync.WaitGroup
		wg.Go(func() {
			r, errs[0] = x.q.Answer(x.ctx, autocall.Outcome{Phone: autocall.Phone{Name: "phone"}, Mid: mid, Number: number(1)})
		})
		wg.Go(func() { cancelled, errs[1] = x.q.Cancel(x.ctx, id, "") })
		wg.Wait()
		x.must(errors.Join(errs[:]...))
		if cancelled {
			equal(x, "event of the answer", r.Event, autocall.EventIgnored)
			x.is(id, autocall.Cancelled)
		} else {
			equal(x, "event of the answer", r.Event, autocall.EventAnswered)
			x.is(id, autocall.Answered)
		}
	}
}

// A crowd is phones that answer each call as its book says, and watch each
// other.
type crowd struct {
	*harness

	mu    sync.Mutex
	calls map[string]int    // by number: index in ids
	ids   []string          // of the calls
	has   map[int]string    // by call: the phone that rings
	done  map[int]bool      // calls that were answered
	given map[string]string // by mid: its phone
	rings int
}

// People, calls and rounds of a crowd. Every third call is answered in its
// second round.
const (
	crowdPhones = 16
	crowdCalls  = 40
	crowdPeople = 2
)

// No call is with two phones, none is rung after it was answered, none is lost.
func checkCrowd(x *harness) {
	x.start(autocall.QueueOptions{})
	(&crowd{harness: x}).work(x.q)
}

// Two queues over the same calls are as good as one.
func checkServers(x *harness) {
	if !x.backend.Shared {
		return
	}
	first := x.start(autocall.QueueOptions{})
	second := x.start(autocall.QueueOptions{})
	(&crowd{harness: x}).work(first, second)
}

// work makes the calls, lets the phones loose on the queues and looks at what
// they have done.
func (c *crowd) work(queues ...Queue) {
	c.calls, c.has, c.done, c.given = make(map[string]int), make(map[int]string), make(map[int]bool), make(map[string]string)
	for i := range crowdCalls {
		one := call(crowdPeople*i, crowdPeople*i+1)
		one.Rounds, one.Severity = 2, alert.Severity(i%3)
		for _, p := range one.People {
			c.calls[p.Number] = i
		}
		c.ids = append(c.ids, c.enqueue(one))
	}
	var wg sync.WaitGroup
	for p := range crowdPhones {
		wg.Go(func() { c.phone(queues[p%len(queues)], fmt.Sprint("phone ", p)) })
	}
	wg.Wait()
	for i, id := range c.ids {
		if i%3 == 0 {
			c.is(id, autocall.Answered)
		} else {
			c.is(id, autocall.Exhausted)
		}
	}
	answered := (crowdCalls + 2) / 3
	equal(c.harness, "rings", c.rings, answered*(crowdPeople+1)+(crowdCalls-answered)*crowdPeople*2)
}

// phone is one phone, until nothing is left.
func (c *crowd) phone(q Queue, name string) {
	p := autocall.Phone{Name: name}
	for {
		h, err := q.Next(c.ctx, p)
		if err != nil {
			c.Error(err)
			return
		}
		if h.IsZero() {
			open, err := q.List(c.ctx, true, 1)
			if err != nil || len(open) == 0 {
				return
			}
			<-time.After(time.Millisecond)
			continue
		}
		o := autocall.Outcome{Phone: p, Mid: h.Mid, Number: c.ring(name, h)}
		want := autocall.EventNobody
		if o.Number != "" {
			want = autocall.EventAnswered
		}
		if r, err := q.Answer(c.ctx, o); err != nil || r.Event != want {
			c.Errorf("Answer returned %q, %v, and wanted %q", r.Event, err, want)
			return
		}
	}
}

// ring notes that a phone rings, and returns who picked up.
func (c *crowd) ring(phone string, h autocall.HandOut) (picked string) {
	c.mu.Lock()
	i := c.calls[h.Number]
	if other := c.has[i]; other != "" {
		c.Errorf("%s rings call %d while %s does", phone, i, other)
	}
	if c.done[i] {
		c.Errorf("%s rings call %d, which was answered", phone, i)
	}
	if c.given[h.Mid] != "" {
		c.Errorf("%s got a mid of %s", phone, c.given[h.Mid])
	}
	c.has[i], c.given[h.Mid] = phone, phone
	c.rings++
	c.mu.Unlock()

	<-time.After(time.Millisecond) // or the next phone could not come in between
	s, err := c.q.Get(c.ctx, c.ids[i])
	if err != nil || s.State != autocall.Ringing || s.Phone != phone {
		c.Errorf("%s rings call %d, which is %s at %s (%v)", phone, i, s.State, s.Phone, err)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.has, i)
	if i%3 == 0 && s.Round == 2 {
		c.done[i] = true
		return h.Number
	}
	return ""
}

// Who opens the calls again finds them as they were.
func checkRestart(x *harness) {
	if !x.backend.Shared {
		return
	}
	x.start(autocall.QueueOptions{})
	answered, ringing := x.enqueue(call(1)), x.enqueue(call(2, 3))
	x.post("A", x.given("A", 1), 1, autocall.EventAnswered)
	mid := x.given("A", 2)
	cancelled, waiting := x.enqueue(call(4)), x.enqueue(call(5))
	_, err := x.q.Cancel(x.ctx, cancelled, "resolved")
	x.must(err)
	before := x.snapshot()

	x.start(autocall.QueueOptions{})
	equal(x, "everything after the restart", x.snapshot(), before)
	equal(x, "mid of A", x.given("A", 2), mid)
	x.post("B", x.given("B", 5), 5, autocall.EventAnswered)
	x.post("A", mid, 0, autocall.EventNobody)
	x.post("A", x.given("A", 3), 3, autocall.EventAnswered)
	x.nothing("A")
	for _, id := range []string{answered, ringing, waiting} {
		x.is(id, autocall.Answered)
	}
	x.is(cancelled, autocall.Cancelled)
}

// snapshot returns all that can be asked for, as text.
func (x *harness) snapshot() string {
	calls, err := x.q.List(x.ctx, false, 100)
	x.must(err)
	phones, err := x.q.Phones(x.ctx)
	x.must(err)
	var text strings.Builder
	fmt.Fprintln(&text, phones)
	for _, s := range calls {
		fmt.Fprintln(&text, s.ID, s.Call, s.State, s.Round, s.By, s.Phone, s.Created.UnixMilli(), s.Expires.UnixMilli(), s.Finished.UnixMilli())
		for _, e := range s.Audit {
			e.At = time.UnixMilli(e.At.UnixMilli())
			fmt.Fprintln(&text, e)
		}
	}
	return text.String()
}
