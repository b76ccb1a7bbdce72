package pigeon

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// A FieldError says which part of a request or of the options is wrong. It is
// found before anything is sent, and sending again does not mend it.
type FieldError struct {
	Field  string // as the vendor names it: "params.callflow.contacts[0]"
	Reason string // never the value
}

// Error returns the field and the reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Retryable returns false.
func (e *FieldError) Retryable() bool { return false }

// An Error is a failed call of the API. It holds no token, no password, no
// whole telephone number and nothing of what was to be said.
//
// An Error of [Client.Invoke] that matches [alert.ErrUncertain] means that
// phones may be ringing: it is not retryable, and [Client.Fresh] looks for the
// chain. One that does not match means that nothing was placed. Of the other
// calls, which may be repeated, it means no more than that an answer got lost.
type Error struct {
	// Op is what failed: "invoke", "result", "wait", "abort", or "calls".
	Op string

	// ResultID is the chain that the call was about, or that an answer named
	// which makes no sense otherwise; empty if unknown.
	ResultID string

	// HTTPStatus is the status of the answer, or 0 if none came.
	HTTPStatus int

	// Status is the word by which an answer said that it did not accept the
	// invocation.
	Status ChainStatus

	// Message is the vendor's text of at most 512 bytes in one line, without
	// what looks like a telephone number. The vendor documents no format.
	Message string

	// Err is the cause.
	Err error
}

// Error says what failed, what that means and whether trying again can help.
func (e *Error) Error() string {
	var b strings.Builder
	if transport, ok := e.Err.(*httpcall.Error); ok { //nolint:errorlint // one further down says less than the whole
		b.WriteString(transport.Error()) // begins with channel and operation itself
	} else {
		fmt.Fprintf(&b, "pigeon: %s: %v", e.Op, e.Err)
	}
	b.WriteString(e.meaning())
	if e.Message != "" {
		fmt.Fprintf(&b, "; the vendor says %q", e.Message)
	}
	if e.ResultID != "" {
		fmt.Fprintf(&b, "; resultId %q", e.ResultID)
	}
	return b.String()
}

// meaning says what a status means here.
func (e *Error) meaning() string {
	switch {
	case e.Op == opInvoke && errors.Is(e.Err, alert.ErrUncertain):
		return "; phones may be ringing"
	case e.HTTPStatus == http.StatusUnauthorized:
		return "; the token is wrong or has expired"
	case e.HTTPStatus == http.StatusForbidden:
		return "; the token, or the address of this host, is not allowed"
	case e.HTTPStatus == http.StatusNotFound && e.ResultID != "":
		return "; there is no such chain"
	case e.HTTPStatus == http.StatusNotFound:
		return "; there is no API of Pigeon at this address"
	case e.HTTPStatus == http.StatusBadRequest || e.HTTPStatus == http.StatusUnprocessableEntity:
		return "; an id is unknown, or the call flow or the guidance is not as it should be"
	}
	return ""
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same call can be made again. After an
// uncertain invocation it is false.
func (e *Error) Retryable() bool { return alert.Retryable(e.Err) }

// RetryAfter returns how long to wait before that can help, at most an hour, or
// zero if nothing is known.
func (e *Error) RetryAfter() time.Duration { return alert.RetryAfter(e.Err) }

// failure turns the error of an exchange into an *Error.
func (c *Client) failure(x *exchange, resp *httpcall.Response, err error) *Error {
	e := &Error{Op: x.op, ResultID: x.id, Err: err}
	verdict, judged := errors.AsType[*Error](err)
	below, failed := errors.AsType[*httpcall.Error](err)
	switch {
	case !failed && judged:
		return verdict
	case !failed:
		return e
	case judged: // another attempt was due, and something came between
		*e = *verdict
		e.Err = err
	}
	if below.Status != 0 {
		e.HTTPStatus = below.Status
	}
	// An answer of an earlier attempt says nothing about the last.
	if resp != nil && resp.Status == below.Status {
		e.Message = c.hide(vendorText(resp.Body), x.hide)
	}
	return e
}

// A notAccepted is an answer that says no in so many words.
type notAccepted string

// Error quotes the word.
func (n notAccepted) Error() string {
	return fmt.Sprintf("refused: status %q instead of %q (nothing was placed; retrying cannot help)", string(n), StatusRequested)
}

// Retryable returns false.
func (n notAccepted) Retryable() bool { return false }

// A doubtful is what came instead of an answer to an invocation.
type doubtful string

// Error says what came and what that means.
func (d doubtful) Error() string {
	return "outcome unknown: " + string(d) + " (it may have been done: look before repeating it)"
}

// Is makes it match alert.ErrUncertain.
func (d doubtful) Is(target error) bool { return target == alert.ErrUncertain }

// Retryable returns false: a repetition might ring people twice.
func (d doubtful) Retryable() bool { return false }

// An unreadable is what came instead of an answer to a question, which may be
// asked again.
type unreadable string

// Error says what came.
func (u unreadable) Error() string { return string(u) + " (retrying may help)" }
