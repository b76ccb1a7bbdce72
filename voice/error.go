package voice

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// rateWait is how long to wait after CodeRateLimited, of which the component
// does not say when it ends.
const rateWait = 10 * time.Second

// fate says what an Error without a verdict of the component means.
type fate uint8

const (
	fateAsk    fate = iota // ask Err
	fateAgain              // nobody was called, and later it may work
	fateFinal              // the same request will not do better
	fateUnsure             // a phone may ring
)

// An Error is a call that was not placed, or nobody knows. It holds no secret
// and no whole number.
type Error struct {
	// Op is what failed: "send_voice_msg", the request to BlueKing, or "send",
	// the alerts of a [Sender].
	Op string

	// Refused says that the component answered and said no, with Code.
	Refused bool
	Code    Code

	// Message is the component's text of at most 256 bytes in one line, without
	// credentials and numbers. It may change at any time.
	Message string

	// RequestID is what the operator of BlueKing looks for in the logs.
	RequestID string

	// HTTPStatus is the status of the answer, or 0 if none came.
	HTTPStatus int

	// Err is the cause when it is not a verdict. Of a Sender it is the
	// error of the gateway, or that of [Report.Err].
	Err error

	fate  fate
	after time.Duration
}

// Error says what failed, what it means and whether sending again can help.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "voice: %s: ", e.Op)
	transport, below := e.Err.(*httpcall.Error) //nolint:errorlint // one further down says less than the whole
	switch {
	case below && !e.Refused:
		b.Reset()
		b.WriteString(transport.Error()) // begins with the package, and ends with advice
	case e.Refused:
		fmt.Fprintf(&b, "refused: %v", e.Code)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	if e.Message != "" {
		fmt.Fprintf(&b, "; it says %q", e.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, "; request_id %s", e.RequestID)
	}
	if !below || e.Refused {
		b.WriteString("; " + e.advice())
	}
	return b.String()
}

// advice tells a person woken by the error what to do.
func (e *Error) advice() string {
	switch {
	case errors.Is(e, alert.ErrUncertain):
		return "a phone may have rung: ask before anybody is called again"
	case !e.Retryable():
		return "not to be sent again as it is"
	case e.RetryAfter() > 0:
		return "send again in " + e.RetryAfter().Round(time.Second).String()
	}
	return "sending again can help"
}

// Unwrap returns Code and Err, as far as there are any.
func (e *Error) Unwrap() []error {
	var all []error
	if e.Refused {
		all = append(all, e.Code)
	}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

// Is makes an unknown outcome match alert.ErrUncertain.
func (e *Error) Is(target error) bool {
	return target == alert.ErrUncertain && (e.fate == fateUnsure || e.Refused && e.Code.isUncertain())
}

// Retryable reports whether the same alerts can be sent again: only if it is
// certain that no phone rang.
func (e *Error) Retryable() bool {
	switch {
	case errors.Is(e, alert.ErrUncertain):
		return false
	case e.fate != fateAsk:
		return e.fate == fateAgain
	case e.Refused:
		return e.Code.isAgain()
	}
	return saysAgain(e.Err)
}

// RetryAfter returns how long to wait before sending again can help, or zero
// if nothing is known.
func (e *Error) RetryAfter() time.Duration {
	switch {
	case !e.Retryable():
		return 0
	case e.Refused && e.Code == CodeRateLimited:
		return max(e.after, rateWait)
	}
	return max(e.after, alert.RetryAfter(e.Err))
}
