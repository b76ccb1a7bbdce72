package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A DialFunc calls one number, which is in the [Form] that the [Dialer] was
// told, and reads it a text. It must be safe for concurrent use and return
// soon after ctx ends; if it does not know then whether the phone rings, the
// State is Unknown. The Callee of the Result is filled in by the Dialer.
type DialFunc func(ctx context.Context, number, text string) Result

// SendPhone makes a DialFunc of the plain form that in-house gateways have: a
// list of numbers and a text, answered by whether it worked and a message. It
// is called with one number at a time, since its answer is for the whole list.
//
// True is Accepted: nobody need have answered yet. False is RejectedPermanent,
// for the plain form does not tell whether another call would be the second
// one; if ctx has ended it is Unknown.
func SendPhone(send func(ctx context.Context, numbers []string, text string) (ok bool, message string)) DialFunc {
	return func(ctx context.Context, number, text string) Result {
		ok, message := send(ctx, []string{number}, text)
		switch {
		case ok:
			return Result{State: Accepted, Reason: message}
		case ctx.Err() != nil:
			return Result{State: Unknown, Reason: message}
		}
		return Result{State: RejectedPermanent, Reason: message}
	}
}

// Defaults of DialerOptions.
const (
	defaultParallel    = 4
	defaultDialTimeout = time.Minute
)

// DialerOptions configures a [Dialer]. The zero value of each field, and a nil
// *DialerOptions, mean the default.
type DialerOptions struct {
	// Form of the numbers; others are rejected and not called. Default:
	// National.
	Form Form

	// Parallel bounds the calls at a time for a request that is not Serial.
	// Default: 4; -1 means 1.
	Parallel int

	// Timeout bounds one call. Default: 1 minute; -1 leaves it to the context.
	Timeout time.Duration
}

// A Dialer is a [Gateway] over something that calls one number at a time. It
// starts the calls in the order of the callees, calls equal numbers once, and
// survives a panic: that callee is Unknown, the others are called. It has no
// state and is safe for concurrent use.
type Dialer struct {
	dial DialFunc
	opts DialerOptions
}

var _ Gateway = (*Dialer)(nil)

// NewDialer returns a Dialer.
func NewDialer(dial DialFunc, opts *DialerOptions) (*Dialer, error) {
	if dial == nil {
		return nil, errors.New("voice: new dialer: no function to dial with")
	}
	d := &Dialer{dial: dial}
	if opts != nil {
		d.opts = *opts
	}
	d.opts.Parallel = max(1, cmp.Or(d.opts.Parallel, defaultParallel))
	d.opts.Timeout = max(0, cmp.Or(d.opts.Timeout, defaultDialTimeout))
	return d, nil
}

// Call calls the callees of r. It never fails as a whole: who was not called
// before ctx ended is RejectedTemporary.
func (d *Dialer) Call(ctx context.Context, r Request) (Report, error) {
	unique, at := distinct(r.Callees)
	results := make([]Result, len(unique))
	if r.Serial {
		d.serial(ctx, unique, r.Text, results)
	} else {
		d.parallel(ctx, unique, r.Text, results)
	}
	return Report{RequestID: r.ID, Results: spread(r.Callees, at, results)}, nil
}

// serial calls one after the other until somebody answers.
func (d *Dialer) serial(ctx context.Context, callees []Callee, text string, results []Result) {
	heard := false
	for i, c := range callees {
		if heard {
			results[i] = Result{State: NotNeeded, Reason: "somebody before has answered"}
			continue
		}
		results[i] = d.one(ctx, c, text)
		heard = results[i].State.isHeard()
	}
}

// parallel calls all, a few at a time.
func (d *Dialer) parallel(ctx context.Context, callees []Callee, text string, results []Result) {
	places := make(chan struct{}, d.opts.Parallel)
	var wg sync.WaitGroup
	for i, c := range callees {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			results[i] = d.one(ctx, c, text)
		})
	}
	wg.Wait()
}

// one calls one callee, whose number must have the right form.
func (d *Dialer) one(ctx context.Context, c Callee, text string) (r Result) {
	if why := d.opts.Form.objection(c.Number); why != "" {
		return Result{State: RejectedPermanent, Code: codeNumber, Reason: why}
	}
	if err := ctx.Err(); err != nil {
		return Result{State: RejectedTemporary, Reason: "not called: " + err.Error()}
	}
	if d.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.opts.Timeout)
		defer cancel()
	}
	returned := false
	defer func() {
		if !returned {
			r = Result{State: Unknown, Reason: fmt.Sprintf("the gateway panicked (%T)", recover())}
		}
	}()
	r = d.dial(ctx, c.Number.Reveal(), text)
	returned = true
	r.clean([]Callee{c})
	return r
}

// codeNumber marks a result without a call because of the number.
const codeNumber = "number"
