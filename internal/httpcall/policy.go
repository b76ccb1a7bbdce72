package httpcall

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tocsin-go/tocsin/alert"
)

// Waits between attempts.
const (
	minWait  = 500 * time.Millisecond
	maxWait  = 30 * time.Second // unless Options say otherwise
	maxAfter = time.Hour        // a far end may push an alert out no further
)

// judge returns the verdict on the last attempt; nil means accepted.
func (k *call) judge(ctx context.Context, clientErr error) error {
	a := k.last
	switch {
	case a == nil: // http.Client itself refused to try
		return k.error(NotSent, clean(clientErr, k.url, k.request.Header))
	case a.status == 0:
		return k.unanswered(ctx, a)
	case a.status < 200 || a.status > 299:
		return k.failed(a)
	case errors.Is(a.err, errTooLong):
		return k.unclear(a, a.err)
	case a.err != nil:
		return k.unanswered(ctx, a)
	case k.request.Judge == nil:
		return nil
	}
	return k.request.Judge(&a.answer)
}

// unanswered returns the error of an attempt without a complete answer.
func (k *call) unanswered(ctx context.Context, a *attempt) *Error {
	kind := NotSent
	if a.status != 0 || a.trail.mayHaveLeft(a.err, k.caller.transport) {
		kind = Uncertain
	}
	err := clean(a.err, k.url, k.request.Header)
	// net/http returns the cause of a context that has one, which need not
	// match ctx.Err(). A time limit of ours must not match it.
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	} else if a.timedOut {
		err = &timeoutError{k.caller.timeout + k.request.MoreTime}
	}
	e := k.error(kind, err)
	e.Status = a.status
	return e
}

// failed returns the verdict on an answer whose status is not 2xx.
func (k *call) failed(a *attempt) error {
	if k.request.JudgeFailure != nil && a.complete {
		if err := k.request.JudgeFailure(&a.answer); err != nil {
			return err
		}
	}
	return k.refusal(a)
}

// refusal returns the error of an answer whose status is not 2xx. The answer
// counts even if its body was cut off.
func (k *call) refusal(a *attempt) *Error {
	e := k.error(Refused, nil)
	e.Status = a.status
	switch {
	case a.status == http.StatusTooManyRequests, a.status == http.StatusTooEarly:
	case a.status == http.StatusNotImplemented, a.status == http.StatusHTTPVersionNotSupported:
		e.final = true
	case a.status >= 500, a.status == http.StatusRequestTimeout:
		e = k.unclear(a, nil)
	default:
		e.final = true
	}
	if a.status >= 300 && a.status <= 399 {
		e.Err = errRedirect
	}
	if !e.final {
		e.After = retryAfter(a.header)
	}
	return e
}

var errRedirect = errors.New("redirects are not followed")

// unclear returns the error of an answer that says no, or nothing readable,
// while the work may have been done: a gateway answers 502 and 504 for a
// backend that is still busy. Where a repetition does no harm that is a
// refusal like any other.
func (k *call) unclear(a *attempt, err error) *Error {
	kind := Refused
	if !k.request.RepeatUncertain {
		kind = Uncertain
	}
	e := k.error(kind, err)
	e.Status = a.status
	return e
}

// delay returns the wait after the given number of attempts: what the far end
// asked for, or half a second, doubled each time, whichever is longer; with a
// quarter of chance added, so that a fleet does not return all at once; and at
// most longest.
func delay(attempts int, after, longest time.Duration) time.Duration {
	// DefaultBackoff sleeps for as long as a Retry-After says; it gets none.
	wait := max(after, retryablehttp.DefaultBackoff(minWait, maxWait, attempts-1, nil))
	return min(wait+rand.N(wait/4+1), longest)
}

// mayWait reports whether ctx allows a wait of d.
func mayWait(ctx context.Context, d time.Duration) bool {
	if alert.IsOnce(ctx) {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// retryAfter reads the header of that name, seconds or a date, bounded by
// maxAfter. A date is compared with the Date of the same answer if it has one:
// the two clocks may differ.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(max(0, min(seconds, int64(maxAfter/time.Second)))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, min(at.Sub(now), maxAfter))
}
