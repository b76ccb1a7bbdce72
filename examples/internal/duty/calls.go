package duty

import (
	"context"
	"fmt"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/pigeon"
)

// pigeonStep returns a step that calls through Kompira Pigeon. Who presses a key of
// keys takes the problem; with nil, one that ends the chain.
func pigeonStep(client *pigeon.Client, sender *pigeon.Sender, keys pigeon.Keys, locale alert.Locale) escalate.Step {
	return escalate.Step{
		Name:  "pigeon",
		Route: outbox.RouteOptions{NeverTwice: true},
		Sender: alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			chain, err := sender.Place(ctx, alerts...)
			if err != nil || chain.ResultID == "" {
				return err
			}
			return escalate.TrackReference(ctx, chain.ResultID)
		}),
		Watch: func(ctx context.Context, id string) (escalate.Answer, error) {
			result, err := client.Result(ctx, id)
			if err != nil {
				return escalate.Answer{}, err
			}
			return answerOf(result, keys, wordsOf(locale)), nil
		},
		Stop: client.Abort,
	}
}

// answerOf reads the outcome of a chain. A key takes the problem; that somebody picked up
// and pressed none is news.
func answerOf(r pigeon.Result, keys pigeon.Keys, w words) (a escalate.Answer) {
	outcome := r.Outcome(keys)
	a.Over = r.State == pigeon.StateOver
	for _, c := range r.Calls {
		if c.Status == pigeon.CallIgnored && c.Contact != "" {
			a.News = fmt.Sprintf(w.noKey, c.Contact)
		}
	}
	switch outcome.Verdict {
	case pigeon.Acknowledged:
		a.By, a.Over = "key "+outcome.Key, true
		if n := len(r.Calls); n > 0 && r.Calls[n-1].Contact != "" {
			a.By = r.Calls[n-1].Contact + ", " + a.By
		}
	case pigeon.Failed, pigeon.Aborted:
		a.Failed = w.unreached
	case pigeon.Unknown, pigeon.Pending, pigeon.Unanswered:
	}
	return a
}
