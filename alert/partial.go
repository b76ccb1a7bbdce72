package alert

import (
	"errors"
	"fmt"
)

// A PartialError reports a Send that delivered some of its alerts and failed
// for others. Do not search an error for it with errors.As, which stops at the
// first branch of a joined error; ask [ErrorAt].
//
// The answers to [Retryable] and [RetryAfter] belong into the entries: ErrorAt
// sees through whatever wraps a PartialError, so an answer given by a wrapper
// is lost for the single alert.
type PartialError struct {
	// Errs has one entry an alert, in the order given to Send. A nil entry
	// means that the alert was accepted.
	Errs []error
}

// Partial turns one result an alert into the result of a Send: nil if every
// alert was accepted, else a *PartialError that owns errs.
func Partial(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return &PartialError{Errs: errs}
		}
	}
	return nil
}

// Error counts the failures and quotes the first.
func (e *PartialError) Error() string {
	failed, first := 0, error(nil)
	for _, err := range e.Errs {
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		failed++
	}
	if first == nil {
		return fmt.Sprintf("0 of %d alerts failed", len(e.Errs))
	}
	return fmt.Sprintf("%d of %d alerts failed: %v", failed, len(e.Errs), first)
}

// Unwrap returns the failures, so that errors.Is, [Retryable] and
// [RetryAfter] see each of them.
func (e *PartialError) Unwrap() []error {
	var failures []error
	for _, err := range e.Errs {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures
}

// ErrorAt returns what err, the result of sending n alerts, means for the
// alert at index i: nil if that alert was accepted. It understands a
// [PartialError] at any depth and in several branches of a joined error. An
// error without one counts against every alert, and so does a PartialError
// for another number of alerts.
func ErrorAt(err error, i, n int) error {
	if at, split := errorAt(err, i, n); split {
		return at
	}
	return err
}

// errorAt does the work of ErrorAt. It reports split = false for a tree that
// holds no fitting PartialError: such an error stays whole, with the text its
// maker gave it. (Comparing errors would tell the same, but panics on error
// types that hold a slice.)
func errorAt(err error, i, n int) (at error, split bool) {
	switch e := err.(type) {
	case *PartialError:
		if len(e.Errs) == n && i >= 0 && i < n {
			return e.Errs[i], true
		}
	case interface{ Unwrap() error }:
		return errorAt(e.Unwrap(), i, n)
	case interface{ Unwrap() []error }:
		var found []error
		for _, branch := range e.Unwrap() {
			part, ok := errorAt(branch, i, n)
			if !ok {
				part = branch
			}
			found = append(found, part)
			split = split || ok
		}
		return errors.Join(found...), split
	}
	return nil, false
}
