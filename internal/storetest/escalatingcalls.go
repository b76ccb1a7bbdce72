package storetest

import (
	"time"

	"github.com/tocsin-go/tocsin/alert/escalate"
)

// A call about two problems goes on while one of them does.
func checkSharedCall(x *harness) {
	l := x.ladder()
	e, b := l.climb(x.store)
	x.must(b.Send(x.ctx, append(about("a", "fire"), about("b", "smoke")...)...))
	l.hears("chat", &l.chat, "fire", "smoke")
	l.leap(firstCall)
	l.hears("phone", &l.phone, "fire", "smoke")
	x.someTime()
	ended := over("b", "smoke is over")
	ended[0].URL = "https://console.example.com/2"
	x.must(b.Send(x.ctx, ended...))
	l.stays(e, escalate.Ended)
	l.hears("chat", &l.chat, "fire", "smoke", "smoke is over")
	if url := l.chat.Accepted()[2].URL; url != ended[0].URL {
		x.Fatalf("the URL of a recovery became %q", url)
	}
	x.backend.Advance(20 * time.Second)
	l.counts("the telephone to be watched", &l.asked)(1)
	x.backend.Advance(20 * time.Second)
	l.counts("the telephone to be watched again", &l.asked)(2)
	l.equal("stopped", l.stopped, nil)
	x.must(b.Send(x.ctx, over("a", "fire is over")...))
	l.counts("the telephone to be stopped", &l.stopped)(1)
}

// A call that waits at a step whose far end is away is about one incident. The
// next one, about the same problem, has its own time.
func checkOldCall(x *harness) {
	l := x.ladder()
	l.phone.Fail(fault{again: true, after: time.Minute})
	_, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	l.leap(firstCall)
	x.until("the telephone to fail", func() bool { return b.Stats().Routes["duty/phone"].Retried == 1 })
	x.must(b.Send(x.ctx, over("key", "fire is over")...))
	x.must(b.Send(x.ctx, about("key", "fire 2")...))
	l.hears("chat", &l.chat, "fire", "fire is over", "fire 2")
	l.leap(2 * time.Minute)
	x.until("the old call to be forgotten", func() bool {
		list, err := b.Pending(x.ctx, "duty/phone", 0, 1)
		return err == nil && len(list) == 0
	})
	l.hears("phone", &l.phone)
	l.leap(firstCall - 2*time.Minute)
	l.hears("phone", &l.phone, "fire 2")
}

// What waits at a step whose far end is away does not go out when the problem
// has been taken meanwhile.
func checkCalledOff(x *harness) {
	l := x.ladder()
	l.phone.Fail(fault{again: true, after: time.Hour})
	e, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	l.leap(firstCall)
	x.until("the telephone to fail", func() bool { return b.Stats().Routes["duty/phone"].Retried == 1 })
	_, err := e.Acknowledge(x.ctx, l.token(), "me")
	x.must(err)
	l.leap(2 * time.Hour)
	x.until("the call to be forgotten", func() bool {
		list, err := b.Pending(x.ctx, "duty/phone", 0, 1)
		return err == nil && len(list) == 0
	})
	l.hears("phone", &l.phone)
}
