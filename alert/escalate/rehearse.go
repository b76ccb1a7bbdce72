package escalate

import (
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A Rehearsal says what a step would do about an alert.
type Rehearsal struct {
	Alert int           // index of the alert
	Step  string        // name of the step
	After time.Duration // when it is taken, from the acceptance of the alert
	Tells bool          // whether it tells of the alert
	Why   string        // by which rule, in English
}

// Rehearse says what each step would do about alerts that come in one after the other,
// in the order given and all at once, if nobody takes a problem and every Sender works.
// It sends and keeps nothing, and knows of no other alerts.
func (e *Escalation) Rehearse(alerts ...alert.Alert) (all []Rehearsal) {
	open, ended := make(map[jobstore.Hash]int), make(map[int]int) // alerts that opened incidents; by which they ended
	for i := range alerts {
		kept := e.opts.Filter == nil || e.opts.Filter(alerts[i])
		why := "the filter keeps it out of the escalation"
		if kept {
			why = rehearse(&alerts[i], i, open, ended)
		}
		for _, s := range e.steps {
			r := Rehearsal{Alert: i, Step: s.Name, After: s.After, Why: why}
			switch {
			case kept && s.After == 0:
				r.Tells, r.Why = true, "it is taken at once and hears everything"
			case why == "":
				r.Tells, r.Why = true, fmt.Sprintf("the alert opens an incident, and nobody has taken it %v later", s.After)
			}
			all = append(all, r)
		}
	}
	for i := range all {
		if by, over := ended[all[i].Alert]; over && all[i].After > 0 {
			all[i].Tells, all[i].Why = false, fmt.Sprintf("alert %d ends the problem before", by+1)
		}
	}
	return all
}

// rehearse returns why an alert opens no incident, or nothing if it does.
func rehearse(a *alert.Alert, i int, open map[jobstore.Hash]int, ended map[int]int) string {
	problem := problemOf(a)
	first, known := open[problem]
	switch {
	case a.Test:
		return "a test calls nobody"
	case a.Status == alert.Resolved:
		if delete(open, problem); known {
			ended[first] = i
		}
		return "it ends a problem"
	case a.Status != alert.Firing:
		return fmt.Sprintf("it begins no problem, its status is %s", a.Status)
	case known:
		return fmt.Sprintf("alert %d has opened the incident already", first+1)
	}
	open[problem] = i
	return ""
}
