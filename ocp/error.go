package ocp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// A FieldError says which part of what was given is wrong, by the name that OCP
// has for it, such as alarmType. It is found before anything is sent, and sending
// again does not mend it.
type FieldError = robot.FieldError

// An Error is a call that failed. It holds no credentials, no address but the
// host, and nothing of what was sent. It is not modified after it has been
// returned.
type Error struct {
	// Op is what failed: "push", "list alarms", "get alarm".
	Op string

	// Code is the code of OCP as it spells it, a text such as ALM20001 or a bare
	// number, or "" if it gave none or the number 0.
	Code string

	// Message is the text of OCP, of at most 512 bytes in one line, in the language
	// of [Options].
	Message string

	// HTTPStatus is the status of the answer, or 0 if none came. An answer
	// with HTTP 200 that holds another status has that one.
	HTTPStatus int

	// TraceID finds the request in the logs of OCP; at most 64 bytes.
	TraceID string

	// Skew is by how much the clock of this host is ahead of that of OCP, in
	// whole seconds. It is measured when an access key is refused, and zero if the
	// clocks agree to a few seconds.
	Skew time.Duration

	// Err is the cause when it is not a verdict of OCP: the transport, a
	// [*FieldError], an answer that cannot be understood (it matches
	// [alert.ErrUncertain]).
	Err error

	after   time.Duration // of a verdict
	held    bool          // by the login, without a call
	untried bool          // after this error of another push, without a call
}

// Error says what failed, what OCP means and whether trying again can help.
func (e *Error) Error() string {
	if e.untried {
		cause := *e
		cause.untried = false
		return "ocp: " + e.Op + ": not tried after: " + cause.Error()
	}
	if reason := e.certificate(); reason != nil {
		return fmt.Sprintf("ocp: %s: the certificate of OCP is not trusted: %v; trying the same again does not help: "+
			"if OCP has a certificate of a private authority, give that authority (Options.RootCAs, or -ca-file)", e.Op, reason)
	}
	if transport, ok := e.Err.(*httpcall.Error); ok { //nolint:errorlint // one further down says less than the whole
		return transport.Error() // begins with channel and operation itself
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ocp: %s: ", e.Op)
	if e.Err != nil {
		b.WriteString(e.Err.Error())
		return b.String()
	}
	if e.held {
		b.WriteString("not tried, to keep the account from being locked: ")
	}
	fmt.Fprintf(&b, "HTTP %d %s", e.HTTPStatus, http.StatusText(e.HTTPStatus))
	if e.Code != "" {
		b.WriteString(": " + describeCode(e.Code))
	}
	b.WriteString("; " + e.advice())
	if e.Message != "" {
		fmt.Fprintf(&b, "; OCP says %q", e.Message)
	}
	if e.TraceID != "" {
		b.WriteString(", trace " + e.TraceID)
	}
	return b.String()
}

func (e *Error) advice() string {
	switch {
	case e.isLogin():
		return e.loginAdvice()
	case e.isDenied():
		return "the login is good but not allowed to do this, trying again does not help"
	case e.Retryable() && e.RetryAfter() > 0:
		return fmt.Sprintf("try again in %v", e.RetryAfter().Round(time.Second))
	case e.Retryable():
		return "trying again can help"
	}
	return "trying the same again does not help"
}

func (e *Error) loginAdvice() string {
	s := "the credentials need mending, trying again may lock the account"
	switch {
	case e.Skew > 0:
		s += fmt.Sprintf("; the clock of this host is %v ahead of that of OCP", e.Skew)
	case e.Skew < 0:
		s += fmt.Sprintf("; the clock of this host is %v behind that of OCP", -e.Skew)
	}
	if e.after > 0 {
		s += fmt.Sprintf("; this client calls no more for %v", e.after.Round(time.Second))
	}
	return s
}

// Unwrap returns Err, unless the call was not made: the outcome is certain then,
// whatever that of the call before.
func (e *Error) Unwrap() error {
	if e.untried {
		return nil
	}
	return e.Err
}

func (e *Error) class() class { return codes()[e.Code].class }

// certificate returns what is wrong with the certificate that OCP showed, if that
// is the cause.
func (e *Error) certificate() error {
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](e.Err); ok {
		return bad.Err
	}
	return nil
}

func (e *Error) isLogin() bool {
	return e.HTTPStatus == http.StatusUnauthorized || e.class() == classLogin
}

func (e *Error) isDenied() bool {
	return e.HTTPStatus == http.StatusForbidden || e.class() == classDenied
}

// Retryable reports whether the same call can help later. It is false for a
// login that was refused, whatever else the answer says, for a certificate that
// is not trusted, and for what OCP called wrong. A failure that OCP does not
// explain is retryable.
func (e *Error) Retryable() bool {
	switch {
	case e.isLogin(), e.isDenied(), e.certificate() != nil, e.class() == classFix:
		return false
	case e.class() == classRetry:
		return true
	case e.HTTPStatus >= 300 && e.HTTPStatus <= 499:
		return e.isWait() || e.HTTPStatus == http.StatusRequestTimeout || e.HTTPStatus == http.StatusTooEarly
	case e.Err != nil:
		return alert.Retryable(e.Err)
	}
	return e.HTTPStatus != http.StatusNotImplemented && e.HTTPStatus != http.StatusHTTPVersionNotSupported
}

func (e *Error) isWait() bool { return e.HTTPStatus == http.StatusTooManyRequests }

// RetryAfter returns what the answer to too many calls says, or what is left of the
// pause after a refused login.
func (e *Error) RetryAfter() time.Duration { return max(e.after, alert.RetryAfter(e.Err)) }

// asksToStop reports whether OCP said that the next call fails like this one.
func (e *Error) asksToStop() bool { return e.isLogin() || e.isDenied() || e.isWait() }

// isGeneral reports whether other pushes would fail in the same way, so that
// there is no use in trying them: all but a verdict on this one alarm.
func (e *Error) isGeneral() bool {
	if _, own := errors.AsType[*FieldError](e.Err); own {
		return false
	}
	return e.Err != nil || e.asksToStop() || e.HTTPStatus >= 500
}

type class uint8

const (
	classUnknown class = iota
	classRetry         // a passing fault
	classFix           // the request is wrong, or something that it needs is missing
	classLogin         // the login is wrong: another try may lock the account
	classDenied        // the login is good and may not do this
)

type codeMeaning struct {
	class   class
	meaning string
}

// codes holds what is known of OCP's table of errors, zh-CN/2100.appendix/100.ocp-error-table.md
// of https://github.com/oceanbase/ocp-doc, branch V4.2.2.
func codes() map[string]codeMeaning {
	return map[string]codeMeaning{
		"ALM10001": {classDenied, "no permission for alarms"},
		"ALM20001": {classFix, "no alarm rule has this name: create one without an expression"},
		"ALM20026": {classFix, "a template of the rule uses a variable that does not exist"},
		"ALM70001": {classFix, "the alarm does not exist"},
		"ALM70002": {classRetry, "the alarm could not be created"},
		"IAM10000": {classLogin, "not logged in"},
		"IAM10003": {classLogin, "the user is locked"},
		"IAM10004": {classLogin, "wrong user or password"},
		"IAM10006": {classLogin, "wrong user or password"},
		"IAM10014": {classDenied, "the user may not log in from this address"},
		"IAM10017": {classDenied, "the user may not do this"},
		"COM10001": {classFix, "an argument is wrong"},
		"COM10003": {classFix, "the request is wrong"},
		"COM10004": {classRetry, "OCP took too long"},
	}
}

// describeCode returns a code and what it means. How the bare numbers that OCP
// sends and the texts of its table belong together is not documented: a number
// means what a text with the same digits does, and decides nothing. 10004 may
// be a timeout or a wrong password.
func describeCode(code string) string {
	known := codes()
	if k, ok := known[code]; ok {
		return "code " + code + " (" + k.meaning + ")"
	}
	for _, prefix := range [...]string{"ALM", "IAM", "COM"} {
		if k, ok := known[prefix+code]; ok {
			return "code " + code + " (if that is " + prefix + code + ": " + k.meaning + ")"
		}
	}
	return "code " + code
}
