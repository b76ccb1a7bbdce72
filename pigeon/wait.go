package pigeon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// How Wait asks.
const (
	defaultInterval = 15 * time.Second // of the vendor's sample
	minInterval     = 5 * time.Second
	maxBackoff      = 2 * time.Minute // after failures in a row
	defaultFailures = 20
	maxMissing      = 5  // answers 404 in a row
	maxFlagless     = 20 // answers in a row that do not say whether the chain goes on
)

// WaitOptions configures [Client.Wait]. Nil and the zero value of each field
// mean the default.
type WaitOptions struct {
	// Interval is the time between two questions; up to an eighth is added by
	// chance. Default: 15 s; less than 5 s means 5 s.
	Interval time.Duration

	// Failures is how many questions in a row may fail before Wait gives up;
	// the interval grows to two minutes meanwhile. Default: 20; -1 means any
	// number.
	Failures int

	// OnResult sees each answer, the last one too, before Wait goes on.
	// Default: nobody.
	OnResult func(Result)
}

// Wait asks how a chain stands until it is over. To judge its outcome
// ask [Result.Outcome].
//
// Bound it by ctx: a chain lasts for as long as it waits for a line, and then
// rounds times contacts times 30 s of ringing and 3.5 minutes of talk at most.
// When ctx ends, or the questions keep failing, Wait returns the last state it
// knows, with its ID, beside an [*Error] that has the ResultID and, of an
// ended ctx, matches ctx.Err(). The chain goes on: Wait can be called again
// with the same id, also by another process, or [Client.Abort] stops it. Wait
// itself never stops a chain.
//
// Failures that pass are waited out. A 404 is tolerated five times in a row,
// for a chain that was only just accepted; an answer that does not say whether
// the chain goes on, twenty times in a row.
func (c *Client) Wait(ctx context.Context, id string, opts *WaitOptions) (Result, error) {
	if err := checkID(id); err != nil {
		return Result{}, &Error{Op: opWait, Err: err}
	}
	var o WaitOptions
	if opts != nil {
		o = *opts
	}
	o.Interval = max(cmp.Or(o.Interval, defaultInterval), minInterval)
	o.Failures = cmp.Or(o.Failures, defaultFailures)
	w := &waiter{WaitOptions: o, last: Result{ID: id}}
	for {
		r, err := c.Result(alert.Once(ctx), id) // this is the loop that repeats
		pause, err := w.next(r, err)
		if err != nil || w.last.State == StateOver {
			return w.last, err
		}
		select {
		case <-ctx.Done():
			return w.last, w.error(ctx.Err())
		case <-time.After(pause + rand.N(w.Interval/8)):
		}
	}
}

// A waiter is one call of Wait.
type waiter struct {
	WaitOptions
	last                       Result
	failed, missing, undecided int // in a row
}

// next takes the outcome of a question and returns how long to wait before the
// next one, or why there is none.
func (w *waiter) next(r Result, err error) (time.Duration, error) {
	if err != nil {
		return w.afterFailure(err)
	}
	w.failed, w.missing = 0, 0
	w.last = r
	if w.OnResult != nil {
		w.OnResult(r)
	}
	if r.State != StateUnknown {
		w.undecided = 0
		return w.Interval, nil
	}
	if w.undecided++; w.undecided >= maxFlagless {
		return 0, w.error(fmt.Errorf("%d answers in a row do not say whether the chain goes on", w.undecided))
	}
	return w.Interval, nil
}

// afterFailure decides whether a failure is waited out.
func (w *waiter) afterFailure(err error) (time.Duration, error) {
	if e, ok := errors.AsType[*Error](err); ok && e.HTTPStatus == http.StatusNotFound {
		if w.missing++; w.missing > maxMissing {
			return 0, w.error(err)
		}
		return w.Interval, nil
	}
	if w.failed++; !alert.Retryable(err) || w.Failures >= 0 && w.failed >= w.Failures {
		return 0, w.error(err)
	}
	pause := w.Interval << min(w.failed-1, 5)
	return max(min(pause, max(maxBackoff, w.Interval)), alert.RetryAfter(err)), nil
}

// error returns the error of a Wait that ends before the chain does.
func (w *waiter) error(err error) *Error {
	e := &Error{Op: opWait, ResultID: w.last.ID, Err: err}
	if cause, ok := errors.AsType[*Error](err); ok {
		e.HTTPStatus, e.Message, e.Err = cause.HTTPStatus, cause.Message, unfinished{cause.Err}
		return e
	}
	e.Err = unfinished{err}
	return e
}

// An unfinished is why a Wait ended before the chain.
type unfinished struct{ cause error }

// Error says that the chain goes on.
func (u unfinished) Error() string {
	return u.cause.Error() + "; the chain was not stopped, and may go on"
}

// Unwrap returns the cause.
func (u unfinished) Unwrap() error { return u.cause }
