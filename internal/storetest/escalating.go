package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A ladder is an escalation over a chat, a telephone after five minutes and
// another one after ten, and what they heard.
type ladder struct {
	*harness

	chat, phone, last alerttest.Recorder
	box               *outbox.Outbox
	halt              func()

	mu      sync.Mutex
	stopped []string
	refuse  int // times that Stop fails
}

const (
	firstCall = 5 * time.Minute
	lastCall  = 10 * time.Minute
	linkTo    = "https://ops.example.com/take/"
)

// climb opens an outbox with the ladder's escalation and runs it.
func (l *ladder) climb(s *outbox.Store) (*escalate.Escalation, *outbox.Outbox) {
	l.Helper()
	b := l.open(s, outbox.Options{})
	e, err := escalate.New(b, "duty", []escalate.Step{
		{Name: "chat", Sender: &l.chat, Link: func(token string) string { return linkTo + token }},
		{Name: "phone", After: firstCall, Sender: alert.SenderFunc(l.ring), Stop: l.stop, Route: outbox.RouteOptions{NeverTwice: true}},
		{Name: "last", After: lastCall, Sender: &l.last},
	}, nil)
	l.must(err)
	l.box, l.halt = b, l.run(b)
	return e, b
}

// leap moves the clock forward while nothing runs, which in a bubble is quicker.
func (l *ladder) leap(d time.Duration) {
	l.halt()
	l.backend.Advance(d)
	l.halt = l.run(l.box)
}

// ring is the Sender of the telephone, whose calls are known by their number.
func (l *ladder) ring(ctx context.Context, alerts ...alert.Alert) error {
	if err := escalate.TrackReference(ctx, "call "+alerts[0].Name); err != nil {
		return err
	}
	return l.phone.Send(ctx, alerts...)
}

func (l *ladder) stop(_ context.Context, ref string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = append(l.stopped, ref)
	if l.refuse--; l.refuse >= 0 {
		return errors.New("not now")
	}
	return nil
}

func (l *ladder) counts(what string, of *[]string) func(n int) {
	return func(n int) {
		l.Helper()
		l.until(what, func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(*of) >= n
		})
	}
}

// hears waits until a Sender has heard of alerts by name, and of nothing else.
func (l *ladder) hears(who string, far *alerttest.Recorder, want ...string) {
	l.Helper()
	l.until(who, func() bool { return len(far.Accepted()) >= len(want) })
	l.equal(who, names(far.Accepted()), want)
}

// stays waits until e knows of one incident in a state.
func (l *ladder) stays(e *escalate.Escalation, want escalate.State) escalate.Incident {
	l.Helper()
	var last escalate.Incident
	l.until("the incident to be "+string(want), func() bool {
		list, err := e.Incidents(l.ctx, 0, 500)
		l.must(err)
		if len(list) > 0 {
			last = list[len(list)-1]
		}
		return last.State == want
	})
	return last
}

// token returns the token of the link that the chat heard last.
func (l *ladder) token() string {
	l.Helper()
	heard := l.chat.Accepted()
	for _, a := range slices.Backward(heard) {
		if token, ok := strings.CutPrefix(a.URL, linkTo); ok {
			return token
		}
	}
	l.Fatal("no link came by the chat")
	return ""
}

func (x *harness) ladder() *ladder { return &ladder{harness: x} }

// Each step is taken once and in its time, and at the end the chat hears that
// nobody took the problem.
func checkEscalation(x *harness) {
	l := x.ladder()
	e, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.hears("chat", &l.chat, "fire")
	l.leap(firstCall - 10*time.Second)
	x.someTime()
	l.hears("phone", &l.phone)
	x.backend.Advance(10 * time.Second)
	l.hears("phone", &l.phone, "fire")
	x.must(b.Send(x.ctx, about("key", "fire again")...)) // which rings nobody
	l.hears("chat", &l.chat, "fire", "fire again")
	l.leap(lastCall - firstCall)
	l.hears("last", &l.last, "fire again") // what is known by now
	l.leap(40 * time.Minute)
	l.stays(e, escalate.Exhausted)
	l.hears("chat", &l.chat, "fire", "fire again", "fire again")
	l.leap(time.Hour)
	x.someTime()
	l.hears("phone", &l.phone, "fire")
	_, err := e.Acknowledge(x.ctx, l.token(), "late")
	x.must(err)
	if in := l.stays(e, escalate.Acknowledged); in.By != "late" || in.Steps != 3 {
		x.Fatalf("incident %+v", in)
	}
}

// Whoever has the link stops the steps. Who came second does not take it over.
func checkTaken(x *harness) {
	l := x.ladder()
	e, b := l.climb(x.store)
	alerts := append(about("key", "fire"), about("other", "smoke")...)
	alerts[0].URL = "https://console.example.com/1"
	x.must(b.Send(x.ctx, alerts...))
	l.hears("chat", &l.chat, "fire", "smoke")
	token := l.token()
	if heard := l.chat.Accepted(); heard[0].URL != heard[1].URL {
		x.Fatal("two links in one message")
	}
	if _, err := e.Acknowledge(x.ctx, "nobody's", "me"); !errors.Is(err, escalate.ErrUnknownReference) {
		x.Fatalf("Acknowledge of an unknown reference: %v", err)
	}
	var list []escalate.Incident
	x.until("the link to be known", func() (known bool) {
		var err error
		list, err = e.Acknowledge(x.ctx, token, " Zhang\n Wei ")
		return err == nil
	})
	if len(list) != 2 || list[0].By != "Zhang Wei" || list[0].Alert.URL != "https://console.example.com/1" {
		x.Fatalf("taken: %+v", list)
	}
	list, err := e.Acknowledge(x.ctx, token, "Li")
	x.must(err)
	if list[1].By != "Zhang Wei" || list[1].State != escalate.Acknowledged {
		x.Fatalf("taken again: %+v", list)
	}
	l.hears("chat", &l.chat, "fire", "smoke", "fire", "smoke") // with the news
	if s := l.chat.Accepted()[2].Summary; !strings.Contains(s, "Zhang Wei") {
		x.Fatalf("the news are %q", s)
	}
	l.leap(2 * lastCall)
	x.someTime()
	l.hears("phone", &l.phone)
	l.hears("last", &l.last)
}

// A problem that is over stops the steps, and calls off what rings.
func checkEnded(x *harness) {
	l := x.ladder()
	l.refuse = 2
	e, b := l.climb(x.store)
	x.must(b.Send(x.ctx, about("early", "short")...))
	l.hears("chat", &l.chat, "short")
	x.must(b.Send(x.ctx, over("early", "short is over")...))
	l.hears("chat", &l.chat, "short", "short is over")
	l.stays(e, escalate.Ended)
	l.leap(2 * lastCall)
	x.someTime()
	l.hears("phone", &l.phone)

	x.must(b.Send(x.ctx, about("key", "fire")...))
	l.stays(e, escalate.Waiting)
	l.leap(firstCall)
	l.hears("phone", &l.phone, "fire")
	x.someTime()
	x.must(b.Send(x.ctx, over("key", "fire is over")...))
	l.counts("the telephone to be stopped", &l.stopped)(1)
	x.backend.Advance(20 * time.Second)
	l.counts("the telephone to be stopped again", &l.stopped)(2)
	x.backend.Advance(20 * time.Second)
	l.counts("the telephone to be stopped at last", &l.stopped)(3)
	l.leap(2 * lastCall)
	x.someTime()
	l.hears("last", &l.last)
	l.equal("stopped", l.stopped, []string{"call fire", "call fire", "call fire"})
}

// over returns an alert that says that a problem is over.
func over(key, name string) []alert.Alert {
	alerts := about(key, name)
	alerts[0].Status = alert.Resolved
	return alerts
}
