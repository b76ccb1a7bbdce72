package outbox

import "github.com/tocsin-go/tocsin/alert"

// ingest opens and ends incidents by alerts that came in, and passes the alerts on
// to the steps that are taken at once. It is part of the transaction in which the
// intake settles the jobs, so that both happen or none.
func (e *Escalation) ingest(t txn, jobs []job, alerts []alert.Alert) error {
	known, err := e.known(t, alerts)
	if err != nil {
		return err
	}
	number, err := t.reserve(len(alerts) * (1 + e.atOnce()))
	if err != nil {
		return err
	}
	a := ingestion{e: e, now: t.now(), number: number, known: known, touched: make(map[hash]bool)}
	for i := range alerts {
		a.apply(&jobs[i], &alerts[i])
	}
	if err := t.add(a.jobs); err != nil {
		return err
	}
	if err := t.removeReferences(a.replaced); err != nil {
		return err
	}
	return t.putIncidents(a.changed())
}

// known returns the incidents that alerts are about, by problem.
func (e *Escalation) known(t txn, alerts []alert.Alert) (map[hash]*incident, error) {
	problems := make([]hash, len(alerts))
	for i := range alerts {
		problems[i] = problemOf(&alerts[i])
	}
	return byProblem(t, e.intake.number, problems)
}

// byProblem returns incidents, by problem.
func byProblem(t txn, escalation int64, problems []hash) (map[hash]*incident, error) {
	list, err := t.incidents(escalation, unique(problems))
	known := make(map[hash]*incident, len(list))
	for i := range list {
		known[list[i].Problem] = &list[i]
	}
	return known, err
}

// unique returns each of the hashes once.
func unique(list []hash) []hash {
	seen, once := make(map[hash]bool, len(list)), make([]hash, 0, len(list))
	for _, h := range list {
		if !seen[h] {
			seen[h], once = true, append(once, h)
		}
	}
	return once
}

// An ingestion is one call of ingest.
type ingestion struct {
	e       *Escalation
	now     int64
	number  int64 // the next one
	known   map[hash]*incident
	touched map[hash]bool
	order   []hash // of touched
	jobs    []job

	replaced []int64 // incidents that another one about their problem follows
}

// apply applies one alert.
func (a *ingestion) apply(j *job, of *alert.Alert) {
	problem := problemOf(of)
	switch in := a.known[problem]; of.Status {
	case alert.Firing:
		a.open(in, problem, j, of.Severity)
	case alert.Resolved:
		if in != nil && in.State != Ended {
			in.become(Ended, a.now)
			a.touch(in)
		}
	}
	for i := range a.e.atOnce() {
		a.jobs = append(a.jobs, forward(j, a.e.routes[i].number, a.number, problem, a.now))
		a.number++
	}
}

// open opens an incident, if there is none, or tells the latest to one.
func (a *ingestion) open(in *incident, problem hash, j *job, severity alert.Severity) {
	worse := in != nil && in.State == Acknowledged && severity > in.Worst
	if a.e.forgotten(in, a.now) || worse {
		if in != nil {
			a.replaced = append(a.replaced, in.ID)
		}
		in = &incident{ID: a.number, Escalation: a.e.intake.number, Problem: problem, incidentRecord: incidentRecord{
			State: Waiting, Opened: a.now, Stepped: a.now, Changed: a.now, Steps: a.e.atOnce(),
		}}
		a.number++
		a.known[problem] = in
	}
	in.Doc, in.Worst = j.Doc, max(in.Worst, severity)
	a.touch(in)
}

func (a *ingestion) touch(in *incident) {
	if !a.touched[in.Problem] {
		a.touched[in.Problem], a.order = true, append(a.order, in.Problem)
	}
}

// changed returns what is to be kept.
func (a *ingestion) changed() []incident {
	list := make([]incident, len(a.order))
	for i, p := range a.order {
		a.e.schedule(a.known[p])
		list[i] = *a.known[p]
	}
	return list
}

// forward returns a job as it goes on to another route, as if accepted now: how
// long it waited before is not that route's fault.
func forward(j *job, route, number int64, problem hash, now int64) job {
	next := *j
	next.Number, next.Route, next.Problem, next.Held = number, route, problem, false
	next.Stage, next.Due, next.Accepted, next.Attempts, next.Cause, next.Error = stageReady, now, now, 0, "", ""
	return next
}
