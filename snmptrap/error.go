package snmptrap

import (
	"errors"
	"fmt"
	"net"
)

// ErrTooLarge matches, with [errors.Is], an error about a trap that does not
// fit its datagram. Sending it again cannot help.
var ErrTooLarge = errors.New("trap too large")

// ErrClosed matches, with [errors.Is], an error of a [Sender] after Close.
var ErrClosed = errors.New("sender is closed")

// An Error says which step failed and where. It holds no community.
type Error struct {
	Op     string // "encode", "lookup", "send", "inform" or "close"
	Target string // host:port, or empty if no target is to blame

	// Err is the reason: a system error, a [net.DNSError], ctx.Err(),
	// ErrTooLarge, ErrClosed, the [ErrorStatus] with which a receiver refused
	// an inform, or, when an inform left and no answer came, an error that
	// matches [alert.ErrUncertain] and perhaps a second of these.
	Err error
}

// Error names the step, the target and the reason.
func (e *Error) Error() string {
	if e.Target == "" {
		return fmt.Sprintf("snmptrap: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("snmptrap: %s: %s: %v", e.Op, e.Target, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether sending the same alert again later can help: it
// can after every failure of the network or of a name server and after an
// inform without an answer, and cannot after a failure to encode; a refusal
// says it itself, see [ErrorStatus.Retryable].
//
// A failed trap did not leave this machine, so a repetition makes no duplicate
// at its target. An inform without an answer may have arrived; its repetition
// carries the same fingerprint, by which the console knows it.
func (e *Error) Retryable() bool {
	if status, ok := errors.AsType[ErrorStatus](e.Err); ok {
		return status.Retryable()
	}
	return e.Op != "encode" && !errors.Is(e.Err, ErrTooLarge)
}

// sizeError names both sizes.
func sizeError(size, limit int) error {
	return fmt.Errorf("%d octets, limit %d: %w", size, limit, ErrTooLarge)
}

// reason takes the reason out of an error of package net, whose wrapping
// repeats the addresses.
func reason(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	return err
}
