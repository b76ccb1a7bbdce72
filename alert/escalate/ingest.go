package escalate

import (
	"context"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// An intake is the Sender of the route at which the alerts of an escalation come
// in. It sends nothing.
type intake struct{ e *Escalation }

var _ jobstore.Participant = intake{}

func (in intake) Attach(h jobstore.Host) func(context.Context) (bool, error) {
	in.e.host = h
	return in.e.runDue
}

func (intake) Select(_ jobstore.Txn, jobs []jobstore.Job) ([]jobstore.Job, error) { return jobs, nil }

func (in intake) Begin(ctx context.Context, jobs []jobstore.Job, alerts []alert.Alert) (context.Context, jobstore.Attempt) {
	return ctx, jobstore.Attempt{
		Settle: func(t jobstore.Txn) error { return in.e.ingest(t, jobs, alerts) },
		Done:   in.e.notify, Required: true,
	}
}

func (intake) Send(context.Context, ...alert.Alert) error { return nil }

// ingest opens and ends incidents by alerts that came in, and passes the alerts on
// to the steps that are taken at once. It is part of the transaction in which the
// intake settles the jobs, so that both happen or none.
func (e *Escalation) ingest(t jobstore.Txn, jobs []jobstore.Job, alerts []alert.Alert) error {
	known, err := e.known(t, alerts)
	if err != nil {
		return err
	}
	number, err := t.Reserve(len(alerts) * (1 + e.atOnce()))
	if err != nil {
		return err
	}
	a := ingestion{e: e, now: t.Now(), number: number, known: known, touched: make(map[jobstore.Hash]bool)}
	for i := range alerts {
		a.apply(&jobs[i], &alerts[i])
	}
	if err := t.Add(a.jobs); err != nil {
		return err
	}
	return put(t, a.changed())
}

// known returns the incidents that alerts are about, by problem.
func (e *Escalation) known(t jobstore.Txn, alerts []alert.Alert) (map[jobstore.Hash]*incident, error) {
	problems := make([]jobstore.Hash, len(alerts))
	for i := range alerts {
		problems[i] = problemOf(&alerts[i])
	}
	return byProblem(t, e.host.Number(), problems)
}

// byProblem returns incidents, by problem.
func byProblem(t jobstore.Txn, escalation int64, problems []jobstore.Hash) (map[jobstore.Hash]*incident, error) {
	list, err := readAll(t.Incidents(escalation, problems))
	known := make(map[jobstore.Hash]*incident, len(list))
	for i := range list {
		known[list[i].Problem] = &list[i]
	}
	return known, err
}

// An ingestion is one call of ingest.
type ingestion struct {
	e       *Escalation
	now     int64
	number  int64 // the next one
	known   map[jobstore.Hash]*incident
	touched map[jobstore.Hash]bool
	order   []jobstore.Hash // of touched
	jobs    []jobstore.Job
	past    []incident // that another one about their problem replaces
}

// apply applies one alert.
func (a *ingestion) apply(j *jobstore.Job, of *alert.Alert) {
	problem := problemOf(of)
	// What came only because the filter had let its problem pass calls nobody anew.
	fresh := a.e.opts.Filter == nil || a.e.opts.Filter(*of)
	switch in := a.known[problem]; {
	case of.Test: // nobody is to be called for it
	case of.Status == alert.Firing && !fresh && a.e.forgotten(in, a.now):
	case of.Status == alert.Firing:
		a.open(in, problem, j, of.Severity)
	case of.Status == alert.Resolved:
		if in != nil && in.State != Ended {
			in.become(Ended, a.now, "")
			a.touch(in)
		}
	}
	for i := range a.e.atOnce() {
		if a.e.steps[i].Route.NeverTwice && of.Status == alert.Firing && !fresh {
			continue
		}
		a.jobs = append(a.jobs, forward(j, a.e.steps[i].host.Number(), a.number, problem, a.now))
		a.number++
	}
}

// open opens an incident, or tells the latest to the one that is open. What gets worse
// than it was when somebody took it, or when all had been told, begins anew.
func (a *ingestion) open(in *incident, problem jobstore.Hash, j *jobstore.Job, severity alert.Severity) {
	worse := in != nil && severity > in.Worst
	switch {
	case a.e.forgotten(in, a.now) || worse && in.State == Acknowledged:
		if in != nil {
			a.past = append(a.past, in.archived(a.now))
		}
		in = a.e.open(a.number, problem, a.now)
		a.number++
		a.known[problem] = in
	case worse && in.Steps >= len(a.e.steps):
		in.note(a.now, EventWorse, "", severity.String())
		a.e.begin(in, a.now)
	}
	in.Alert, in.Worst = j.Doc, max(in.Worst, severity)
	a.touch(in)
}

func (a *ingestion) touch(in *incident) {
	if !a.touched[in.Problem] {
		a.touched[in.Problem], a.order = true, append(a.order, in.Problem)
	}
}

// changed returns what is to be kept.
func (a *ingestion) changed() []incident {
	list := make([]incident, 0, len(a.order)+len(a.past))
	for _, p := range a.order {
		list = append(list, *a.known[p])
	}
	list = append(list, a.past...) // last: their rows have to be free
	for i := range list {
		a.e.schedule(&list[i], a.now)
	}
	return list
}

// forward returns a job as it goes on to another route, as if accepted now: how
// long it waited before is not that route's fault.
func forward(j *jobstore.Job, route, number int64, problem jobstore.Hash, now int64) jobstore.Job {
	return jobstore.Job{Number: number, Route: route, Problem: problem, Lane: j.Lane, Due: now, Accepted: now, Doc: j.Doc}
}
