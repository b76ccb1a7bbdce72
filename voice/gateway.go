package voice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// A Request asks a gateway to call people and read them a text.
type Request struct {
	// Callees are called in this order. Equal numbers are one call.
	Callees []Callee

	// Text is what the voice reads, free of links, markup and control
	// characters if a [Sender] or [Handler] made it.
	Text string

	// Serial asks for one callee after the other until somebody answers, where
	// the gateway can tell; otherwise everybody is called.
	Serial bool

	// ID names the request in logs at both ends. It may be empty.
	ID string
}

// A Gateway places calls. It must be safe for concurrent use, return soon
// after ctx ends, keep the order of the callees and drop none.
//
// What failed for one callee stands in the Report. An error is only for when
// nothing can be said about any callee. An error that has no method
// Retryable() bool, here or in what it wraps, counts as an unknown outcome: the
// request is not repeated, because a phone may be ringing.
type Gateway interface {
	Call(ctx context.Context, r Request) (Report, error)
}

// A GatewayFunc is a function that serves as a [Gateway].
type GatewayFunc func(ctx context.Context, r Request) (Report, error)

// Call calls f.
func (f GatewayFunc) Call(ctx context.Context, r Request) (Report, error) { return f(ctx, r) }

// place calls a gateway that somebody else may have written: it rings no phone
// twice, outlives a panic, and the report it returns has one clean result for
// each callee of r.
func place(ctx context.Context, g Gateway, r Request) (Report, error) {
	callees := r.Callees
	unique, at := distinct(callees)
	r.Callees = unique
	report, err := guarded(ctx, g, r)
	report.RequestID = markup.OneLine(report.RequestID, maxName)
	if err != nil {
		return Report{RequestID: report.RequestID}, veil(err, callees)
	}
	report.Results = spread(callees, at, report.Results)
	for i := range report.Results {
		report.Results[i].clean(callees)
	}
	return report, nil
}

// spread gives each callee the result of whoever stands for it. One that is
// missing is Unknown.
func spread(callees []Callee, at []int, of []Result) []Result {
	results := make([]Result, len(callees))
	for i, c := range callees {
		if k := at[i]; k < len(of) {
			results[i] = of[k]
		} else {
			results[i].Reason = "the gateway did not say"
		}
		results[i].Callee = c
	}
	return results
}

// clean makes the texts of a result harmless.
func (r *Result) clean(callees []Callee) {
	r.Key = conceal(r.Key, callees, maxName)
	r.ProviderID = conceal(r.ProviderID, callees, maxName)
	r.Code = conceal(r.Code, callees, maxName)
	r.Reason = censor(r.Reason, callees, maxReason)
}

// guarded calls a gateway that may panic.
func guarded(ctx context.Context, g Gateway, r Request) (report Report, err error) {
	returned := false
	defer func() {
		if !returned {
			report, err = Report{}, panicError{fmt.Sprintf("%T", recover())}
		}
	}()
	report, err = g.Call(ctx, r)
	returned = true
	return report, err
}

// A panicError is a gateway that did not return. What it panicked with is not
// shown: it may be anything.
type panicError struct{ kind string }

// Error names the type of the panic.
func (e panicError) Error() string { return "the gateway panicked (" + e.kind + ")" }

// Unwrap says that calls may have been placed before.
func (panicError) Unwrap() error { return alert.ErrUncertain }

// Retryable says that the same request meets the same bug.
func (panicError) Retryable() bool { return false }

// veil returns err if its text can be shown, else an error with a text that
// can, and that answers the same questions.
func veil(err error, callees []Callee) error {
	const limit = 1024
	text := censor(err.Error(), callees, limit)
	if text == err.Error() {
		return err
	}
	return &veiled{text, func() error { return err }}
}

// A veiled error holds another in a closure, where no printer looks.
type veiled struct {
	text  string
	inner func() error
}

func (v *veiled) Error() string             { return v.text }
func (v *veiled) Retryable() bool           { return saysAgain(v.inner()) }
func (v *veiled) RetryAfter() time.Duration { return alert.RetryAfter(v.inner()) }

// Is matches what the inner error matches, and passes on its silence about a
// repetition.
func (v *veiled) Is(target error) bool {
	if errors.Is(v.inner(), target) {
		return true
	}
	return target == alert.ErrUncertain && !saysAgain(v.inner()) && !saysFinal(v.inner())
}

// saysAgain reports whether an error of a gateway says that the request can be
// made again. Of a tree of errors every leaf must say so: to be silent about
// it is to say no.
func saysAgain(err error) bool {
	return !errors.Is(err, alert.ErrUncertain) && eachSays(err, true)
}

// saysFinal reports whether an error of a gateway says that nothing was done
// and that the same request will not do better.
func saysFinal(err error) bool {
	return !errors.Is(err, alert.ErrUncertain) && eachSays(err, false)
}

// eachSays reports whether all branches of a tree of errors give the answer
// about being retryable.
func eachSays(err error, answer bool) bool {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case interface{ Retryable() bool }:
		return e.Retryable() == answer
	case interface{ Unwrap() error }:
		return eachSays(e.Unwrap(), answer)
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			if !eachSays(branch, answer) {
				return false
			}
		}
		return len(e.Unwrap()) > 0
	}
	return false
}
