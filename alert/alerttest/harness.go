package alerttest

import (
	"strings"
	"testing"

	"github.com/tocsin-go/tocsin/alert"
)

// A Harness is a Sender together with its far end: a fake of the vendor's
// server, a listener on the loopback, a phone. TestSender asks for a new one
// for each check.
//
// Only Sender is required. A check that needs a missing hook is skipped, and
// the text of the skip names the hook. Hooks are called from the goroutine of
// the check, while no Send runs unless stated; each hook that makes the far
// end fail holds for all that follows.
type Harness struct {
	// Sender is the Sender under test, without a rate limit, and with a single
	// destination. Its far end works and has received nothing. Where it leaves
	// out alerts by default, such as recoveries, news or tests, it is told not to.
	Sender alert.Sender

	// Messages returns how often the far end was reached: requests or
	// datagrams, refused ones too.
	Messages func() int

	// Delivered returns how many alerts the far end was told about in the
	// messages that it accepted, alone or in the counts of a digest. Read it
	// from what arrived on the wire.
	Delivered func() int

	// Saw reports whether a message that arrived holds the text, which
	// consists of letters and digits.
	Saw func(text string) bool

	// Refuse makes the far end refuse for good, as for a revoked key.
	Refuse func()

	// Busy makes the far end refuse for now, as over its rate limit.
	Busy func()

	// Break makes the far end read each request whole and then hang up
	// without an answer.
	Break func()

	// Hang makes the far end read each request whole and then stay silent
	// until the test ends. The channel is closed when the first such request
	// has been read.
	Hang func() (arrived <-chan struct{})

	// Unreachable makes the far end take no connection: nothing of a request is
	// sent. It is called before the first Send.
	Unreachable func()

	// Logs returns what Sender has logged so far at level Debug and above.
	Logs func() string

	// Secrets are texts that must appear in no error, no log and no print of
	// the Sender: keys, tokens, whole telephone numbers.
	Secrets []string

	// OneMessage states that the channel makes one message of many alerts.
	OneMessage bool

	// NeverTwice states that the far end must not be reached again after an
	// uncertain outcome, as with a telephone call: such an error is not
	// retryable, and the Sender does not repeat by itself.
	NeverTwice bool

	// Batch is the greatest number of alerts to give in one Send. Zero means
	// 5,000; a fake over UDP, which may drop datagrams in a burst, sets less.
	Batch int
}

// TestSender checks the duties of a Sender as package alert states them, each
// in a subtest with a fresh Harness, and reports every breach. Run it with the
// race detector too: it is what finds a Sender that is unsafe for concurrent
// use, or that reads alerts after it has returned.
//
// Each subtest calls factory from its own goroutine; factory registers the
// clean-up of the far end with t.Cleanup. A check waits at most 10 seconds
// for a Sender that ignores its context.
func TestSender(t *testing.T, factory func(t *testing.T) *Harness) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			h := factory(t)
			if missing := h.missing(c.needs); missing != "" {
				t.Skipf("not checked: the harness has no %s", missing)
			}
			for _, failure := range c.apply(t.Context(), h) {
				t.Error(failure)
			}
		})
	}
}

// missing returns the first of the needs, names of fields separated by blanks,
// that h does not meet, or "".
func (h *Harness) missing(needs string) string {
	for name := range strings.FieldsSeq(needs) {
		if !h.has(name) {
			return name
		}
	}
	return ""
}

// has reports whether the field of that name is set.
func (h *Harness) has(name string) bool {
	switch name {
	case "Messages":
		return h.Messages != nil
	case "Delivered":
		return h.Delivered != nil
	case "Saw":
		return h.Saw != nil
	case "Refuse":
		return h.Refuse != nil
	case "Busy":
		return h.Busy != nil
	case "Break":
		return h.Break != nil
	case "Hang":
		return h.Hang != nil
	case "Unreachable":
		return h.Unreachable != nil
	case "Logs":
		return h.Logs != nil
	case "Secrets":
		return len(h.Secrets) > 0
	case "OneMessage":
		return h.OneMessage
	case "NeverTwice":
		return h.NeverTwice
	}
	return false
}
