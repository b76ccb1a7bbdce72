package wecom

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// An Error is a failure to post. Code is set if the vendor refused the
// message; otherwise Err is. Both are if the vendor refused for the moment and
// something kept the robot from trying again. It holds neither the key nor
// the address nor the content of the message.
type Error struct {
	// Op is what failed: "send", "upload", or "render" if the message could not
	// be made.
	Op string

	// Code is the vendor's verdict, or CodeOK if it gave none.
	Code Code

	// Message is the vendor's text of at most 512 bytes in one line. It may
	// change at any time: branch on Code. The address from which the vendor
	// saw the call is removed, unless it has to be entered somewhere.
	Message string

	// Hint is the number that the vendor's support asks for.
	Hint string

	// HTTPStatus is the status of the answer, or 0 if none came.
	HTTPStatus int

	// Err is the cause when it is not a verdict: the transport, the rate
	// budget, a [*FieldError], an answer that cannot be understood (it matches
	// [alert.ErrUncertain]), or what [Options].Render returned.
	Err error
}

// Error says what failed, what the vendor means and whether sending again can
// help.
func (e *Error) Error() string {
	if transport, ok := e.Err.(*httpcall.Error); ok { //nolint:errorlint // one further down says less than the whole
		return transport.Error() // begins with channel and operation itself
	}
	var b strings.Builder
	fmt.Fprintf(&b, "wecom: %s: ", e.Op)
	if e.Code != CodeOK {
		b.WriteString(e.Code.Error() + "; " + e.Class().Advice(e.RetryAfter()))
	} else if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	if e.Message != "" {
		fmt.Fprintf(&b, "; the vendor says %q", e.Message)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ", hint %s", e.Hint)
	}
	return b.String()
}

// Unwrap returns Err if it is set, else Code. Err of an Error that has both
// leads to the Code as well.
func (e *Error) Unwrap() error {
	if e.Err != nil || e.Code == CodeOK {
		return e.Err
	}
	return e.Code
}

// Class says what to do about the failure.
func (e *Error) Class() Class {
	if e.Code != CodeOK {
		return e.Code.Class()
	}
	return robot.ClassOf(e.Err, e.HTTPStatus)
}

// Retryable reports whether sending the same alerts again can help.
func (e *Error) Retryable() bool {
	if e.Code != CodeOK {
		return e.Code.Class().Passes()
	}
	return alert.Retryable(e.Err)
}

// RetryAfter returns how long to wait before sending again can help: a minute
// after CodeRateLimited, the time until the robot's own rate budget allows a
// message if that refused it, or zero if nothing is known.
func (e *Error) RetryAfter() time.Duration {
	return max(e.Code.retryAfter(), alert.RetryAfter(e.Err))
}
