package dingtalk

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// penalty is how long the vendor blocks a robot that posted too fast.
const penalty = 10 * time.Minute

// An Error is a failure to post. Code is set if the vendor refused the
// message; otherwise Err is. Both are if the vendor refused for the moment and
// something kept the robot from trying again. It holds neither token, secret
// and signature nor the content of the message.
type Error struct {
	// Op is what failed: "send", or "render" if the message could not be made.
	Op string

	// Code is the vendor's verdict, or CodeOK if it gave none.
	Code Code

	// Reason says what CodeSecurity means.
	Reason Reason

	// Message is the vendor's text of at most 512 bytes in one line. It may
	// change at any time: branch on Code and Reason. The address from which the
	// vendor saw the call is removed, unless it has to be entered somewhere.
	Message string

	// Hint is what the vendor proposes to do, of at most 256 bytes in one line.
	// Most answers have none.
	Hint string

	// HTTPStatus is the status of the answer, or 0 if none came.
	HTTPStatus int

	// Skew is by how much the clock of this host is ahead of the vendor's, in
	// whole seconds, negative if it is behind. It is measured for ReasonSign
	// and ReasonTimestamp, and zero if the clocks agree to a few seconds or the
	// answer does not say.
	Skew time.Duration

	// Err is the cause when it is not a verdict: the transport, the rate
	// budget, a [*FieldError], an answer that cannot be understood (it matches
	// [alert.ErrUncertain]), or what [Options].Render returned.
	Err error

	again bool // one more attempt within this call, with a fresh timestamp
	sub   Code // what codeGateway is about, or CodeOK
}

// Error says what failed, what the vendor means and whether sending again can
// help.
func (e *Error) Error() string {
	if transport, ok := e.Err.(*httpcall.Error); ok { //nolint:errorlint // one further down says less than the whole
		return transport.Error() // begins with channel and operation itself
	}
	var b strings.Builder
	fmt.Fprintf(&b, "dingtalk: %s: ", e.Op)
	if e.Code != CodeOK {
		b.WriteString(e.verdict())
	} else if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	if e.Message != "" {
		fmt.Fprintf(&b, "; the vendor says %q", e.Message)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ", hint %q", e.Hint)
	}
	return b.String()
}

// verdict says what the vendor means and whether sending again can help.
func (e *Error) verdict() string {
	s := e.Code.Error()
	if e.Reason != ReasonNone {
		s += ": " + e.Reason.Error()
	}
	if e.sub != CodeOK {
		s += ": sub_code " + strings.TrimPrefix(e.sub.Error(), "errcode ")
	}
	s += "; " + e.Class().Advice(e.RetryAfter())
	switch {
	case e.Skew > 0:
		s += fmt.Sprintf("; the clock of this host is %v ahead of the vendor's", e.Skew)
	case e.Skew < 0:
		s += fmt.Sprintf("; the clock of this host is %v behind the vendor's", -e.Skew)
	}
	return s
}

// Unwrap returns Err if it is set, else Code. Err of an Error that has both
// leads to the Code as well.
func (e *Error) Unwrap() error {
	if e.Err != nil || e.Code == CodeOK {
		return e.Err
	}
	return e.Code
}

// Is makes e match its Reason.
func (e *Error) Is(target error) bool {
	return e.Reason != ReasonNone && target == error(e.Reason)
}

// Class says what to do about the failure.
func (e *Error) Class() Class {
	if e.Code != CodeOK {
		return e.codeClass()
	}
	return robot.ClassOf(e.Err, e.HTTPStatus)
}

// codeClass is Class for a verdict. Of unknown codes the text is asked whether
// they are about a rate.
func (e *Error) codeClass() Class {
	class := e.Code.Class()
	switch {
	case e.Reason != ReasonNone:
		return e.Reason.class()
	case e.sub != CodeOK && e.sub.Class() != ClassUnknown:
		return e.sub.Class()
	case (class == ClassUnknown || e.Code == codeOldToken) && saysTooFast(e.Message):
		return ClassWait
	case e.Code == codeOldToken && strings.Contains(strings.ToLower(e.Message), "msgtype"):
		return ClassFix
	}
	return class
}

// Retryable reports whether sending the same alerts again can help.
func (e *Error) Retryable() bool {
	if e.Code != CodeOK {
		return e.again || e.codeClass().Passes()
	}
	return alert.Retryable(e.Err)
}

// RetryAfter returns how long to wait before sending again can help: ten
// minutes after CodeRateLimited and the like, the time until the robot's
// own rate budget allows a message if that refused it, or zero if nothing is
// known.
func (e *Error) RetryAfter() time.Duration {
	after := alert.RetryAfter(e.Err)
	if e.Code != CodeOK && e.codeClass() == ClassWait {
		return max(after, penalty)
	}
	return after
}
