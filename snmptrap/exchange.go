package snmptrap

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// An exchange is one inform to one target and the attempts at it, of one Send or
// of several that repeat it. All attempts have the same request-id, so that an
// answer to any of them counts, however late.
type exchange struct {
	message
	datagram
	answer chan answer   // of capacity 1: the first answer counts
	wake   chan struct{} // of capacity 1: something below has changed

	// Guarded by the mutex of the target.
	refused  error // what the network said
	stranger bool  // an answer came with another community
	renewed  bool  // the message has to be made anew, for SNMPv3
	start    time.Time
	gaveUp   time.Time

	sent, earlier int // datagrams, of this Send and of those before
}

// An answer is what a receiver said to an inform.
type answer struct {
	status ErrorStatus
	from   netip.AddrPort
	trip   time.Duration
}

// signal has the exchange look at what has changed. The caller holds the mutex.
func (x *exchange) signal() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

const (
	// rememberTime is how long an inform without an answer is remembered, and
	// maxUnanswered how many are.
	rememberTime  = 15 * time.Minute
	maxUnanswered = 1024

	// reportAge is how long a report of the network explains that no answer comes:
	// routers send one a second.
	reportAge = time.Minute

	// maxRenewals is how often within an attempt an SNMPv3 receiver may ask for
	// another engine ID, number of starts or time.
	maxRenewals = 4
)

// begin returns the exchange of a message: the one that an earlier Send of the
// same alert left without an answer, or a new one. What else was left of the
// same problem is out of date.
func (t *target) begin(m *message) *exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.unanswered[m.problem]
	if x != nil {
		delete(t.unanswered, m.problem)
		if x.content != m.content || time.Since(x.gaveUp) > rememberTime {
			delete(t.waiting, x.id)
			x = nil
		}
	}
	if x == nil {
		x = &exchange{message: *m, answer: make(chan answer, 1), wake: make(chan struct{}, 1)}
		t.waiting[m.id] = x
	}
	x.start, x.refused, x.stranger, x.renewed = time.Now(), nil, false, false
	x.sent, x.earlier = 0, x.sent+x.earlier
	return x
}

// end forgets an exchange, or remembers it if an answer may still come.
func (t *target) end(x *exchange, keep bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !keep {
		delete(t.waiting, x.id)
		return
	}
	if len(t.unanswered) >= maxUnanswered {
		for problem, old := range t.unanswered {
			if len(t.unanswered) >= maxUnanswered || time.Since(old.gaveUp) > rememberTime {
				delete(t.unanswered, problem)
				delete(t.waiting, old.id)
			}
		}
	}
	if old := t.unanswered[x.problem]; old != nil {
		delete(t.waiting, old.id)
	}
	x.gaveUp = time.Now()
	t.unanswered[x.problem] = x
}

// take gives an answer to the exchange that it belongs to. It may come from any
// address: receivers have several, and the request-id and the community, or the keys
// of SNMPv3, tell it from others'.
func (t *target) take(octets []byte, from netip.AddrPort) {
	r, ok := t.model.open(octets)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.renew {
		for _, x := range t.waiting {
			x.renewed = true
			x.signal()
		}
		return
	}
	x := t.waiting[r.id]
	switch {
	case x == nil:
		return
	case r.stranger:
		x.stranger = true
		return
	}
	t.reports = time.Time{}
	delete(t.waiting, r.id) // a second answer says nothing new
	trip := time.Since(x.start)
	t.window.learn(trip)
	x.answer <- answer{status: r.status, from: from, trip: trip}
	if i := slices.Index(t.addrs, from); i > 0 {
		t.addrs = slices.Concat(t.addrs[i:], t.addrs[:i])
	}
}

// errNoAnswer ends an exchange in which every attempt was made.
var errNoAnswer = errors.New("no answer")

// inform sends one message until it is answered.
func (t *target) inform(ctx context.Context, m *message, in Inform) outcome {
	if alert.IsOnce(ctx) {
		in.Retries = 0
	}
	x := t.begin(m)
	a, err := t.attempt(ctx, x, in)
	t.end(x, err != nil && x.sent+x.earlier > 0)
	switch {
	case err != nil:
		return outcome{err: t.explain(x, err, in.Timeout)}
	case a.status != StatusNoError:
		return outcome{err: t.fail("inform", a.status), answered: true, trip: a.trip}
	}
	ack := Ack{Target: t.addr, Address: a.from.String(), Attempts: x.earlier + x.sent, RoundTrip: a.trip}
	return outcome{ack: ack, answered: true, trip: a.trip}
}

// attempt makes the attempts at an exchange and returns the answer. The
// time of each is waited out, whatever the network says: a receiver that
// restarts gets the next. Looking a name up does not count.
func (t *target) attempt(ctx context.Context, x *exchange, in Inform) (answer, error) {
	timer := time.NewTimer(in.Timeout)
	defer timer.Stop()
	var fault error
	for range 1 + in.Retries {
		if a, ok := x.answered(); ok {
			return a, nil
		}
		if err := t.resolve(ctx, "inform"); err != nil {
			return answer{}, err
		}
		timer.Reset(t.window.patience(in.Timeout))
		x.tries = 0
		if fault = t.transmit(x); fault != nil && final(fault) {
			return answer{}, fault
		}
		a, err := t.await(ctx, x, timer.C)
		if err == nil || !errors.Is(err, errNoAnswer) {
			return a, err
		}
		t.doubt(x)
	}
	if a, ok := x.answered(); ok {
		return a, nil
	}
	if x.sent == 0 && fault != nil {
		return answer{}, fault
	}
	return answer{}, errNoAnswer
}

// await waits for the answer to an attempt, and repeats it at once for another
// address or for SNMPv3.
func (t *target) await(ctx context.Context, x *exchange, timeout <-chan time.Time) (a answer, err error) {
	for {
		select {
		case a := <-x.answer:
			return a, nil
		case <-x.wake:
			if t.shouldRepeat(x) {
				_ = t.transmit(x) // or else the next attempt does
			}
			continue
		case <-timeout:
			err = errNoAnswer
		case <-ctx.Done():
			err = ctx.Err()
		case <-t.done:
			err = ErrClosed
		}
		if a, ok := x.answered(); ok { // at the same moment
			return a, nil
		}
		return a, err
	}
}

// answered returns the answer if it is there.
func (x *exchange) answered() (a answer, ok bool) {
	select {
	case a = <-x.answer:
		return a, true
	default:
		return a, false
	}
}

// shouldRepeat reports whether to send at once: a refusal was met and there is an
// address that was not tried, or the message has to be made anew.
func (t *target) shouldRepeat(x *exchange) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if x.renewed {
		x.renewed = false
		return x.tries < maxRenewals+len(t.addrs)
	}
	return x.refused != nil && !same(x.to, t.addrs[0]) && x.tries < len(t.addrs)
}

// doubt notes that an attempt brought no answer: the next goes to the next
// address, and the name may mean another machine by then.
func (t *target) doubt(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.suspect()
	t.move(x.to)
}

// transmit sends the datagram.
func (t *target) transmit(x *exchange) error {
	octets, err := t.model.wrap(x.message.octets)
	if err != nil {
		return &Error{Op: "encode", Target: t.addr, Err: err}
	}
	x.tries++
	if err := t.write(&x.datagram, octets); err != nil {
		return err
	}
	x.sent++
	return nil
}

// final reports whether a failure to transmit will not pass by waiting for the
// next attempt.
func final(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrClosed) || !alert.Retryable(err)
}
