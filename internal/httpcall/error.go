package httpcall

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/neterr"
)

// Kind says how far a failed call got.
type Kind uint8

// The kinds of failure.
const (
	NotSent   Kind = iota // nothing reached the far end
	Refused               // the far end answered, and said no
	Uncertain             // the far end may have acted; matches alert.ErrUncertain
)

// String returns the words used in error messages.
func (k Kind) String() string {
	switch k {
	case NotSent:
		return "not sent"
	case Refused:
		return "refused"
	case Uncertain:
		return "outcome unknown"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// An Error is a failure below the vendor's verdict. It holds no secret: the
// host is all that it knows of the URL. It is not modified after it has been
// returned.
type Error struct {
	Channel, Op, Host string // Host with its port, if the URL has one
	Kind              Kind
	Status            int           // HTTP status; 0 when no answer came
	Attempts          int           // made in this call; 0: there was none
	After             time.Duration // how long to wait before trying again; 0: not said
	Err               error         // the cause; nil when Status says it all

	final bool // another attempt cannot help, or might do harm
}

// Error returns one line such as
//
//	wecom: send: qyapi.weixin.qq.com: not sent: connection refused (3 attempts; retrying may help)
func (e *Error) Error() string {
	var parts []string
	for _, word := range [...]string{e.Channel, e.Op, e.Host, e.Kind.String(), statusLine(e.Status)} {
		if word != "" {
			parts = append(parts, word)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return fmt.Sprintf("%s (%s%s)", strings.Join(parts, ": "), tries(e.Attempts), e.advice())
}

func statusLine(code int) string {
	if code == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", code, http.StatusText(code)))
}

func tries(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 attempt; "
	}
	return fmt.Sprintf("%d attempts; ", n)
}

// advice says whether trying again helps.
func (e *Error) advice() string {
	switch {
	case e.final && e.Kind == Uncertain:
		return "it may have been done: look before repeating it"
	case e.final:
		return "retrying cannot help"
	case e.After > 0:
		return "retry after " + e.After.Round(time.Millisecond).String()
	}
	return "retrying may help"
}

// Unwrap returns the cause, for errors.Is with context.Canceled,
// context.DeadlineExceeded, syscall.ECONNREFUSED and their like. It is never a
// *url.Error.
func (e *Error) Unwrap() error { return e.Err }

// Is makes an Error of Kind Uncertain match alert.ErrUncertain, and a number of
// Winsock that of package syscall.
func (e *Error) Is(target error) bool {
	if number, ok := target.(syscall.Errno); ok {
		return neterr.Is(e.Err, number)
	}
	return target == alert.ErrUncertain && e.Kind == Uncertain
}

// Retryable reports whether the same call can be made again later. It is false
// for a final refusal, for a URL that cannot be called, and for an uncertain
// outcome of a request without RepeatUncertain.
func (e *Error) Retryable() bool { return !e.final }

// RetryAfter returns e.After.
func (e *Error) RetryAfter() time.Duration { return e.After }

// urlError returns the error of a Request.URL that failed.
func (k *call) urlError(err error) *Error {
	e := k.error(NotSent, decided(err))
	e.final = errors.Is(err, errURL) || !alert.Retryable(err)
	e.After = alert.RetryAfter(err)
	return e
}

// decided returns err without its doubts: a call whose URL could not be had,
// say because the answer to a token request was lost, was certainly not made.
func decided(err error) error {
	if !errors.Is(err, alert.ErrUncertain) {
		return err
	}
	return &masked{err.Error(), func(target error) bool {
		return !errors.Is(target, alert.ErrUncertain) && errors.Is(err, target)
	}}
}

// limitError gives an error of Limiter.Wait the names of this call.
func (k *call) limitError(err error) *Error {
	e := k.error(NotSent, err)
	if own, ok := errors.AsType[*Error](err); ok {
		e.Err, e.After = own.Err, own.After
	}
	return e
}

// verdict returns the word for err in a log record.
func verdict(err error) string {
	if err == nil {
		return "accepted"
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind.String()
	}
	return Refused.String()
}

// A timeoutError is an attempt that took longer than Options.Timeout. It is a
// net.Error, and does not match context.DeadlineExceeded: the caller's context
// has not ended.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return "no answer within " + e.limit.String() }

// Timeout reports true.
func (e *timeoutError) Timeout() bool { return true }

// Temporary reports true, for net.Error.
func (e *timeoutError) Temporary() bool { return true }
