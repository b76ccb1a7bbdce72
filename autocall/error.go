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

	final  bool // doing the same again cannot help
	begun  bool // it may have been done
	unsafe bool // and to do it again would do it twice
}

// Error states the operation, the reason and what to do.
func (e *Error) Error() string {
	text := fmt.Sprintf("autocall: %s: %v", e.Op, e.Err)
	if e.unsafe {
		text += " (perhaps it was done all the same: repeating it may ring twice)"
	}
	return text
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is alert.ErrUncertain and nobody knows whether it
// was done, while doing it again would do it twice.
func (e *Error) Is(target error) bool { return target == alert.ErrUncertain && e.unsafe }

// Retryable reports whether trying again later can help. A call that is wrong
// in itself stays wrong; a database comes back.
func (e *Error) Retryable() bool {
	return !e.final && !e.unsafe && !errors.Is(e.Err, ErrUnknownCall)
}

// uncertain marks the error of an operation that must not be repeated if it may
// have been done.
func uncertain(err error, unsafe bool) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.unsafe = unsafe && e.begun
	}
	return err
}
