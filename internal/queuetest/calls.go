package queuetest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// hostileKeys are different keys that careless comparison takes for equal, or
// that careless storage cuts off or refuses.
func hostileKeys() []string {
	long := strings.Repeat("k", 1023)
	return []string{
		"abc", "ABC", "abc ", " abc", "ábc", "a\u0301bc", "abc\x00", "abc\x00d", "\x00", "%", "_", "'", `\`, "?", "null", "0", "0.0",
		long + "a", long + "b", "磁盘", "磁盤", "ß", "ss", "\ufeffabc", "abc\u200b", "🔥", "😀",
	}
}

func checkKeys(x *harness) {
	x.start(autocall.QueueOptions{})
	ids := make(map[string]string)
	for _, key := range hostileKeys() {
		c := call(1)
		c.Key = key
		ids[key] = x.enqueue(c)
	}
	for _, key := range hostileKeys() {
		c := call(2)
		c.Key = key
		id, joined, err := x.q.Enqueue(x.ctx, c)
		x.must(err)
		if !joined || id != ids[key] {
			x.Fatalf("key %.20q: joined %v, id %s, and wanted %s", key, joined, id, ids[key])
		}
		equal(x, "the people of the first call", x.is(id, autocall.Queued).Call.People[0].Number, number(1))
	}
	was, err := x.q.Cancel(x.ctx, ids["abc"], "")
	x.must(err)
	equal(x, "Cancel", was, true)
	c := call(1)
	c.Key = "abc"
	if x.enqueue(c) == ids["abc"] {
		x.Fatal("a call that had ended was joined")
	}
	x.enqueue(call(1)) // no key is no identity
	x.enqueue(call(1))
}

func checkRefused(x *harness) {
	x.start(autocall.QueueOptions{})
	for name, change := range map[string]func(*autocall.Call){
		"nobody":           func(c *autocall.Call) { c.People = nil },
		"a code":           func(c *autocall.Call) { c.People[0].Number = "*7213900001111" },
		"a long key":       func(c *autocall.Call) { c.Key = strings.Repeat("k", 1025) },
		"a key of bytes":   func(c *autocall.Call) { c.Key = "\xff" },
		"a long message":   func(c *autocall.Call) { c.Message = strings.Repeat("m", autocall.MaxMessage+1) },
		"too many rounds":  func(c *autocall.Call) { c.Rounds = autocall.MaxRounds + 1 },
		"too long a life":  func(c *autocall.Call) { c.Expiry = autocall.MaxExpiry + 1 },
		"a pause backward": func(c *autocall.Call) { c.Interval = -1 },
	} {
		c := call(1)
		change(&c)
		_, _, err := x.q.Enqueue(x.ctx, c)
		refused, ok := errors.AsType[*autocall.Error](err)
		if !ok || refused.Retryable() {
			x.Errorf("%s: Enqueue returned %v, and wanted an *Error that is final", name, err)
		}
	}
	x.nothing("phone")
	for over, want := range map[alert.Severity]alert.Severity{100: alert.Critical, -100: alert.Info} { // never a reason to refuse
		c := call(1)
		c.Severity = over
		equal(x, "severity", x.is(x.enqueue(c), autocall.Queued).Call.Severity, want)
	}
}

// The worst first, and of equals the one that came first. A call that is asked
// for again and is worse now moves up.
func checkOrder(x *harness) {
	x.start(autocall.QueueOptions{})
	severities := []alert.Severity{
		alert.Warning, alert.Info, alert.Critical, alert.Notice, alert.Major, alert.Critical, alert.Info, alert.Warning, alert.Critical,
	}
	for i, s := range severities {
		c := call(i)
		c.Severity, c.Key = s, number(i)
		x.enqueue(c)
	}
	worse := call(7)
	worse.Severity, worse.Key = alert.Major, number(7)
	if _, joined, err := x.q.Enqueue(x.ctx, worse); err != nil || !joined {
		x.Fatalf("Enqueue: joined %v, %v", joined, err)
	}
	for _, i := range []int{2, 5, 8, 4, 7, 0, 3, 1, 6} {
		x.post("phone", x.given("phone", i), 0, autocall.EventNobody)
	}
	x.nothing("phone")
}

// A phone is told the same until it tells the outcome, and another phone gets
// another call.
func checkSticky(x *harness) {
	x.start(autocall.QueueOptions{})
	first, second := x.enqueue(call(1, 2)), x.enqueue(call(3))
	a, b := x.given("A", 1), x.given("B", 3)
	for range 3 {
		equal(x, "mid of A", x.given("A", 1), a)
		equal(x, "mid of B", x.given("B", 3), b)
		x.nothing("C")
	}
	equal(x, "phone of the first", x.is(first, autocall.Ringing).Phone, "A")
	worse := call(4)
	worse.Severity = alert.Critical
	x.enqueue(worse)
	equal(x, "mid of A beside a worse call", x.given("A", 1), a)
	x.post("B", b, 3, autocall.EventAnswered)
	x.given("B", 4)
	equal(x, "who answered", x.is(second, autocall.Answered).By.Number, number(3))
	x.post("A", a, 1, autocall.EventAnswered)
	x.nothing("A")
}

func checkMids(x *harness) {
	x.start(autocall.QueueOptions{})
	c := call(1, 2)
	c.Rounds = 3
	for range 2 {
		x.enqueue(c)
	}
	seen := make(map[string]bool)
	for range 2 * 2 * 3 {
		mid := x.next("phone").Mid
		if mid == "" || len(mid) > 128 || seen[mid] {
			x.Fatalf("mid %q was given before, or is no mid", mid)
		}
		seen[mid] = true
		x.post("phone", mid, 0, autocall.EventNobody)
	}
	x.nothing("phone")
}

func checkRounds(x *harness) {
	x.start(autocall.QueueOptions{})
	c := call(1, 2, 1) // equal numbers count once
	c.Rounds = 2
	id := x.enqueue(c)
	for _, person := range []int{1, 2, 1, 2} {
		x.post("phone", x.given("phone", person), 0, autocall.EventNobody)
	}
	x.nothing("phone")
	s := x.is(id, autocall.Exhausted)
	want := []autocall.Event{
		autocall.EventQueued,
		autocall.EventHandedOut, autocall.EventNobody, autocall.EventHandedOut, autocall.EventNobody, autocall.EventRound,
		autocall.EventHandedOut, autocall.EventNobody, autocall.EventHandedOut, autocall.EventNobody, autocall.EventExhausted,
	}
	if got := events(s); !slices.Equal(got, want) {
		x.Fatalf("the trail is %v", got)
	}
	equal(x, "round", s.Round, 2)
}

func checkInterval(x *harness) {
	x.start(autocall.QueueOptions{})
	c := call(1)
	c.Rounds, c.Interval = 2, 30*time.Minute
	id := x.enqueue(c)
	x.post("phone", x.given("phone", 1), 0, autocall.EventNobody)
	x.nothing("phone")
	x.backend.Advance(29 * time.Minute)
	x.nothing("phone")
	other := x.enqueue(call(2)) // which does not wait for the pause
	x.post("phone", x.given("phone", 2), 2, autocall.EventAnswered)
	x.is(other, autocall.Answered)
	x.backend.Advance(time.Minute)
	x.post("phone", x.given("phone", 1), 1, autocall.EventAnswered)
	equal(x, "round", x.is(id, autocall.Answered).Round, 2)
}

// Between two steps the phone is told to wait.
func checkSteps(x *harness) {
	x.start(autocall.QueueOptions{StepDelay: 10 * time.Minute})
	id := x.enqueue(call(1))
	mid := x.given("phone", 1)
	for range 2 {
		x.nothing("phone")
		x.nothing("other")
		x.backend.Advance(10 * time.Minute)
		equal(x, "mid of the next step", x.given("phone", 1), mid)
	}
	x.post("phone", mid, 1, autocall.EventAnswered)
	x.is(id, autocall.Answered)
}
