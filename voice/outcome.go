package voice

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// outcome turns what the gateway said into the result of a Send.
func outcome(ctx context.Context, report Report, err error) error {
	if err != nil {
		return ended(ctx, failureOf(err, report.RequestID))
	}
	failed := report.Err()
	if failed == nil || report.count(State.isReached) > 0 {
		return nil
	}
	return ended(ctx, &Error{
		Op: opSend, Err: failed, RequestID: report.RequestID, fate: report.fate(),
	})
}

// failureOf turns the error of a gateway into an *Error. One that is silent
// about a repetition leaves the outcome open.
func failureOf(err error, id string) *Error {
	if own, ok := err.(*Error); ok { //nolint:errorlint // of a Client, and says it all
		return own
	}
	e := &Error{Op: opSend, Err: err, RequestID: id, fate: fateUnsure}
	if saysAgain(err) {
		e.fate = fateAgain
	} else if saysFinal(err) {
		e.fate = fateFinal
	}
	return e
}

// fate says what a report means in which nobody was reached: a repetition must
// ring nobody a second time. That nobody knows, the results say themselves.
func (r Report) fate() fate {
	if r.count(State.mayHaveRung) == 0 && slices.ContainsFunc(r.Results, Result.isAgain) {
		return fateAgain
	}
	return fateFinal
}

// ended makes the error of a call during which ctx ended match ctx.Err().
func ended(ctx context.Context, e *Error) error {
	if end := ctx.Err(); end != nil && !errors.Is(e, end) {
		copied := *e
		copied.Err = fmt.Errorf("%w: %w", end, e)
		copied.fate = fateFinal
		if e.Retryable() {
			copied.fate = fateAgain
		}
		copied.Refused, copied.Message, copied.RequestID, copied.after = false, "", "", e.RetryAfter()
		return &copied
	}
	return e
}
