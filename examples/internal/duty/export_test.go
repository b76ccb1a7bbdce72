package duty

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/destinations"
)

// AutocallStep returns the step that has phones ring people.
func AutocallStep(queue autocall.Queue, onDuty func(time.Time) []autocall.Person, counts bool, within time.Duration) (escalate.Step, error) {
	ringer, err := alert.NewRinger(&alert.RingPolicy{Limits: []alert.Limit{}})
	d := &dialler{queue: queue, onDuty: onDuty, rounds: 1, locale: alert.English, counts: counts, within: within}
	return d.step(ringer), err
}

// HandOvers runs what tells of hand-overs, until ctx ends, over a group and a rota.
func HandOvers(ctx context.Context, group alert.Sender, roster *Roster) (alert.Sender, *escalate.Escalation, func(), error) {
	box, err := outbox.Open(outbox.NewMemoryStore(), nil)
	if err != nil {
		return nil, nil, nil, err
	}
	c := &Config{
		Name: "duty", Locale: alert.English, Least: alert.Warning, Roster: roster, CallAfter: time.Hour, Patience: time.Hour, Within: time.Minute,
		Public: "https://ops.example.com", Robots: []destinations.Destination{{Name: "group", Sender: group}},
	}
	d := &desk{config: c, log: slog.New(slog.DiscardHandler), box: box}
	if d.queue, err = autocall.NewMemoryQueue(nil); err == nil {
		err = d.addEscalation()
	}
	return alert.SenderFunc(d.accept), d.escalation, func() {
		var work sync.WaitGroup
		work.Go(func() { _ = box.Run(ctx) })
		d.handOver(ctx)
		work.Wait()
	}, err
}
