package snmptrap

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// explain makes an error of the end of an exchange without acknowledgement.
// If a datagram left and nobody answered it, the receiver may have taken it.
func (t *target) explain(x *exchange, err error, timeout time.Duration) error {
	if ours, ok := errors.AsType[*Error](err); ok && (x.sent == 0 || ours.Op == "encode") {
		return ours // with its own step
	}
	if x.sent == 0 {
		return t.fail("inform", err)
	}
	t.mu.Lock()
	refused, stranger := x.refused, x.stranger
	if refused == nil && time.Since(t.reports) < reportAge {
		refused = t.refused
	}
	t.mu.Unlock()
	text := fmt.Sprintf("no answer to %d attempts of %v", x.sent, timeout)
	text = strings.Replace(text, " 1 attempts", " 1 attempt", 1)
	causes := []error{alert.ErrUncertain}
	if stranger {
		text += ", but one with another community, which does not count"
	}
	if hint := t.model.hint(); hint != "" {
		text += "; " + hint
	}
	if refused != nil {
		text += "; the network said: " + refusal(refused)
		causes = append(causes, refused)
	}
	if !errors.Is(err, errNoAnswer) {
		if ours, ok := errors.AsType[*Error](err); ok {
			err = ours.Err
		}
		text += "; " + err.Error()
		causes = append(causes, err)
	}
	return &Error{Op: "inform", Target: t.addr, Err: &silence{text: text, causes: causes}}
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
