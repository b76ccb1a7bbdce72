package httpcall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter is one rate budget, shared by all goroutines of a robot and safe
// for concurrent use. A nil Limiter limits nothing.
//
// A burst of b with one token every i admits b + ceil(w/i) - 1 in a window w
// that is longer than i. "20 a minute" is therefore not a burst of 20 with one
// every 3 s, which admits 39, but a burst of 5 with one every 3.75 s.
type Limiter struct {
	interval time.Duration
	burst    int

	mu     sync.Mutex
	bucket *rate.Limiter // replaced by Pause, which voids what was reserved
	opens  time.Time     // no token before this
}

// NewLimiter allows burst at once and then one per interval. A burst below 1
// is 1; an interval of 0 or less limits nothing.
func NewLimiter(interval time.Duration, burst int) *Limiter {
	l := &Limiter{interval: interval, burst: max(1, burst)}
	l.bucket = l.fill()
	return l
}

// robotRate is how many messages a minute the vendors of group robots allow.
const robotRate = 20

// PerMinute returns the budget for n messages a minute, in any minute; 0 means
// 20, the limit of both vendors of group robots. A negative number is no
// limit, but a budget all the same: a refusal by the vendor closes it.
//
// A bucket with burst b that is refilled every i lets b+60s/i messages pass in
// its first minute, so that a quarter of the rate as burst leaves the rest to
// the refill: at 20 a minute 5 at once, then one per 3.75 s.
func PerMinute(n int) *Limiter {
	if n < 0 {
		return NewLimiter(0, 1)
	}
	n = cmp.Or(n, robotRate)
	burst := max(1, n/4)
	refills := time.Duration(n - burst + 1)
	return NewLimiter((time.Minute+refills-1)/refills, burst)
}

func (l *Limiter) fill() *rate.Limiter { return rate.NewLimiter(rate.Every(l.interval), l.burst) }

// errBudget is the cause of a refusal by Wait.
var errBudget = errors.New("the rate budget is spent")

// Wait takes one token, after waiting for it if need be.
//
// Under alert.Once(ctx), or if ctx would end before the token is due, it takes
// none and returns at once with a retryable *[Error] of Kind NotSent whose
// After says when one is due. That error does not match
// context.DeadlineExceeded, because ctx has not ended. If ctx ends while it
// waits, the *Error matches ctx.Err(). A Pause is waited out likewise.
func (l *Limiter) Wait(ctx context.Context) error { return l.admit(ctx, false) }

// admit is Wait, or if failFast is set, Wait that never waits.
func (l *Limiter) admit(ctx context.Context, failFast bool) error {
	if l == nil {
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return notAdmitted(err)
		}
		t := l.take(func(wait time.Duration) bool { return !failFast && mayWait(ctx, wait) })
		if t.wait <= 0 {
			return nil
		}
		if t.token == nil {
			return &Error{Kind: NotSent, After: t.wait, Err: errBudget}
		}
		if err := sleep(ctx, t.wait); err != nil {
			l.giveBack(t)
			return notAdmitted(err)
		}
		if l.holds(t) {
			return nil
		}
	}
}

func notAdmitted(err error) *Error {
	return &Error{Kind: NotSent, Err: fmt.Errorf("waiting for rate budget: %w", err)}
}

// Pause closes the budget for d, because the far end said that it was
// exceeded: whoever waits already waits on. Then it starts anew, with a full
// burst. A shorter pause does not end a longer one.
func (l *Limiter) Pause(d time.Duration) {
	if l == nil || d <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if opens := time.Now().Add(d); opens.After(l.opens) {
		l.opens, l.bucket = opens, l.fill()
	}
}

// A ticket is a token of one bucket that is due after wait; without a token, it
// only says when one is due.
type ticket struct {
	bucket *rate.Limiter
	token  *rate.Reservation
	wait   time.Duration
}

// take takes a token that is there, or reserves the next one if the caller may
// wait for it. Who may not gives it back before anybody else can reserve one
// behind it: the bucket would lose a token, and the other be told twice the wait.
func (l *Limiter) take(may func(wait time.Duration) bool) ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !now.Before(l.opens) && l.bucket.AllowN(now, 1) {
		return ticket{}
	}
	token := l.bucket.ReserveN(l.clock(now), 1)
	wait := token.DelayFrom(now)
	if wait > 0 && !may(wait) {
		token.CancelAt(l.clock(now))
		token = nil
	}
	return ticket{l.bucket, token, wait}
}

// giveBack returns a token that was not used.
func (l *Limiter) giveBack(t ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.token.CancelAt(l.clock(time.Now()))
}

// clock returns the time that the bucket is told. It never runs before the end
// of a pause: a bucket that heard an earlier time would add tokens for the
// span between.
func (l *Limiter) clock(now time.Time) time.Time {
	if now.Before(l.opens) {
		return l.opens
	}
	return now
}

// holds reports whether t is still good, which a Pause since take prevents.
func (l *Limiter) holds(t ticket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return t.bucket == l.bucket
}

// sleep waits for d or for the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
