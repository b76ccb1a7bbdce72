package alert

import (
	"fmt"
	"time"
)

// HeldBy says why nobody was rung.
type HeldBy string

// The reasons.
const (
	HeldByWindow HeldBy = "a call a short while ago" // the next call speaks for these alerts too
	HeldByQuiet  HeldBy = "quiet hours"
	HeldByLimit  HeldBy = "the limit of calls for each person"
	HeldByBlock  HeldBy = "the block list" // for good
)

// A HeldError says that a [Ringer] rang nobody, or not this person. The alerts
// are not accepted: send them again after RetryAfter if the problem lasts. It is
// no fault of the channel.
type HeldError struct {
	By    HeldBy
	After time.Duration // until it may ring; 0 for the block list: never
}

// Error says why, and when it may ring.
func (e *HeldError) Error() string {
	text := "alert: held back by " + string(e.By) + ", nobody was rung"
	if !e.Retryable() {
		return text + "; not to be sent again"
	}
	return fmt.Sprintf("%s; send again in %v", text, max(e.After.Round(time.Second), time.Second))
}

// Retryable is true but for the block list.
func (e *HeldError) Retryable() bool { return e.By != HeldByBlock }

// RetryAfter returns After.
func (e *HeldError) RetryAfter() time.Duration { return e.After }

// errRungBefore answers for an alert whose first attempt has an unknown outcome.
type errRungBefore struct{}

// Error says what to do.
func (errRungBefore) Error() string {
	return "alert: not sent again: an earlier attempt may have rung a phone, ask before anybody is called (retrying cannot help)"
}

// Is makes it match ErrUncertain.
func (errRungBefore) Is(target error) bool { return target == ErrUncertain }

// Retryable returns false.
func (errRungBefore) Retryable() bool { return false }
