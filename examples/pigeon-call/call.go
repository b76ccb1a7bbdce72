package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
)

// lookAround bounds the question which chains exist already: the call itself
// must not wait for it.
const lookAround = 5 * time.Second

// A program is one run.
type program struct {
	*config
	client      *pigeon.Client
	out, errout io.Writer
	shown       string // the last line of progress
}

// call places a chain and watches it.
func (p *program) call(ctx context.Context) int {
	before, err := p.snapshot(ctx)
	chain, callErr := p.client.Invoke(ctx, p.request)
	switch {
	case callErr == nil:
		p.say("chain %s: accepted", chain.ResultID)
		return p.watch(ctx, chain.ResultID)
	case errors.Is(callErr, alert.ErrUncertain):
		p.complain(callErr)
		p.findChain(ctx, before, err == nil)
		return exitUncertain
	}
	p.complain(callErr)
	if _, mistaken := errors.AsType[*pigeon.FieldError](callErr); mistaken {
		return exitUsage
	}
	return exitNotTaken
}

// snapshot notes the chains that exist, for the case that the answer gets lost.
func (p *program) snapshot(ctx context.Context) (pigeon.Snapshot, error) {
	ctx, cancel := context.WithTimeout(alert.Once(ctx), lookAround)
	defer cancel()
	return p.client.Snapshot(ctx)
}

// findChain looks for the chain that may have been started. The user may have
// lost patience already.
func (p *program) findChain(ctx context.Context, before pigeon.Snapshot, known bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*lookAround)
	defer cancel()
	var fresh []pigeon.Listed
	var err error
	if known {
		fresh, err = p.client.Fresh(ctx, before)
	}
	switch {
	case !known || err != nil:
		p.say("The list of chains could not be had. Look at the page of the space before you call again.")
	case len(fresh) == 0:
		p.say("No new chain is listed, which does not prove that there is none. Look again before you call again.")
	}
	for _, l := range fresh {
		p.say("This chain is new (status %s). To watch it: pigeon-call -resume %s", l.Status, l.ResultID)
	}
}

// watch shows how a chain goes until it is over.
func (p *program) watch(ctx context.Context, id string) int {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	result, err := p.client.Wait(ctx, id, &pigeon.WaitOptions{Interval: p.interval, OnResult: p.progress})
	if err == nil {
		return p.conclude(result)
	}
	p.complain(err)
	if _, mistaken := errors.AsType[*pigeon.FieldError](err); mistaken {
		return exitUsage
	}
	p.say("The chain goes on.\n  to watch it: pigeon-call -resume %s\n  to stop it:  pigeon-call -abort %s", id, id)
	return exitUncertain
}

// conclude says what became of a chain.
func (p *program) conclude(r pigeon.Result) int {
	outcome := r.Outcome(p.keys)
	p.say("%s", outcome)
	switch outcome.Verdict {
	case pigeon.Acknowledged:
		return exitTaken
	case pigeon.Unknown, pigeon.Pending:
		return exitUncertain
	}
	return exitNotTaken
}

// stop aborts a chain.
func (p *program) stop(ctx context.Context) int {
	err := p.client.Abort(ctx, p.abort)
	if err == nil {
		p.say("chain %s: asked to stop; nobody else will be called", p.abort)
		return exitTaken
	}
	p.complain(err)
	if _, mistaken := errors.AsType[*pigeon.FieldError](err); mistaken {
		return exitUsage
	}
	return exitNotTaken
}

// progress shows a state unless it was shown already.
func (p *program) progress(r pigeon.Result) {
	line := fmt.Sprintf("%s, status %q", r.State, string(r.Status))
	if n := len(r.Calls); n > 0 {
		c := r.Calls[n-1]
		line += fmt.Sprintf("; call %d, %s: %s", n, c.Contact, c.Status)
		if c.Key != "" {
			line += ", key " + c.Key
		}
	}
	if line != p.shown {
		p.shown = line
		p.say("%s", line)
	}
}

func (p *program) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

func (p *program) complain(err error) { fmt.Fprintln(p.errout, "pigeon-call:", err) }
