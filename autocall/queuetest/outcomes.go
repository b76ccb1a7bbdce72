package queuetest

import (
	"errors"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// short is a lease that a check waits for.
const short = 30 * time.Millisecond

// A phone that falls silent loses its call to another one, and is believed all
// the same when it says that somebody picked up.
func checkLease(x *exam) {
	x.start(autocall.QueueOptions{Lease: short})
	id := x.enqueue(call(1, 2))
	old := x.given("A", 1)
	h := x.wait("B", "")
	equal(x, "number", h.Numbers[0], number(1))
	if h.Mid == old {
		x.Fatal("the second hand-out has the mid of the first")
	}
	x.post("A", old, 0, autocall.EventIgnored)
	equal(x, "call of a late answer", x.post("A", old, 1, autocall.EventLate), id)
	x.nothing("A")
	x.nothing("B")
	s := x.is(id, autocall.Answered)
	equal(x, "who answered", s.By.Number, number(1))
	x.post("B", h.Mid, 0, autocall.EventIgnored)
	x.post("B", h.Mid, 1, autocall.EventIgnored)
	x.is(id, autocall.Answered)
}

// Polling renews the lease but not for ever. A person whom no phone manages to
// ring is passed over.
func checkDeadline(x *exam) {
	x.start(autocall.QueueOptions{Deadline: short})
	id := x.enqueue(call(1, 2))
	mid, rung := "", ""
	for range 3 {
		h := x.wait("phone", mid)
		mid, rung = h.Mid, h.Numbers[0]
		equal(x, "number", rung, number(1))
	}
	h := x.wait("phone", mid)
	equal(x, "number after three hand-outs were lost", h.Numbers[0], number(2))
	x.post("phone", h.Mid, 2, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}

func checkUnknown(x *exam) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1))
	mid := x.given("phone", 1)
	for _, unknown := range []string{
		"", "x", "\x00", "\xff", "'", "%", strings.Repeat("m", 100000), strings.ToLower(mid), mid + " ", " " + mid, mid + "\x00", mid[:len(mid)-1],
	} {
		for person := range 2 {
			equal(x, "call", x.post("phone", unknown, person, ""), "")
		}
	}
	equal(x, "mid", x.given("phone", 1), mid)
	x.is(id, autocall.Ringing)
}

// A post may come twice, and the first word that somebody picked up stands.
func checkRepeated(x *exam) {
	x.start(autocall.QueueOptions{List: 2})
	id := x.enqueue(call(1, 2))
	mid := x.given("phone", 1, 2)
	equal(x, "call", x.post("phone", mid, 1, autocall.EventAnswered), id)
	for _, person := range []int{1, 2, 0, 1} {
		equal(x, "call", x.post("phone", mid, person, autocall.EventIgnored), id)
	}
	equal(x, "who answered", x.is(id, autocall.Answered).By.Number, number(1))
	x.nothing("phone")

	c := call(3)
	c.Rounds = 2
	id = x.enqueue(c)
	mid = x.given("phone", 3)
	x.post("phone", mid, 0, autocall.EventNobody)
	x.post("phone", mid, 0, autocall.EventIgnored) // or it would use up the second round
	x.post("phone", x.given("phone", 3), 3, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}

// That somebody picked up is believed after all that may come between.
func checkLate(x *exam) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1, 2))
	mid := x.given("phone", 1)
	x.post("phone", mid, 0, autocall.EventNobody)
	x.given("phone", 2)
	x.post("phone", mid, 1, autocall.EventLate)
	x.nothing("phone")
	equal(x, "who answered", x.is(id, autocall.Answered).By.Number, number(1))

	id = x.enqueue(call(3))
	mid = x.given("phone", 3)
	x.post("phone", mid, 0, autocall.EventNobody)
	x.is(id, autocall.Exhausted)
	x.post("phone", mid, 3, autocall.EventLate)
	x.is(id, autocall.Answered)
}

func checkSuspicious(x *exam) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1, 2))
	mid := x.given("phone", 1)
	for _, person := range []int{2, 3} { // of the call but not handed out, and of nobody
		equal(x, "call", x.post("phone", mid, person, autocall.EventSuspicious), id)
	}
	equal(x, "mid", x.given("phone", 1), mid)
	s := x.is(id, autocall.Ringing)
	for _, e := range s.Audit {
		if strings.Contains(e.Number, number(3)) || strings.Contains(e.Number, number(1)) {
			x.Fatal("the trail holds a whole number")
		}
	}
}

func checkCancel(x *exam) {
	x.start(autocall.QueueOptions{})
	ringing, waiting := x.enqueue(call(1)), x.enqueue(call(2))
	mid := x.given("phone", 1)
	for _, id := range []string{ringing, waiting} {
		for _, want := range []bool{true, false} {
			was, err := x.q.Cancel(x.ctx, id, "resolved")
			x.must(err)
			equal(x, "Cancel", was, want)
		}
		s := x.is(id, autocall.Cancelled)
		equal(x, "cause", s.Audit[len(s.Audit)-1].Cause, "resolved")
	}
	x.nothing("phone")
	x.post("phone", mid, 1, autocall.EventIgnored)
	x.is(ringing, autocall.Cancelled)
	for _, id := range []string{"", "x", "\x00\xff", ringing + " ", strings.ToLower(ringing)} {
		_, err := x.q.Cancel(x.ctx, id, "")
		refused, ok := errors.AsType[*autocall.Error](err)
		if !ok || !errors.Is(err, autocall.ErrUnknownCall) || refused.Retryable() {
			x.Errorf("Cancel(%q) returned %v, and wanted ErrUnknownCall", id, err)
		}
		if _, err := x.q.Get(x.ctx, id); !errors.Is(err, autocall.ErrUnknownCall) {
			x.Errorf("Get(%q) returned %v, and wanted ErrUnknownCall", id, err)
		}
	}
}

// A call that got too old ends, whether a phone has it or not.
func checkExpiry(x *exam) {
	x.start(autocall.QueueOptions{})
	c := call(1)
	c.Key, c.Expiry = "key", short
	waiting := x.enqueue(c)
	x.until("a second call with the key", func() bool { // nobody polls meanwhile
		_, joined, err := x.q.Enqueue(x.ctx, call2(c, time.Hour))
		x.must(err)
		return !joined
	})
	x.is(waiting, autocall.Expired)
	x.given("other", 1)

	c = call(2)
	c.Expiry = short
	id := x.enqueue(c)
	mid := ""
	x.until("the end of the call", func() bool {
		h := x.next("phone")
		if h.IsZero() {
			return true
		}
		mid = h.Mid
		return false
	})
	x.is(id, autocall.Expired)
	if mid != "" { // unless it had expired before the first poll
		x.post("phone", mid, 2, autocall.EventLate)
		x.is(id, autocall.Answered)
	}
}

// call2 returns c with another expiry.
func call2(c autocall.Call, expiry time.Duration) autocall.Call {
	c.Expiry = expiry
	return c
}

func checkPolicy(x *exam) {
	night := true
	x.start(autocall.QueueOptions{Policy: autocall.Policies(
		autocall.Blocklist(number(1)),
		func(_ time.Time, s alert.Severity, p autocall.Person) autocall.Verdict {
			if night && s < alert.Critical && p.Number == number(3) {
				return autocall.NotNow
			}
			return autocall.Ring
		})})
	id := x.enqueue(call(1, 2))
	x.post("phone", x.given("phone", 2), 0, autocall.EventNobody)
	x.is(id, autocall.Exhausted)
	id = x.enqueue(call(1))
	x.nothing("phone")
	x.is(id, autocall.Exhausted)
	id = x.enqueue(call(3))
	x.nothing("phone")
	x.is(id, autocall.Queued)
	c := call(3)
	c.Severity = alert.Critical
	id = x.enqueue(c)
	x.post("phone", x.given("phone", 3), 3, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}

// A call that must not be rung now is rung when it may.
func checkPostponed(x *exam) {
	until := time.Now().Add(3 * time.Minute)
	x.start(autocall.QueueOptions{Policy: func(now time.Time, _ alert.Severity, _ autocall.Person) autocall.Verdict {
		if now.Before(until) {
			return autocall.NotNow
		}
		return autocall.Ring
	}})
	id := x.enqueue(call(1))
	h := x.wait("phone", "")
	if time.Now().Before(until) {
		x.Fatal("rung too early")
	}
	x.post("phone", h.Mid, 1, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}
