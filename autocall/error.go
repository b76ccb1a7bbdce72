package autocall

import (
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/alert"
)

// ErrUnknownCall says that no call has the id, or not any more.
var ErrUnknownCall = errors.New("unknown call")

// An Error is a failure of a queue. It holds no number and no secret.
type Error struct {
	Op  string // "enqueue", "next", "answer", …
	Err error  // why

	final     bool // doing the same again cannot help
	begun     bool // it may have been done
	uncertain bool // and the caller must know that
	twice     bool // doing it again might do it twice
}

// Error states the operation, the reason and what to do.
func (e *Error) Error() string {
	text := fmt.Sprintf("autocall: %s: %v", e.Op, e.Err)
	if e.twice {
		text += " (perhaps it was done all the same: repeating it may ring twice)"
	}
	return text
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is alert.ErrUncertain and nobody knows whether the
// call was added.
func (e *Error) Is(target error) bool { return target == alert.ErrUncertain && e.uncertain }

// Retryable reports whether trying again later can help, and is safe. A call
// that is wrong in itself stays wrong; a database comes back.
func (e *Error) Retryable() bool {
	return !e.final && !e.twice && !errors.Is(e.Err, ErrUnknownCall)
}

// uncertain marks the error of an Enqueue that may have added its call.
// Repeating it is safe if the call has a Key.
func uncertain(err error, keyless bool) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.uncertain, e.twice = e.begun, e.begun && keyless
	}
	return err
}
