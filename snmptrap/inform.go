package snmptrap

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// An Inform says how [Sender] sends informs: notifications that the receiver
// acknowledges (RFC 3416 section 4.2.7).
type Inform struct {
	// Timeout is how long one attempt waits for the answer, and the least time
	// between two attempts, whatever the network says meanwhile: a receiver
	// that restarts gets the next one. Default 5 s.
	Timeout time.Duration

	// Retries is how often an inform without an answer is sent again, the same
	// octets each time. Default 2, so that a receiver has 15 s; -1 means none.
	// Under [alert.Once] there is none either.
	Retries int
}

const (
	defaultAnswerTime = 5 * time.Second
	defaultRetries    = 2

	// window is how many informs of one Send may be in flight to one target.
	window = 32

	// writeWait bounds the wait for room in a socket's buffer.
	writeWait = 100 * time.Millisecond
)

// withDefaults returns the settings to work with.
func (i *Inform) withDefaults() (Inform, error) {
	var in Inform
	if i != nil {
		in = *i
	}
	switch {
	case in.Timeout == 0:
		in.Timeout = defaultAnswerTime
	case in.Timeout < 0:
		return in, fmt.Errorf("snmptrap: options: negative Inform.Timeout %v", in.Timeout)
	}
	switch {
	case in.Retries == 0:
		in.Retries = defaultRetries
	case in.Retries == -1:
		in.Retries = 0
	case in.Retries < 0:
		return in, fmt.Errorf("snmptrap: options: negative Inform.Retries %d", in.Retries)
	}
	return in, nil
}

// An Ack is the acknowledgement of an inform: the SNMP engine of the receiver
// took it, and no more is known. What its filters do is its own affair.
type Ack struct {
	Target    string        // host:port, as errors name it
	Address   string        // address and port that answered
	Attempts  int           // datagrams that were sent for it
	RoundTrip time.Duration // from the first of them to the answer
}

// Inform sends one alert to each target as an inform, whether or not
// [Options].Inform makes Send do so, and reports who acknowledged it: one Ack
// for each target that did, in the order given to New. The error is that of
// [Sender.Send]. It is for a test of the way, or for who wants to show the
// answer; otherwise use Send.
func (s *Sender) Inform(ctx context.Context, a alert.Alert) ([]Ack, error) {
	var acks []Ack
	var errs []error
	for _, outcome := range s.informAll(ctx, []alert.Alert{a}) {
		if outcome[0].err != nil {
			errs = fail(errs, 1, 0, outcome[0].err)
			continue
		}
		acks = append(acks, outcome[0].ack)
	}
	if errs != nil {
		return acks, errs[0]
	}
	return acks, nil
}

// An outcome is what became of one inform at one target.
type outcome struct {
	ack Ack
	err error
}

// A message is an inform that is ready to go out.
type message struct {
	id     int32
	octets []byte
	err    error // that of the encoder
}

// sendInforms is Send for informs.
func (s *Sender) sendInforms(ctx context.Context, alerts []alert.Alert) (errs []error) {
	for _, outcomes := range s.informAll(ctx, alerts) {
		for i := range outcomes {
			if err := outcomes[i].err; err != nil {
				errs = fail(errs, len(alerts), i, err)
			}
		}
	}
	return errs
}

// informAll encodes each alert once and sends it to every target. It returns
// the outcomes by target and alert.
func (s *Sender) informAll(ctx context.Context, alerts []alert.Alert) [][]outcome {
	messages := make([]message, len(alerts))
	for i := range alerts {
		m := &messages[i]
		m.id = s.requestID()
		m.octets, m.err = s.encoder.append(nil, tagInform, &alerts[i], m.id, ticks(time.Since(s.start)))
	}
	outcomes := make([][]outcome, len(s.informers))
	var wg sync.WaitGroup
	for i, n := range s.informers {
		outcomes[i] = make([]outcome, len(alerts))
		wg.Go(func() { s.informTarget(ctx, n, alerts, messages, outcomes[i]) })
	}
	wg.Wait()
	return outcomes
}

// informTarget sends messages to one target, several at once, but one after
// the other what reports the same problem: a repetition of "firing" must not
// come in after "resolved".
func (s *Sender) informTarget(ctx context.Context, n *informer, alerts []alert.Alert, messages []message, outcomes []outcome) {
	type problem struct{ source, key string }
	last := make(map[problem]<-chan struct{})
	slots := make(chan struct{}, window)
	var wg sync.WaitGroup
	for i := range messages {
		p, done := problem{alerts[i].Source, alerts[i].Key}, make(chan struct{})
		if before := last[p]; before != nil && p.key != "" {
			<-before
		}
		last[p] = done
		slots <- struct{}{}
		wg.Go(func() {
			outcomes[i] = n.inform(ctx, &messages[i], s.inform)
			close(done)
			<-slots
		})
	}
	wg.Wait()
}

// inform sends one message until it is answered.
func (n *informer) inform(ctx context.Context, m *message, in Inform) (o outcome) {
	switch {
	case m.err != nil:
		return outcome{err: m.err}
	case ctx.Err() != nil:
		return outcome{err: &Error{Op: "inform", Target: n.addr, Err: ctx.Err()}}
	case alert.IsOnce(ctx):
		in.Retries = 0
	}
	e := exchange{informer: n, m: m, timeout: in.Timeout, waiter: n.expect(m.id)}
	err := e.run(ctx, 1+in.Retries)
	refused, stranger := n.forget(m.id, e.waiter)
	if err == nil {
		return outcome{ack: e.ack}
	}
	return outcome{err: e.explain(err, refused, stranger)}
}
