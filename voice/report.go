package voice

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A Report has the outcome for each callee of a [Request].
type Report struct {
	// RequestID is the identity of the request at the gateway, for questions to
	// its operator. It may be empty.
	RequestID string

	// Results has one entry a callee, in the order of the request.
	Results []Result
}

// A Result is the outcome of one callee. Its texts come from the gateway and
// may change at any time: branch on State.
type Result struct {
	Callee     Callee
	State      State
	Key        string        // what was pressed, if Acknowledged
	ProviderID string        // the call's identity at the gateway
	Code       string        // the gateway's own code
	Reason     string        // the gateway's words, at most 256 bytes in one line
	RetryAfter time.Duration // when another call can succeed; 0: not said
}

// isAgain reports whether a later call makes sense and is safe.
func (r Result) isAgain() bool {
	return r.State == RejectedTemporary || r.State == Throttled || r.State == Withheld && r.RetryAfter > 0
}

// Err returns nil if no result is a failure, else an error that joins those
// that are, each of which names the callee.
func (r Report) Err() error {
	var failed []error
	for _, result := range r.Results {
		if result.State.isFailure() {
			failed = append(failed, &calleeError{result})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &calleeErrors{of: len(r.Results), failed: failed}
}

// count returns how many results satisfy is.
func (r Report) count(is func(State) bool) int {
	n := 0
	for _, result := range r.Results {
		if is(result.State) {
			n++
		}
	}
	return n
}

// A calleeError is a callee who was not reached, or nobody knows.
type calleeError struct{ Result Result }

// Error names the callee, the state and the gateway's words.
func (e *calleeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %v", e.Result.Callee, e.Result.State)
	self := []Callee{e.Result.Callee}
	if code := conceal(e.Result.Code, self, maxName); code != "" {
		fmt.Fprintf(&b, " (code %s)", code)
	}
	if reason := censor(e.Result.Reason, self, maxReason); reason != "" {
		b.WriteString(": " + reason)
	}
	return b.String()
}

// Retryable reports whether this callee can be called again, which excludes
// everybody whose phone may have rung.
func (e *calleeError) Retryable() bool { return e.Result.isAgain() }

// RetryAfter returns when another call can succeed, if there may be one.
func (e *calleeError) RetryAfter() time.Duration {
	if !e.Retryable() {
		return 0
	}
	return e.Result.RetryAfter
}

// Is makes an Unknown state match alert.ErrUncertain.
func (e *calleeError) Is(target error) bool {
	return target == alert.ErrUncertain && e.Result.State == Unknown
}

// maxListed is how many callees the text of an error names.
const maxListed = 8

// calleeErrors are the failures of a report.
type calleeErrors struct {
	of     int
	failed []error
}

// Error counts the failures and names the first ones, in one line.
func (e *calleeErrors) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d callees not reached: ", len(e.failed), e.of)
	for i, err := range e.failed[:min(len(e.failed), maxListed)] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	if more := len(e.failed) - maxListed; more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return b.String()
}

// Unwrap returns the failures.
func (e *calleeErrors) Unwrap() []error { return e.failed }
