package queuetest

import (
	"errors"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// A phone that falls silent loses its call to another one, and is believed all
// the same when it says that somebody picked up.
func checkLease(x *harness) {
	x.start(autocall.QueueOptions{})
	c := call(1, 2)
	c.Expiry = autocall.MaxExpiry
	id := x.enqueue(c)
	old := x.given("A", 1)
	for range 2 { // each poll renews the lease
		x.backend.Advance(lease * 3 / 4)
		equal(x, "mid of A", x.given("A", 1), old)
		x.nothing("B")
	}
	x.backend.Advance(lease)
	mid := x.given("B", 1)
	if mid == old {
		x.Fatal("the second hand-out has the mid of the first")
	}
	x.nothing("A")
	x.post("A", old, 0, autocall.EventIgnored)
	equal(x, "mid of B", x.given("B", 1), mid)
	equal(x, "call of a late answer", x.post("A", old, 1, autocall.EventLate), id)
	x.nothing("A")
	x.nothing("B")
	equal(x, "who answered", x.is(id, autocall.Answered).By.Number, number(1))
	x.post("B", mid, 0, autocall.EventIgnored)
	x.post("B", mid, 1, autocall.EventIgnored)
	x.is(id, autocall.Answered)
}

// Polling renews the lease but not for ever. A person whom no phone manages to
// ring is passed over.
func checkDeadline(x *harness) {
	x.start(autocall.QueueOptions{Deadline: lease * 3 / 2})
	c := call(1, 2)
	c.Expiry = autocall.MaxExpiry
	id := x.enqueue(c)
	old := ""
	for range 3 {
		mid := x.given("phone", 1)
		if mid == old {
			x.Fatal("a hand-out has the mid of one that was lost")
		}
		x.backend.Advance(lease * 3 / 4)
		equal(x, "mid", x.given("phone", 1), mid)
		x.backend.Advance(lease * 3 / 4)
		old = mid
	}
	x.post("phone", x.given("phone", 2), 2, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}

func checkUnknown(x *harness) {
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
func checkRepeated(x *harness) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1, 2))
	mid := x.given("phone", 1)
	equal(x, "call", x.post("phone", mid, 1, autocall.EventAnswered), id)
	for _, person := range []int{1, 0, 1} {
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
func checkLate(x *harness) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1, 2))
	mid := x.given("phone", 1)
	x.post("phone", mid, 0, autocall.EventNobody)
	x.given("phone", 2)
	x.post("phone", mid, 1, autocall.EventLate)
	x.nothing("phone")
	equal(x, "who answered", x.is(id, autocall.Answered).By.Number, number(1))

	id = x.enqueue(call(3))
	x.nothing("phone") // it is ringing person 2
	x.backend.Advance(2 * time.Minute)
	mid = x.given("phone", 3)
	x.post("phone", mid, 0, autocall.EventNobody)
	x.is(id, autocall.Exhausted)
	x.post("phone", mid, 3, autocall.EventLate)
	x.is(id, autocall.Answered)
}

func checkSuspicious(x *harness) {
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

func checkCancel(x *harness) {
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
	c := call(3)
	c.Key = "key"
	id := x.enqueue(c)
	for _, want := range []string{id, ""} {
		got, err := x.q.CancelKey(x.ctx, "key", "resolved")
		x.must(err)
		equal(x, "CancelKey", got, want)
	}
	x.is(id, autocall.Cancelled)
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
func checkExpiry(x *harness) {
	x.start(autocall.QueueOptions{})
	c := call(1)
	c.Key, c.Expiry = "key", 20*time.Minute
	waiting := x.enqueue(c)
	x.backend.Advance(19 * time.Minute)
	if id, joined, err := x.q.Enqueue(x.ctx, c); err != nil || !joined || id != waiting {
		x.Fatalf("Enqueue returned %s, joined %v, %v, and wanted to join %s", id, joined, err, waiting)
	}
	x.backend.Advance(time.Minute)
	second := x.enqueue(c) // nobody polled meanwhile
	x.is(waiting, autocall.Expired)
	mid := x.given("phone", 1)
	x.backend.Advance(20 * time.Minute)
	x.nothing("phone")
	x.is(second, autocall.Expired)
	x.post("phone", mid, 1, autocall.EventLate)
	x.is(second, autocall.Answered)
}

func checkRing(x *harness) {
	ring, err := alert.NewRinger(&alert.RingPolicy{
		Limits: []alert.Limit{}, Block: []string{number(1)}, Quiet: []alert.QuietHours{{To: 24 * time.Hour}},
	})
	x.must(err)
	x.start(autocall.QueueOptions{Ring: ring})
	urgent := call(1, 2)
	urgent.Severity = alert.Critical
	id := x.enqueue(urgent)
	x.post("phone", x.given("phone", 2), 0, autocall.EventNobody)
	x.is(id, autocall.Exhausted)
	urgent = call(1)
	urgent.Severity = alert.Critical
	id = x.enqueue(urgent)
	x.nothing("phone")
	x.is(id, autocall.Exhausted)
	id = x.enqueue(call(3))
	x.nothing("phone")
	equal(x, "cause", x.is(id, autocall.Queued).Audit[1].Cause, "quiet hours")
	x.backend.Advance(2 * time.Hour)
	x.nothing("phone")
	x.is(id, autocall.Queued) // what is held does not grow old
	c := call(3)
	c.Severity = alert.Critical
	id = x.enqueue(c)
	x.post("phone", x.given("phone", 3), 3, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}
