package duty

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/autocall"
)

// AutocallStep returns the step that has phones ring people.
func AutocallStep(queue autocall.Queue, onDuty func(time.Time) []autocall.Person, counts bool, within time.Duration) (escalate.Step, error) {
	ringer, err := alert.NewRinger(&alert.RingPolicy{Limits: []alert.Limit{}})
	d := &dialler{queue: queue, onDuty: onDuty, rounds: 1, locale: alert.English, counts: counts, within: within}
	return d.step(ringer), err
}
