package alerttest

import (
	"context"
	"slices"
	"sync"

	"github.com/tocsin-go/tocsin/alert"
)

// A Recorder is a Sender that delivers into memory. It accepts everything
// until told otherwise. The zero value is ready for use; all methods are safe
// for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	calls    [][]alert.Alert
	accepted []alert.Alert
	script   []alert.SenderFunc
}

// Send records clones of the alerts and answers as the script says, or nil
// when the script has come to its end. It refuses without a record if ctx has
// ended, and neither records nor uses up the script if there are no alerts.
func (r *Recorder) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	clones := cloneAll(alerts)
	r.mu.Lock()
	r.calls = append(r.calls, clones)
	var answer alert.SenderFunc
	if len(r.script) > 0 {
		answer = r.script[0]
		r.script = r.script[1:]
	}
	r.mu.Unlock()

	var err error
	if answer != nil {
		err = answer(ctx, alerts...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range clones {
		if alert.ErrorAt(err, i, len(clones)) == nil {
			r.accepted = append(r.accepted, a)
		}
	}
	return err
}

// Next appends answers to the script: each answers one call to Send, in the
// order of the calls.
func (r *Recorder) Next(answers ...alert.SenderFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, answers...)
}

// Fail appends a call that fails as a whole with err.
func (r *Recorder) Fail(err error) {
	r.Next(func(context.Context, ...alert.Alert) error { return err })
}

// FailEach appends a call that answers for each alert by itself: errs[i] is
// the result for the alert at index i, nil accepts it. Alerts beyond the
// length of errs are accepted.
func (r *Recorder) FailEach(errs ...error) {
	errs = slices.Clone(errs)
	r.Next(func(_ context.Context, alerts ...alert.Alert) error {
		results := make([]error, len(alerts))
		copy(results, errs)
		return alert.Partial(results)
	})
}

// Hang appends a call that does not return before its context ends; it then
// fails with the context's error and [alert.ErrUncertain]. The channel
// returned is closed when the call has begun.
func (r *Recorder) Hang() (arrived <-chan struct{}) {
	begun := make(chan struct{})
	r.Next(func(ctx context.Context, _ ...alert.Alert) error {
		close(begun)
		<-ctx.Done()
		return hangError{ctx.Err()}
	})
	return begun
}

// Calls returns the alerts of each call so far, failed ones too.
func (r *Recorder) Calls() [][]alert.Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := make([][]alert.Alert, len(r.calls))
	for i, call := range r.calls {
		calls[i] = cloneAll(call)
	}
	return calls
}

// Accepted returns the alerts accepted so far, in order.
func (r *Recorder) Accepted() []alert.Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cloneAll(r.accepted)
}

// A hangError is the result of a call that hung until its context ended.
type hangError struct{ cause error }

// Error names the cause.
func (e hangError) Error() string { return "alerttest: hung: " + e.cause.Error() }

// Unwrap returns both things the error is.
func (e hangError) Unwrap() []error { return []error{e.cause, alert.ErrUncertain} }
