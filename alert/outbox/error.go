package outbox

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnknownRoute says that no route has the name.
var ErrUnknownRoute = errors.New("unknown route")

// errFenced says that another worker has taken the route over.
var errFenced = errors.New("another worker has taken the route over")

// An Error is a failure of the outbox itself. What it could not do was not done,
// or may be done again without harm: alerts with an ID are accepted once, others
// perhaps twice. It holds nothing of an alert.
type Error struct {
	Op  string // "send", "list", …
	Err error  // why

	final bool // doing the same again cannot help
}

// Error states the operation and the reason.
func (e *Error) Error() string { return fmt.Sprintf("outbox: %s: %v", e.Op, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether trying again later can help. An alert that is too
// large stays so; a database comes back.
func (e *Error) Retryable() bool { return !e.final && !errors.Is(e.Err, ErrUnknownRoute) }

// failure returns the error of an operation. Drivers do not always say that it
// was the context that ended.
func failure(ctx context.Context, op string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return &Error{Op: op, Err: err}
}
