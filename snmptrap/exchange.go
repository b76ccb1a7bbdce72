package snmptrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// An exchange is one inform and the attempts at it.
type exchange struct {
	*informer
	m       *message
	waiter  *waiter
	timeout time.Duration
	sent    int // datagrams
	start   time.Time
	ack     Ack
}

// errNoAnswer ends an exchange in which every attempt was made.
var errNoAnswer = errors.New("no answer")

// run makes at most the given number of attempts and returns nil if the
// receiver acknowledged one.
func (e *exchange) run(ctx context.Context, attempts int) error {
	timer := time.NewTimer(e.timeout)
	defer timer.Stop()
	e.start = time.Now()
	var fault error
	for range attempts {
		timer.Reset(e.timeout)
		if fault = e.transmit(ctx); fault != nil && final(fault) {
			return fault
		}
		select {
		case a := <-e.waiter.answer:
			return e.judge(a)
		case <-timer.C:
			e.doubt()
		case <-ctx.Done():
			return e.lastLook(ctx.Err())
		case <-e.done:
			return e.lastLook(ErrClosed)
		}
	}
	if e.sent == 0 {
		return fault
	}
	return e.lastLook(errNoAnswer)
}

// lastLook returns err unless an answer came at the same moment.
func (e *exchange) lastLook(err error) error {
	select {
	case a := <-e.waiter.answer:
		return e.judge(a)
	default:
		return err
	}
}

// final reports whether a failure to transmit will not pass by waiting for the
// next attempt, or is for the caller to judge.
func final(err error) bool {
	e, isOurs := errors.AsType[*Error](err)
	return isOurs && e.Op == "dial" || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// judge takes an answer.
func (e *exchange) judge(a answer) error {
	if a.status != StatusNoError {
		return a.status
	}
	e.ack = Ack{Target: e.addr, Address: a.from, Attempts: e.sent, RoundTrip: a.at.Sub(e.start)}
	return nil
}

// transmit sends the datagram. A write that fails has sent nothing; one that
// reports the refusal of an earlier datagram is made again at once.
func (e *exchange) transmit(ctx context.Context) error {
	conn, err := e.socket(ctx)
	if err != nil {
		return err
	}
	for range maxWrites {
		_ = conn.SetWriteDeadline(time.Now().Add(writeWait)) // if it fails so does the write
		if _, err = conn.Write(e.m.octets); err == nil {
			e.sent++
			return nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		e.refused()
	}
	switch {
	case errors.Is(err, syscall.EMSGSIZE):
		return fmt.Errorf("the socket refuses %d octets, set a lower MaxSize: %w", len(e.m.octets), ErrTooLarge)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrDeadlineExceeded):
	default:
		e.fault(conn)
	}
	return reason(err)
}

// explain makes an error of the end of an exchange without acknowledgement.
// If a datagram left and nobody answered it, the receiver may have taken it.
func (e *exchange) explain(err error, refused, stranger bool) error {
	if _, isStatus := errors.AsType[ErrorStatus](err); isStatus || e.sent == 0 {
		if ours, ok := errors.AsType[*Error](err); ok {
			return ours // a look-up that failed, with its own step
		}
		return &Error{Op: "inform", Target: e.addr, Err: err}
	}
	if ours, ok := errors.AsType[*Error](err); ok {
		err = ours.Err
	}
	text := fmt.Sprintf("no answer to %s of %v", attempts(e.sent), e.timeout)
	if stranger {
		text += ", but one with another community, which does not count"
	}
	causes := []error{alert.ErrUncertain}
	if refused {
		text += "; the host said that nobody listens on the port"
		causes = append(causes, syscall.ECONNREFUSED)
	}
	if !errors.Is(err, errNoAnswer) {
		causes = append(causes, err)
		text += "; " + err.Error()
	}
	return &Error{Op: "inform", Target: e.addr, Err: &silence{text: text, causes: causes}}
}

// attempts counts in words.
func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// A silence is an inform that left and was not answered.
type silence struct {
	text   string
	causes []error
}

// Error says what was tried, and that the outcome is unknown.
func (s *silence) Error() string {
	return s.text + ": it may have arrived, sending it again can help"
}

// Unwrap returns what an error of this kind matches.
func (s *silence) Unwrap() []error { return s.causes }
