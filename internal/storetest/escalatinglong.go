package storetest

import (
	"errors"
	"time"

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
	x.settlesOn(b, "duty/chat") // a step without an outcome for a minute has failed
	x.backend.Advance(firstCall)
	x.until("the telephone", func() bool { return len(l.phone.Accepted()) >= n })
	x.settlesOn(b, "duty/phone")
	x.backend.Advance(lastCall)
	x.until("the last step", func() bool { return len(l.last.Accepted()) >= n })
	x.someTime()
	if chat, phone, last := len(l.chat.Accepted()), len(l.phone.Accepted()), len(l.last.Accepted()); chat != n || phone != n || last != n {
		x.Fatalf("%d problems were told to the chat %d times, by telephone %d and at last %d times", n, chat, phone, last)
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
	_, err := e.IncidentsByToken(x.ctx, token)
	x.must(err)
	l.leap(3 * 24 * time.Hour)
	x.until("the incident to be forgotten", func() bool {
		_, err := e.IncidentsByToken(x.ctx, token)
		return errors.Is(err, escalate.ErrUnknownReference)
	})
	list, err := e.Incidents(x.ctx, 0, 500)
	x.must(err)
	if len(list) != 0 {
		x.Fatalf("incidents: %+v", list)
	}
}
