package autocall

import (
	"errors"
	"fmt"
)

// ErrUnknownCall says that no call has the id, or not any more.
var ErrUnknownCall = errors.New("unknown call")

// An Error is a failure of a queue. It holds no number and no secret.
type Error struct {
	Op  string // "enqueue", "next", "answer", …
	Err error  // why

	final bool // sending the same again cannot help
}

// Error states the operation and the reason.
func (e *Error) Error() string { return fmt.Sprintf("autocall: %s: %v", e.Op, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether trying again later can help. A call that is wrong
// in itself stays wrong; a database comes back.
func (e *Error) Retryable() bool { return !e.final && !errors.Is(e.Err, ErrUnknownCall) }
