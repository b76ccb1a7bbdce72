package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// hostileTexts are valid UTF-8 that careless storage changes.
func hostileTexts() []string {
	return []string{
		"", "plain", "\x00", "a\x00b", "'; DROP TABLE autocall_calls; --", `"\"`, `\u0000`, "%s%n?", "?", "$1", "a\r\nb\t", "<&>\u2028",
		"磁盘 🔥", "\u202eabc", "e\u0301", "\ufffd", "\ufeff", " a ", strings.Repeat("磁", 42), "\U0010ffff", "null", "NaN",
	}
}

// Texts come back as they were given.
func checkTexts(x *harness) {
	x.start(autocall.QueueOptions{})
	for i, text := range hostileTexts() {
		c := autocall.Call{
			Key: fmt.Sprint(i, text), Message: text, Severity: alert.Critical, Rounds: 2, Interval: time.Minute, Expiry: time.Hour,
			People: []autocall.Person{{Name: text, Number: number(1)}, {Name: text, Number: "+8613900000002"}},
		}
		id := x.enqueue(c)
		got := x.is(id, autocall.Queued).Call
		if !slices.Equal(got.People, c.People) {
			x.Errorf("text %q: the people are %q", text, got.People)
		}
		got.People, c.People = nil, nil
		equal(x, fmt.Sprintf("the call of text %q", text), fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", c))
	}
	for i, text := range hostileTexts() {
		p := autocall.Phone{Name: fmt.Sprint(i, text), Model: text + "\xff\xfe"} // a header is bytes
		for range 2 {
			_, err := x.q.Next(x.ctx, p)
			x.must(err)
		}
		all, err := x.q.Phones(x.ctx)
		x.must(err)
		at := slices.IndexFunc(all, func(s autocall.PhoneStatus) bool { return s.Name == p.Name })
		if at < 0 || len(all) != i+1 || all[at].Model != p.Model || all[at].Call == "" {
			x.Fatalf("phone %q is not known, with its model and its call, as one of %d", p.Name, i+1)
		}
	}
	long := call(1)
	long.Message = strings.Repeat("🔥", autocall.MaxMessage/4)
	equal(x, "the longest message", x.is(x.enqueue(long), autocall.Queued).Call.Message, long.Message)
}

// The newest first, and as many as asked for.
func checkList(x *harness) {
	x.start(autocall.QueueOptions{})
	var ids []string
	for i := range 7 {
		c := call(i)
		c.Severity = alert.Severity(i % 3)
		ids = append(ids, x.enqueue(c))
	}
	slices.Reverse(ids)
	for _, i := range []int{1, 3, 4} {
		_, err := x.q.Cancel(x.ctx, ids[i], "")
		x.must(err)
	}
	for _, tt := range []struct {
		openOnly bool
		limit    int
		want     []string
	}{
		{false, 100, ids},
		{false, 3, ids[:3]},
		{true, 100, []string{ids[0], ids[2], ids[5], ids[6]}},
		{true, 2, []string{ids[0], ids[2]}},
		{true, 0, []string{ids[0], ids[2], ids[5], ids[6]}}, // as many as usual
	} {
		all, err := x.q.List(x.ctx, tt.openOnly, tt.limit)
		x.must(err)
		var got []string
		for _, s := range all {
			got = append(got, s.ID)
			one := x.is(s.ID, s.State)
			equal(x, "the same call by Get", one.Call.People[0].Number, s.Call.People[0].Number)
		}
		if !slices.Equal(got, tt.want) {
			x.Fatalf("List(%v, %d) returned %v of %v", tt.openOnly, tt.limit, got, ids)
		}
	}
}

// What ended is forgotten when its time is over, and not before. What is open
// is not.
func checkPurge(x *harness) {
	const ended = 220 // more than a store may forget at once
	x.start(autocall.QueueOptions{Keep: time.Hour})
	stop := x.run()
	mid := ""
	for range ended {
		id := x.enqueue(call(1))
		mid = x.given("phone", 1)
		x.post("phone", mid, 1, autocall.EventAnswered)
		x.is(id, autocall.Answered)
	}
	stop()
	c := call(2)
	c.Expiry = autocall.MaxExpiry
	open := x.enqueue(c)
	x.given("phone", 2)
	x.backend.Advance(50 * time.Minute)
	x.given("phone", 2)
	x.post("phone", mid, 1, autocall.EventIgnored) // still known
	x.backend.Advance(50 * time.Minute)
	stop = x.run()
	x.until("old calls to be forgotten", func() bool {
		all, err := x.q.List(x.ctx, false, ended)
		x.must(err)
		return len(all) == 1
	})
	stop()
	x.post("phone", mid, 1, "")
	x.is(open, autocall.Ringing)
}

// A context that has ended changes nothing.
func checkContext(x *harness) {
	x.start(autocall.QueueOptions{})
	id := x.enqueue(call(1))
	mid := x.given("phone", 1)
	ctx, cancel := context.WithCancel(x.ctx)
	cancel()
	phone := autocall.Phone{Name: "phone"}
	for op, f := range map[string]func() error{
		"Enqueue":   func() error { _, _, err := x.q.Enqueue(ctx, call(2)); return err },
		"Next":      func() error { _, err := x.q.Next(ctx, autocall.Phone{Name: "other"}); return err },
		"Answer":    func() error { _, err := x.q.Answer(ctx, autocall.Outcome{Phone: phone, Mid: mid}); return err },
		"Cancel":    func() error { _, err := x.q.Cancel(ctx, id, ""); return err },
		"CancelKey": func() error { _, err := x.q.CancelKey(ctx, "key", ""); return err },
		"Get":       func() error { _, err := x.q.Get(ctx, id); return err },
		"List":      func() error { _, err := x.q.List(ctx, false, 1); return err },
		"Phones":    func() error { _, err := x.q.Phones(ctx); return err },
	} {
		err := f()
		failed, ok := errors.AsType[*autocall.Error](err)
		if !ok || !failed.Retryable() || !errors.Is(err, context.Canceled) {
			x.Errorf("%s returned %v, and wanted a retryable *Error of the context", op, err)
		}
	}
	x.nothing("other")
	x.is(id, autocall.Ringing)
}
