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
	opened, ended := make(map[jobstore.Hash]int), make(map[int]int)
	for i := range alerts {
		a, problem := &alerts[i], problemOf(&alerts[i])
		first, open := opened[problem]
		why := ""
		switch {
		case e.opts.Filter != nil && !e.opts.Filter(*a):
			for _, s := range e.steps {
				all = append(all, Rehearsal{Alert: i, Step: s.Name, After: s.After, Why: "the filter keeps it out of the escalation"})
			}
			continue
		case a.Test:
			why = "a test calls nobody"
		case a.Status == alert.Resolved:
			why = "it ends a problem"
			if delete(opened, problem); open {
				ended[first] = i
			}
		case a.Status != alert.Firing:
			why = fmt.Sprintf("it begins no problem, its status is %s", a.Status)
		case open:
			why = fmt.Sprintf("alert %d has opened the incident already", first+1)
		default:
			opened[problem] = i
		}
		for _, s := range e.steps {
			r := Rehearsal{Alert: i, Step: s.Name, After: s.After, Tells: s.After == 0 || why == "", Why: why}
			switch {
			case s.After == 0:
				r.Why = "it is taken at once and hears everything"
			case why == "":
				r.Why = fmt.Sprintf("the alert opens an incident, and nobody has taken it %v later", s.After)
			}
			all = append(all, r)
		}
	}
	for i := range all {
		if by, over := ended[all[i].Alert]; over && all[i].After > 0 && all[i].Tells {
			all[i].Tells, all[i].Why = false, fmt.Sprintf("alert %d ends the problem before", by+1)
		}
	}
	return all
}
