package snmptrap

import "fmt"

// An ErrorStatus is the error-status of a receiver's answer (RFC 3416 section
// 3). It is an error, and [Error] unwraps to it, so that
// errors.Is(err, snmptrap.StatusTooBig) works.
type ErrorStatus int32

// The values that decide something; the others are known by their names.
const (
	StatusNoError ErrorStatus = 0 // acknowledged
	StatusTooBig  ErrorStatus = 1 // the answer would not fit: set a lower MaxSize
)

// String returns the name that RFC 3416 gives to s, such as "tooBig", or ""
// if it has none.
func (s ErrorStatus) String() string {
	names := [...]string{
		"noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
		"wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable",
		"commitFailed", "undoFailed", "authorizationError", "notWritable", "inconsistentName",
	}
	if s < 0 || int(s) >= len(names) {
		return ""
	}
	return names[s]
}

// Error says the name, the number and what to do.
func (s ErrorStatus) Error() string {
	advice := "sending it again cannot help"
	switch {
	case s == StatusTooBig:
		advice = "it cannot answer a message of this size, set a lower MaxSize"
	case s.Retryable():
		advice = "sending it again later can help"
	}
	name := s.String()
	if name == "" {
		name = "unknown error-status"
	}
	return fmt.Sprintf("the receiver refused it with %s(%d): %s", name, int32(s), advice)
}

// Retryable reports whether the receiver may take the same inform later: it
// may when it lacked something at the moment (genErr, resourceUnavailable,
// commitFailed, undoFailed, inconsistentValue, inconsistentName) and when
// nobody knows what its answer means, and it will not when something is wrong
// with the message or forbidden.
func (s ErrorStatus) Retryable() bool {
	switch s.String() {
	case "genErr", "resourceUnavailable", "commitFailed", "undoFailed", "inconsistentValue", "inconsistentName", "":
		return true
	}
	return false
}
