package alert

import (
	"errors"
	"time"
)

// ErrUncertain matches, with [errors.Is], an error after which nobody knows
// whether the far end acted: bytes left and no answer came. A chat message may
// be sent again, at the price of a duplicate. A telephone call must not.
var ErrUncertain = errors.New("outcome unknown: the request left and no answer came")

// Retryable reports whether sending the same alerts again later can help. An
// error says so with a method Retryable() bool; the outermost answer on a
// branch counts. An error without the method is taken to be retryable, since
// giving up on an unknown failure loses alerts. Of a tree of errors, such as
// the result of [Fanout], one retryable branch is enough; ask [ErrorAt] about
// a single alert. Retryable(nil) is false.
func Retryable(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := err.(interface{ Retryable() bool }); ok {
		return e.Retryable()
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return Retryable(inner)
		}
	case interface{ Unwrap() []error }:
		known := false
		for _, branch := range e.Unwrap() {
			if branch == nil {
				continue
			}
			if Retryable(branch) {
				return true
			}
			known = true
		}
		return !known
	}
	return true
}

// RetryAfter returns how long to wait before sending again can help, or zero
// if err does not say. An error says so with a method
// RetryAfter() time.Duration. Of a tree of errors the longest wait counts.
func RetryAfter(err error) time.Duration {
	if err == nil {
		return 0
	}
	if e, ok := err.(interface{ RetryAfter() time.Duration }); ok {
		return max(0, e.RetryAfter())
	}
	var longest time.Duration
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return RetryAfter(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			longest = max(longest, RetryAfter(branch))
		}
	}
	return longest
}
