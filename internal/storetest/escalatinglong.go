package storetest

import (
	"errors"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
)

// An escalation goes on in the next process. What came due while none ran does not
// ring everybody at once.
func checkEscalationRestart(x *harness) {
	l := x.ladder()
	_, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	token := l.token()
	l.halt()
	x.backend.Advance(time.Hour)
	l.climb(x.other())
	l.hears("phone", &l.phone, "fire")
	x.someTime()
	l.hears("last", &l.last)
	l.halt()
	e, _ := l.climb(x.other())
	l.leap(lastCall - firstCall)
	l.hears("last", &l.last, "fire")
	_, err := e.Acknowledge(x.ctx, token, "me") // by the link of the first process
	x.must(err)
	l.counts("the telephone of the process before to be stopped", &l.stopped)(1)
}

// Two processes take each step once.
func checkEscalationShared(x *harness) {
	l := x.ladder()
	_, b := l.climb(x.store)
	l.climb(x.other())
	const n = 40
	for _, name := range numbered(n) {
		x.must(b.Send(x.ctx, about(name, name)...))
	}
	x.until("the chat", func() bool { return len(l.chat.Accepted()) == n })
	x.backend.Advance(firstCall)
	x.until("the telephone", func() bool { return len(l.phone.Accepted()) >= n })
	x.backend.Advance(lastCall)
	x.until("the last step", func() bool { return len(l.last.Accepted()) >= n })
	x.someTime()
	if chat, phone, last := len(l.chat.Accepted()), len(l.phone.Accepted()), len(l.last.Accepted()); chat != n || phone != n || last != n {
		x.Fatalf("%d problems were told to the chat %d times, by telephone %d and at last %d times", n, chat, phone, last)
	}
}

// An acknowledged problem opens a new incident if it gets worse, and after a time.
func checkAnew(x *harness) {
	l := x.ladder()
	l.opts = escalate.Options{Forget: 6 * time.Hour, Quiet: true}
	e, b := l.climb(x.store)
	take := func(who string) {
		x.Helper()
		_, err := e.Acknowledge(x.ctx, l.token(), who)
		x.must(err)
	}
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	x.someTime() // until that is settled
	take("first")
	x.must(b.Send(x.ctx, about("key", "fire again")...))
	l.hears("chat", &l.chat, "fire", "fire again")
	l.stays(e, escalate.Acknowledged)
	worse := about("key", "blaze")
	worse[0].Severity = alert.Critical
	x.must(b.Send(x.ctx, worse...))
	l.stays(e, escalate.Waiting)
	l.hears("chat", &l.chat, "fire", "fire again", "blaze")
	x.someTime()
	take("second")
	l.leap(5 * time.Hour)
	worse[0].ID = "blaze 2"
	x.must(b.Send(x.ctx, worse...))
	x.someTime()
	l.stays(e, escalate.Acknowledged)
	l.leap(2 * time.Hour)
	worse[0].ID = "blaze 3"
	x.must(b.Send(x.ctx, worse...))
	l.stays(e, escalate.Waiting)
	l.hears("phone", &l.phone)
	x.backend.Advance(firstCall)
	l.hears("phone", &l.phone, "blaze")
}

// Events without a Key are problems of their own. Others may be filtered out, and
// a lack of data is told and not escalated.
func checkWithoutKey(x *harness) {
	l := x.ladder()
	l.opts.Filter = func(a alert.Alert) bool { return a.Name != "not this" }
	e, b := l.climb(x.store)
	alerts := some("a", "not this", "b", "nothing known")
	alerts[3].Status = alert.NoData
	x.must(b.Send(x.ctx, alerts...))
	l.hears("chat", &l.chat, "a", "b", "nothing known")
	list, err := e.Incidents(x.ctx, 0, 500)
	x.must(err)
	if len(list) != 2 {
		x.Fatalf("incidents: %+v", list)
	}
	x.backend.Advance(firstCall)
	l.hears("phone", &l.phone, "a", "b")
}

// Tests and news are told at once, and neither call anybody nor end what calls.
func checkTestsAndNews(x *harness) {
	l := x.ladder()
	e, b := l.climb(x.store)
	alone := append(about("key", "test"), about("key", "news")...)
	alone[0].Test, alone[1].Status = true, alert.News
	x.must(b.Send(x.ctx, alone...))
	l.hears("chat", &l.chat, "test", "news")
	if url := l.chat.Accepted()[0].URL; url != "" {
		x.Fatalf("the test can be taken at %q", url)
	}
	l.leap(2 * lastCall)
	x.someTime()
	l.hears("phone", &l.phone)

	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.stays(e, escalate.Waiting)
	ends := append(over("key", "test that it is over"), about("key", "other news")...)
	ends[0].Test, ends[1].Status = true, alert.News
	x.must(b.Send(x.ctx, ends...))
	l.hears("chat", &l.chat, "test", "news", "fire", "test that it is over", "other news")
	l.stays(e, escalate.Waiting)
	l.leap(firstCall)
	l.hears("phone", &l.phone, "fire")
	list, err := e.Incidents(x.ctx, 0, 500)
	x.must(err)
	if len(list) != 1 {
		x.Fatalf("incidents: %+v", list)
	}
}

// What is over for long is forgotten, with its links.
func checkForgotten(x *harness) {
	l := x.ladder()
	e, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	x.must(b.Send(x.ctx, over("key", "fire is over")...))
	l.stays(e, escalate.Ended)
	token := l.token()
	l.leap(6 * 24 * time.Hour)
	x.someTime()
	_, err := e.IncidentsByReference(x.ctx, token)
	x.must(err)
	l.leap(3 * 24 * time.Hour)
	x.until("the incident to be forgotten", func() bool {
		_, err := e.IncidentsByReference(x.ctx, token)
		return errors.Is(err, escalate.ErrUnknownReference)
	})
	list, err := e.Incidents(x.ctx, 0, 500)
	x.must(err)
	if len(list) != 0 {
		x.Fatalf("incidents: %+v", list)
	}
}
