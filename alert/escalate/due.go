package escalate

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	dueRows       = 100              // incidents in one transaction
	watchTimeout  = 10 * time.Second // for one Watch or Stop
	recordTimeout = 5 * time.Second  // for recording its answer
)

// log writes a record about the escalation.
func (e *Escalation) log(ctx context.Context, level slog.Level, text string, attrs ...slog.Attr) {
	e.host.Logger.LogAttrs(ctx, level, text, append([]slog.Attr{slog.String("escalation", e.name)}, attrs...)...)
}

// runDue takes the steps that are due and polls the calls that are due, some of
// them, and reports whether there may be more. Any number of processes may run it:
// what one of them takes is not due for the others.
func (e *Escalation) runDue(ctx context.Context) (more bool, err error) {
	if time.Since(e.checked) > planEvery {
		if err := e.Check(ctx); err != nil {
			return false, err
		}
		e.checked = time.Now()
	}
	due := false
	err = e.host.Store.Do(ctx, func(t jobstore.Txn) error {
		list, err := t.IncidentsDue(e.host.Number(), 1)
		due, e.began = len(list) > 0, cmp.Or(e.began, t.Now())
		return err
	})
	if err != nil || !due {
		return false, err
	}
	var r dueBatch
	err = e.host.Store.Locked(ctx, func(t jobstore.Txn) error {
		r = dueBatch{e: e, txn: t}
		return r.run()
	})
	if err != nil {
		return false, err
	}
	for i := range r.unreadable {
		e.log(ctx, slog.LevelError, "incident cannot be read, skipped", slog.Int64("number", r.unreadable[i].ID))
	}
	if r.exhausted > 0 {
		e.log(ctx, slog.LevelError, "escalation exhausted, nobody acknowledged", slog.Int("incidents", r.exhausted))
	}
	e.report(ctx, &r.result)
	for _, c := range r.calls {
		e.stepNamed(c.Step).watchers.add(c)
	}
	return len(r.rows)+len(r.unreadable) == dueRows, nil
}

// notify wakes the workers of the steps.
func (e *Escalation) notify() {
	for _, s := range e.steps {
		s.host.Notify()
	}
}

// A dueBatch is the transaction of one runDue.
type dueBatch struct {
	result

	e          *Escalation
	txn        jobstore.Txn
	plan       plan
	rows, past []incident // those of past are replaced by others
	unreadable []jobstore.Incident
	exhausted  int
	calls      []call // to look after
}

func (r *dueBatch) run() (err error) {
	if _, err = r.txn.Lock(r.e.host.Number()); err != nil {
		return err
	}
	due, err := r.txn.IncidentsDue(r.e.host.Number(), dueRows)
	if err != nil {
		return err
	}
	if _, r.plan, err = r.e.readPlan(r.txn); err != nil {
		return err
	}
	r.rows, r.unreadable = split(due)
	for i := range r.unreadable { // out of the way of the others
		r.unreadable[i].Due = never
	}
	if err := r.txn.PutIncidents(r.unreadable); err != nil {
		return err
	}
	for i := range r.rows {
		if err := r.proceed(&r.rows[i]); err != nil {
			return err
		}
	}
	if err := r.e.enqueue(r.txn, r.jobs); err != nil {
		return err
	}
	for i := range r.past {
		r.e.schedule(&r.past[i], r.txn.Now())
	}
	return put(r.txn, append(slices.Clip(r.rows), r.past...)) // the past last: its rows have to be free
}

// proceed does what is due about an incident.
func (r *dueBatch) proceed(in *incident) error {
	now := r.txn.Now()
	if r.e.lapse(in) <= now {
		if err := r.lapse(in); err != nil {
			return err
		}
	}
	r.e.late(&r.result, in, r.plan.Held, now)
	if r.e.nextStep(in) <= now {
		r.step(in)
	}
	if r.e.giveUp(in) <= now {
		r.exhaust(in)
	}
	for k := range in.Calls {
		if c := &in.Calls[k]; c.Next <= now {
			c.Next = now + watchEvery.Milliseconds()
			r.calls = append(r.calls, *c)
		}
	}
	r.e.schedule(in, now)
	return nil
}

// step takes the next step, or the last one again.
func (r *dueBatch) step(in *incident) {
	s := r.e.steps[min(in.Steps, len(r.e.steps)-1)]
	in.Steps, in.Stepped = min(in.Steps+1, len(r.e.steps)), r.txn.Now()
	in.take(s, in.Stepped)
	r.e.taken(in, in.Stepped)
	r.jobs = append(r.jobs, in.job(s.host.Number(), in.as(s), in.Stepped))
}

// exhaust tells that nobody took an incident.
func (r *dueBatch) exhaust(in *incident) {
	w := wordsOf(r.e.opts.Locale)
	text := w.exhausted
	if untold := in.untold(); untold != "" {
		text = fmt.Sprintf(w.notAll, untold)
	}
	in.become(Exhausted, r.txn.Now(), "")
	r.exhausted++
	r.jobs = append(r.jobs, r.e.news(in, string(Exhausted), text, alert.Firing, "", r.txn.Now())...)
}

// lapse begins anew with an incident whose acknowledgement has ended.
func (r *dueBatch) lapse(in *incident) error {
	now, by := r.txn.Now(), in.By
	id, err := r.txn.Reserve(1)
	if err != nil {
		return err
	}
	in.note(now, EventLapsed, "", by)
	r.past = append(r.past, in.archived(now))
	next := r.e.open(id, in.Problem, now)
	next.Alert, next.Worst = in.Alert, in.Worst
	*in = *next
	r.jobs = append(r.jobs, r.e.news(in, string(EventLapsed), fmt.Sprintf(wordsOf(r.e.opts.Locale).lapsed, by), alert.Firing, "", now)...)
	for _, s := range r.e.steps[:in.Steps] {
		r.jobs = append(r.jobs, in.job(s.host.Number(), in.as(s), now))
	}
	return nil
}

// as returns the alert of an incident as a step tells it, with an ID of its own, and for
// later steps a Key: what rings at most once about an event, or no more about a problem
// that has become less, rings for each step all the same.
func (in *incident) as(s *step) []byte {
	a, err := jobstore.Decode(in.Alert)
	if a.ID = fmt.Sprintf("%s/%s/%d-%d", a.ID, s.Name, in.ID, in.Stepped); s.After > 0 {
		a.Key = a.ID
	}
	entry, failed := jobstore.Encode(&a)
	if err != nil || failed != nil {
		return in.Alert
	}
	return entry.Doc
}

// job returns a job about an incident. It has no number yet.
func (in *incident) job(route int64, doc []byte, now int64) jobstore.Job {
	return jobstore.Job{Route: route, Problem: in.Problem, Lane: jobstore.LaneOf(in.Worst), Due: now, Accepted: now, Doc: doc}
}

// enqueue gives jobs their numbers and keeps them.
func (e *Escalation) enqueue(t jobstore.Txn, jobs []jobstore.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	number, err := t.Reserve(len(jobs))
	if err != nil {
		return err
	}
	for i := range jobs {
		jobs[i].Number = number + int64(i)
	}
	return t.Add(jobs)
}
