// Package chainwatch places a chain of telephone calls through Kompira Pigeon
// and tells people how it goes, and how to go on if that is not known.
package chainwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/pigeon"
)

// lookAround bounds the question which chains exist already: the call itself
// must not wait for it.
const lookAround = 5 * time.Second

// The outcomes, as exit statuses.
const (
	Taken     = 0 // somebody took the incident, or the chain was stopped as asked
	NotTaken  = 1 // refused, unanswered, stopped
	Mistake   = 2 // in what was asked for; nothing was done
	Uncertain = 3 // the chain may go on, or there may be one
)

// A Watch is one chain of calls, and who looks on.
type Watch struct {
	Client      *pigeon.Client
	Out, Errout io.Writer
	Keys        pigeon.Keys   // that take the incident; nil: each key that ends the chain
	Interval    time.Duration // between two questions how it goes
	Timeout     time.Duration // until the watching ends; the chain goes on

	shown string // the last line of progress
}

// Call places a chain and watches it until it is over.
func (w *Watch) Call(ctx context.Context, request pigeon.Request) int {
	before, err := w.snapshot(ctx)
	chain, callErr := w.Client.Invoke(ctx, request)
	switch {
	case callErr == nil:
		w.say("chain %s: accepted", chain.ResultID)
		return w.Resume(ctx, chain.ResultID)
	case errors.Is(callErr, alert.ErrUncertain):
		w.complain(callErr)
		w.findChain(ctx, before, err == nil)
		return Uncertain
	}
	w.complain(callErr)
	if _, mistaken := errors.AsType[*pigeon.FieldError](callErr); mistaken {
		return Mistake
	}
	return NotTaken
}

// snapshot notes the chains that exist, for the case that the answer gets lost.
func (w *Watch) snapshot(ctx context.Context) (pigeon.Snapshot, error) {
	ctx, cancel := context.WithTimeout(alert.Once(ctx), lookAround)
	defer cancel()
	return w.Client.Snapshot(ctx)
}

// findChain looks for the chain that may have been started. The user may have
// lost patience already.
func (w *Watch) findChain(ctx context.Context, before pigeon.Snapshot, known bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*lookAround)
	defer cancel()
	var fresh []pigeon.Listed
	var err error
	if known {
		fresh, err = w.Client.Fresh(ctx, before)
	}
	switch {
	case !known || err != nil:
		w.say("The list of chains could not be had. Look at the page of the space before you call again.")
	case len(fresh) == 0:
		w.say("No new chain is listed, which does not prove that there is none. Look again before you call again.")
	}
	for _, l := range fresh {
		w.say("This chain is new (status %s). To watch it: pigeon-call -resume %s", l.Status, l.ResultID)
	}
}

// Resume shows how a chain goes until it is over.
func (w *Watch) Resume(ctx context.Context, id string) int {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	result, err := w.Client.Wait(ctx, id, &pigeon.WaitOptions{Interval: w.Interval, OnResult: w.progress})
	if err == nil {
		return w.conclude(result)
	}
	w.complain(err)
	if _, mistaken := errors.AsType[*pigeon.FieldError](err); mistaken {
		return Mistake
	}
	w.say("The chain goes on.\n  to watch it: pigeon-call -resume %s\n  to stop it:  pigeon-call -abort %s", id, id)
	return Uncertain
}

// conclude returns the outcome of a chain.
func (w *Watch) conclude(r pigeon.Result) int {
	outcome := r.Outcome(w.Keys)
	w.say("%s", outcome)
	switch outcome.Verdict {
	case pigeon.Acknowledged:
		return Taken
	case pigeon.Unknown, pigeon.Pending:
		return Uncertain
	}
	return NotTaken
}

// Abort stops a chain.
func (w *Watch) Abort(ctx context.Context, id string) int {
	err := w.Client.Abort(ctx, id)
	if err == nil {
		w.say("chain %s: asked to stop; nobody else will be called", id)
		return Taken
	}
	w.complain(err)
	if _, mistaken := errors.AsType[*pigeon.FieldError](err); mistaken {
		return Mistake
	}
	return NotTaken
}

// progress shows a state unless it was shown already.
func (w *Watch) progress(r pigeon.Result) {
	line := fmt.Sprintf("%s, status %q", r.State, string(r.Status))
	if n := len(r.Calls); n > 0 {
		c := r.Calls[n-1]
		line += fmt.Sprintf("; call %d, %s: %s", n, c.Contact, c.Status)
		if c.Key != "" {
			line += ", key " + c.Key
		}
	}
	if line != w.shown {
		w.shown = line
		w.say("%s", line)
	}
}

func (w *Watch) say(format string, args ...any) { fmt.Fprintf(w.Out, format+"\n", args...) }

func (w *Watch) complain(err error) {
	fmt.Fprintln(w.Errout, "pigeon-call:", cli.Printable(err.Error()))
}
