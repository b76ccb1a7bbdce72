package snmptrap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// An Inform says how [Sender] sends informs: notifications that the receiver
// acknowledges (RFC 3416 section 4.2.7).
type Inform struct {
	// Timeout is how long one attempt waits for the answer, and the least time
	// between two attempts, whatever the network says meanwhile: a receiver
	// that restarts gets the next one. A receiver that was seen to need longer
	// gets twice the time that it needed, at most twelve times Timeout. Default 5 s.
	Timeout time.Duration

	// Retries is how often an inform without an answer is sent again, the same
	// octets each time. Default 2, so that a receiver has 15 s; -1 means none.
	// Under [alert.Once] there is none either.
	Retries int
}

const (
	defaultAnswerTime = 5 * time.Second
	defaultRetries    = 2
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
// [Sender.Send]. It is for a test of the way, or to show the answer; otherwise
// use Send.
func (s *Sender) Inform(ctx context.Context, a alert.Alert) ([]Ack, error) {
	return s.informOne(ctx, s.messages([]alert.Alert{a}, tagInform))
}

// SendInform sends a notification of your own to each target as an inform, as
// [Sender.Inform] does.
func (s *Sender) SendInform(ctx context.Context, t Trap) ([]Ack, error) {
	return s.informOne(ctx, []message{s.own(t, tagInform)})
}

// informOne sends one inform and returns what was acknowledged.
func (s *Sender) informOne(ctx context.Context, messages []message) (acks []Ack, err error) {
	if s.encoder.version == versionV1 {
		return nil, &Error{Op: "encode", Err: errors.New("SNMPv1 has no informs")}
	}
	outcomes := s.deliver(ctx, messages, true)
	for _, o := range outcomes {
		if o[0].err == nil {
			acks = append(acks, o[0].ack)
		}
	}
	return acks, join(outcomes, 1)
}
