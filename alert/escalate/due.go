package escalate

import (
	"context"
	"log/slog"
	"time"

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
	due := false
	err = e.host.Store.Do(ctx, func(t jobstore.Txn) error {
		list, err := t.IncidentsDue(e.host.Number(), 1)
		due = len(list) > 0
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
	if r.stepped > 0 {
		e.notify()
	}
	if r.exhausted > 0 {
		e.log(ctx, slog.LevelError, "escalation exhausted, nobody acknowledged", slog.Int("incidents", r.exhausted))
	}
	for _, c := range r.calls {
		if err := e.lookAfter(ctx, c); err != nil && ctx.Err() == nil {
			e.log(ctx, slog.LevelWarn, "call status unknown, polling again", slog.String("step", c.Step), slog.String("error", jobstore.ErrorText(err)))
		}
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
	e    *Escalation
	txn  jobstore.Txn
	rows []incident
	jobs []jobstore.Job

	unreadable []jobstore.Incident

	stepped, exhausted int
	calls              []call // to look after, each once
}

func (r *dueBatch) run() (err error) {
	if _, err = r.txn.Lock(r.e.host.Number()); err != nil {
		return err
	}
	due, err := r.txn.IncidentsDue(r.e.host.Number(), dueRows)
	if err != nil {
		return err
	}
	r.rows, r.unreadable = split(due)
	for i := range r.unreadable { // out of the way of the others
		r.unreadable[i].Due = never
	}
	if err := r.txn.PutIncidents(r.unreadable); err != nil {
		return err
	}
	seen := make(map[[2]string]bool)
	for i := range r.rows {
		in := &r.rows[i]
		if in.State == Waiting && in.Stepped+r.e.pause(in.Steps).Milliseconds() <= r.txn.Now() {
			if err := r.step(in); err != nil {
				return err
			}
		}
		for k := range in.Calls {
			c := &in.Calls[k]
			if c.Next > r.txn.Now() {
				continue
			}
			c.Next = r.txn.Now() + watchEvery.Milliseconds()
			if id := [2]string{c.Step, c.Reference}; !seen[id] {
				seen[id], r.calls = true, append(r.calls, *c)
			}
		}
		r.e.schedule(in, r.txn.Now())
	}
	if err := r.e.enqueue(r.txn, r.jobs); err != nil {
		return err
	}
	return put(r.txn, r.rows)
}

// step takes the next step, or gives up behind the last one.
func (r *dueBatch) step(in *incident) error {
	if in.Steps >= len(r.e.steps) {
		in.become(Exhausted, r.txn.Now())
		r.exhausted++
		news, err := r.e.news(in, r.txn.Now())
		r.jobs = append(r.jobs, news...)
		return err
	}
	r.jobs = append(r.jobs, in.job(r.e.steps[in.Steps].host.Number(), in.Alert, r.txn.Now()))
	in.Steps, in.Stepped = in.Steps+1, r.txn.Now()
	r.stepped++
	return nil
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
