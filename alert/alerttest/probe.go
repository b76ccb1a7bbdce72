package alerttest

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// patience bounds the wait for a Sender that should return at once. Only a
// failing check spends it.
const patience = 10 * time.Second

// A check examines one duty.
type check struct {
	name  string
	needs string // fields of the Harness it cannot do without
	run   func(ctx context.Context, p *probe)
}

// apply runs c on h and returns what is wrong, empty if nothing is.
func (c check) apply(ctx context.Context, h *Harness) []string {
	p := &probe{h: h}
	c.run(ctx, p)
	if h.Logs != nil {
		p.hunt("the log", h.Logs())
	}
	return p.failures
}

// A probe uses the Sender of a Harness and collects what is wrong with it.
type probe struct {
	h *Harness

	mu       sync.Mutex
	failures []string
	serial   int // alerts made by sample so far
}

// failf reports a breach.
func (p *probe) failf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, fmt.Sprintf(format, args...))
}

// send calls Send. A panic is a breach, and so is an error with a secret in
// it. It reports whether Send returned.
func (p *probe) send(ctx context.Context, alerts ...alert.Alert) (returned bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			p.failf("Send panicked: %s\n%s", p.redact(fmt.Sprint(v)), debug.Stack())
		}
	}()
	err = p.h.Sender.Send(ctx, alerts...)
	p.huntError(err)
	return true, err
}

// sample returns n alerts that differ, also from those of earlier calls, so
// that a Sender which drops copies delivers all of them.
func (p *probe) sample(n int) []alert.Alert {
	p.mu.Lock()
	defer p.mu.Unlock()
	alerts := sample(p.serial, n)
	p.serial += n
	return alerts
}

// mustAccept sends and reports everything but success.
func (p *probe) mustAccept(ctx context.Context, what string, alerts ...alert.Alert) {
	if ok, err := p.send(ctx, alerts...); ok && err != nil {
		p.failf("%s: Send = %s, want nil", what, p.redact(err.Error()))
	}
}

// mustFail sends and reports success. It returns the error, or nil if there
// is nothing further to examine.
func (p *probe) mustFail(ctx context.Context, what string, alerts ...alert.Alert) error {
	ok, err := p.send(ctx, alerts...)
	if ok && err == nil {
		p.failf("%s: Send = nil, want an error", what)
	}
	return err
}

// expect compares an answer to one of the error questions.
func (p *probe) expect(what, question string, got, want bool, err error) {
	if got != want {
		p.failf("%s: %s = %t, want %t, for the error: %s", what, question, got, want, p.redact(err.Error()))
	}
}

// delivered compares the count of alerts at the far end.
func (p *probe) delivered(what string, want int) {
	if p.h.Delivered == nil {
		return
	}
	if got := p.h.Delivered(); got != want {
		p.failf("%s: the far end was told of %d alerts, want %d", what, got, want)
	}
}

// messages compares the count of messages at the far end.
func (p *probe) messages(what string, want int) {
	if p.h.Messages == nil {
		return
	}
	if got := p.h.Messages(); got != want {
		p.failf("%s: %d messages reached the far end, want %d", what, got, want)
	}
}
