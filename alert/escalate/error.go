package escalate

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnknownReference says that no incident has the reference: it never had, or
// it was forgotten.
var ErrUnknownReference = errors.New("unknown reference")

// An Error is a failure of the escalation itself. What it could not do was not
// done, or may be done again without harm. It holds nothing of an alert.
type Error struct {
	Op  string // "acknowledge", "list incidents", …
	Err error  // why

	final bool // doing the same again cannot help
}

// Error states the operation and the reason.
func (e *Error) Error() string { return fmt.Sprintf("escalate: %s: %v", e.Op, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether trying again later can help: a database comes back, an
// unknown reference does not.
func (e *Error) Retryable() bool {
	return !e.final && !errors.Is(e.Err, ErrUnknownReference) && !errors.Is(e.Err, ErrOtherSteps)
}

// failure returns the error of an operation. Drivers do not always say that it
// was the context that ended.
func failure(ctx context.Context, op string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return &Error{Op: op, Err: err}
}
