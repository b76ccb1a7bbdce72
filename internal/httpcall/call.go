package httpcall

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tocsin-go/tocsin/alert"
)

// A call is one run of Do: up to MaxAttempts attempts and their outcome.
// Its methods are the policy functions of a retryablehttp.Client, which calls
// them one after the other; see loop.
type call struct {
	caller   *Caller
	request  Request // a copy: the caller's need not be on the heap
	url      *url.URL
	attempts int
	first    attempt       // saves an allocation: as a rule there is no other
	last     *attempt      // the attempt under way or just finished
	gate     gate          // of the body under way, if it comes from GetBody
	answer   *Response     // the last complete answer
	err      error         // the verdict on the last attempt; nil: accepted
	wait     time.Duration // before the next attempt
	cut      error         // why the next attempt was not made after all
}

// errGaveUp ends retryablehttp.Client.Do; nobody sees it.
var errGaveUp = errors.New("gave up")

// prepare waits for rate budget and builds the request of the first attempt,
// in this order: a URL may be signed with the time.
func (k *call) prepare(ctx context.Context) (*retryablehttp.Request, error) {
	if err := ctx.Err(); err != nil {
		return nil, k.error(NotSent, err)
	}
	if err := k.caller.limit.admit(ctx, k.caller.failFast); err != nil {
		return nil, k.limitError(err)
	}
	raw, err := k.request.URL()
	if err != nil {
		return nil, k.urlError(err)
	}
	if err := k.renewHeader(); err != nil {
		return nil, k.urlError(err)
	}
	req, err := k.build(ctx, raw)
	if err != nil {
		return nil, k.urlError(err)
	}
	k.url = req.URL
	return req, nil
}

// prepareAgain does the same for a further attempt. It renews the header, into
// which a cookie jar writes, and the body, which has been read.
func (k *call) prepareAgain(req *http.Request) error {
	k.last = nil
	if k.cut = k.caller.limit.admit(req.Context(), k.caller.failFast); k.cut != nil {
		return errGaveUp
	}
	raw, err := k.request.URL()
	if err == nil {
		req.URL, err = k.caller.parse(raw)
	}
	if err == nil {
		err = k.renewHeader()
	}
	if err != nil {
		k.cut = decided(err)
		return errGaveUp
	}
	k.url, req.Host, req.Header = req.URL, req.URL.Host, k.header(req.URL)
	if req.Body != nil {
		if req.Body, err = k.body(); err != nil {
			k.cut = decided(err)
			return errGaveUp
		}
	}
	return nil
}

// check decides after every attempt whether there is another one. The vendor's
// verdict counts as much as the HTTP status.
func (k *call) check(ctx context.Context, _ *http.Response, clientErr error) (bool, error) {
	k.err = k.judge(ctx, clientErr)
	k.record(ctx)
	if k.err == nil {
		return false, nil
	}
	return k.mayRepeat(ctx), k.err
}

// mayRepeat reports whether another attempt is allowed and its wait is worth
// sitting through. A vendor's error may itself be uncertain.
func (k *call) mayRepeat(ctx context.Context) bool {
	if ctx.Err() != nil || !alert.Retryable(k.err) {
		return false
	}
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](k.err); untrusted {
		return false // it is the same in a second
	}
	if !k.request.RepeatUncertain && errors.Is(k.err, alert.ErrUncertain) {
		return false
	}
	after := alert.RetryAfter(k.err)
	k.wait = delay(k.attempts, after, k.caller.maxWait)
	return after <= k.caller.maxWait && mayWait(ctx, k.wait)
}

// giveUp keeps retryablehttp from returning a refused answer without an error,
// as its PassthroughErrorHandler does, and from building one with the URL.
func giveUp(*http.Response, error, int) (*http.Response, error) {
	return nil, errGaveUp
}

// failure returns the error of a call that gave up: the verdict on the last
// attempt and, if something came between, why there was none after it.
func (k *call) failure(ctx context.Context) error {
	why := k.cut
	if err := ctx.Err(); err != nil && alert.Retryable(k.err) && !errors.Is(k.err, err) {
		why = err
	}
	if why == nil {
		return k.err
	}
	e := k.error(Refused, k.err)
	if own, ok := errors.AsType[*Error](k.err); ok {
		*e = *own
	} else if errors.Is(k.err, alert.ErrUncertain) {
		e.Kind = Uncertain
	}
	if e.Err == nil {
		e.Err = fmt.Errorf("no further attempt: %w", why)
	} else {
		e.Err = fmt.Errorf("%w; no further attempt: %w", e.Err, why)
	}
	e.After = max(alert.RetryAfter(k.err), alert.RetryAfter(why))
	return e
}

// error returns an Error about this call.
func (k *call) error(kind Kind, err error) *Error {
	e := &Error{
		Channel: k.caller.channel, Op: k.request.Op,
		Kind: kind, Attempts: k.attempts, Err: err,
		final: kind == Uncertain && !k.request.RepeatUncertain,
	}
	if k.url != nil {
		e.Host = k.url.Host
	}
	return e
}

// record logs one attempt: never a URL, a header or a body.
func (k *call) record(ctx context.Context) {
	log := k.caller.log
	if !log.Enabled(ctx, slog.LevelDebug) || k.last == nil {
		return
	}
	log.LogAttrs(ctx, slog.LevelDebug, "http attempt",
		slog.String("channel", k.caller.channel),
		slog.String("op", k.request.Op),
		slog.String("host", k.url.Host),
		slog.Int("attempt", k.attempts),
		slog.Int("status", k.last.status),
		slog.Duration("elapsed", k.last.elapsed),
		slog.String("verdict", verdict(k.err)))
}
