package duty

import (
	"context"
	"errors"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/pigeon"
)

// pigeonStep returns a step that calls through Kompira Pigeon. Who presses a key of
// keys takes the problem; with nil, one that ends the chain.
func pigeonStep(client *pigeon.Client, sender *pigeon.Sender, keys pigeon.Keys) escalate.Step {
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
			return answerOf(result, keys), nil
		},
		Stop: client.Abort,
	}
}

// answerOf reads what became of a chain.
func answerOf(r pigeon.Result, keys pigeon.Keys) escalate.Answer {
	outcome := r.Outcome(keys)
	if outcome.Verdict != pigeon.Acknowledged {
		return escalate.Answer{Over: r.State == pigeon.StateOver}
	}
	by := "key " + outcome.Key
	if n := len(r.Calls); n > 0 && r.Calls[n-1].Contact != "" {
		by = r.Calls[n-1].Contact + ", " + by
	}
	return escalate.Answer{By: by, Over: true}
}

// autocallStep returns a step that has the phones of a queue ring people. Who picks up
// takes the problem.
func autocallStep(queue autocall.Queue, sender *autocall.Sender) escalate.Step {
	return escalate.Step{
		Name: "autocall",
		Sender: alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			id, err := sender.Place(ctx, alerts...)
			if err != nil || id == "" {
				return err
			}
			return escalate.TrackReference(ctx, id)
		}),
		Watch: func(ctx context.Context, id string) (escalate.Answer, error) {
			s, err := queue.Get(ctx, id)
			switch {
			case errors.Is(err, autocall.ErrUnknownCall):
				return escalate.Answer{Over: true}, nil
			case err != nil:
				return escalate.Answer{}, err
			case s.State == autocall.Answered && s.By != nil:
				return escalate.Answer{By: s.By.String(), Over: true}, nil
			}
			return escalate.Answer{Over: !s.State.Open()}, nil
		},
		Stop: func(ctx context.Context, id string) error {
			_, err := queue.Cancel(ctx, id, "taken or over")
			if errors.Is(err, autocall.ErrUnknownCall) {
				return nil
			}
			return err
		},
	}
}
