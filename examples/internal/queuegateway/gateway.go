// Package queuegateway makes a queue of package autocall a gateway of package
// voice, so that Android phones with the app AutoCall ring whom a voice.Sender
// or voice.Handler wants called. Neither package knows the other.
package queuegateway

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/voice"
)

// Options change what a Gateway does. Nil and the zero value mean the defaults.
type Options struct {
	// Severity of the calls. Requests tell none. Default: Critical, for
	// somebody wants people called.
	Severity alert.Severity

	// Rounds, Interval and Expiry are those of each autocall.Call.
	Rounds   int
	Interval time.Duration
	Expiry   time.Duration
}

// A Gateway rings people through a queue and waits for what becomes of it. The
// text of a request is for reports, since the app speaks nothing.
//
// A serial request is one call: the queue rings one after the other until
// somebody picks up. Any other is a call for each callee, and everybody is rung.
// When ctx ends, what is queued goes on ringing and counts as Accepted.
//
// A request with an ID joins the open calls of an earlier one with the same ID,
// so it may be repeated.
type Gateway struct {
	queue autocall.Queue
	opts  Options
}

var _ voice.Gateway = (*Gateway)(nil)

// New returns a Gateway over a queue.
func New(queue autocall.Queue, opts *Options) (*Gateway, error) {
	if queue == nil {
		return nil, errors.New("queue gateway: no queue")
	}
	g := &Gateway{queue: queue, opts: Options{Severity: alert.Critical}}
	if opts != nil {
		g.opts = *opts
	}
	return g, nil
}

// callable is what a queue takes for a number.
func callable() *regexp.Regexp { return regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{7,15})$`) }

// A placed is a call of the queue and whom of the request it rings.
type placed struct {
	id     string
	places []int
}

// Call queues the calls and waits until all have ended, or ctx has.
func (g *Gateway) Call(ctx context.Context, r voice.Request) (voice.Report, error) {
	report := voice.Report{RequestID: r.ID, Results: make([]voice.Result, len(r.Callees))}
	var able []int
	number := callable()
	for i, c := range r.Callees {
		report.Results[i] = voice.Result{Callee: c, State: voice.RejectedPermanent, Reason: "not a number that the phone can ring"}
		if number.MatchString(c.Number.Reveal()) {
			able = append(able, i)
		}
	}
	calls, err := g.place(ctx, r, able, report.Results)
	if err != nil {
		return report, err
	}
	for _, c := range calls {
		// The last that is known counts, if waiting came to nothing.
		s, err := autocall.Wait(ctx, g.queue, c.id)
		judge(&s, err, c.places, report.Results)
		for _, i := range c.places {
			report.Results[i].ProviderID = c.id
		}
	}
	return report, nil
}

// place queues what a request asks for. It is an error if nothing was queued.
func (g *Gateway) place(ctx context.Context, r voice.Request, able []int, results []voice.Result) ([]placed, error) {
	var groups [][]int
	for _, i := range able {
		if r.Serial && len(groups) > 0 {
			groups[0] = append(groups[0], i)
		} else {
			groups = append(groups, []int{i})
		}
	}
	var calls []placed
	for n, places := range groups {
		call := autocall.Call{
			Message: r.Text, Severity: g.opts.Severity, Rounds: g.opts.Rounds, Interval: g.opts.Interval, Expiry: g.opts.Expiry,
		}
		if r.ID != "" {
			call.Key = fmt.Sprintf("voice/%s/%d", r.ID, n)
		}
		for _, i := range places {
			call.People = append(call.People, autocall.Person{Name: r.Callees[i].User, Number: r.Callees[i].Number.Reveal()})
		}
		id, _, err := g.queue.Enqueue(ctx, call)
		if err == nil {
			calls = append(calls, placed{id, places})
			continue
		}
		if len(calls) == 0 && n == len(groups)-1 {
			return nil, err
		}
		for _, i := range places {
			results[i].State, results[i].Reason = refused(err), "not queued"
		}
	}
	return calls, nil
}

// refused returns the state of somebody whose call the queue did not take.
func refused(err error) voice.State {
	switch {
	case errors.Is(err, alert.ErrUncertain):
		return voice.Unknown
	case alert.Retryable(err):
		return voice.RejectedTemporary
	}
	return voice.RejectedPermanent
}
