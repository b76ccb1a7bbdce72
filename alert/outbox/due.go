package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	dueRows      = 100              // incidents in one transaction
	watchTimeout = 10 * time.Second // for one Watch or Stop
)

// run takes the steps of an escalation as they come due, and looks after what
// was sent, until ctx ends. Any number of processes may: what one of them takes
// is not due for the others.
func (e *Escalation) run(ctx context.Context) {
	retry := backoff{first: e.o.opts.Poll, longest: 10 * e.o.opts.Poll}
	for failures := 0; ctx.Err() == nil; {
		wait := e.o.opts.Poll
		more, err := e.runDue(ctx)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			failures++
			wait = retry.after(failures)
			e.log(ctx, slog.LevelWarn, "escalation not available, retrying", slog.Any("error", err), slog.Duration("in", wait))
		}
		if !more {
			pause(ctx, wait)
		}
	}
}

// log writes a record about the escalation.
func (e *Escalation) log(ctx context.Context, level slog.Level, text string, attrs ...slog.Attr) {
	e.o.opts.Logger.LogAttrs(ctx, level, text, append([]slog.Attr{slog.String("escalation", e.name)}, attrs...)...)
}

// runDue does what is due, some of it, and reports whether there may be more.
func (e *Escalation) runDue(ctx context.Context) (more bool, err error) {
	due := false
	err = e.o.store.do(ctx, func(t txn) error {
		list, err := t.incidentsDue(e.intake.number, 1)
		due = len(list) > 0
		return err
	})
	if err != nil || !due {
		return false, err
	}
	var r dueBatch
	err = e.o.store.locked(ctx, func(t txn) error {
		r = dueBatch{e: e, txn: t}
		return r.run()
	})
	if err != nil {
		return false, err
	}
	if r.stepped > 0 {
		e.notify()
	}
	if r.exhausted > 0 {
		e.log(ctx, slog.LevelError, "escalation exhausted, nobody acknowledged", slog.Int("incidents", r.exhausted))
	}
	for _, c := range r.calls {
		if err := e.lookAfter(ctx, c); err != nil && ctx.Err() == nil {
			e.log(ctx, slog.LevelWarn, "call status unknown, polling again", slog.String("step", c.Step), slog.String("error", errorText(err)))
		}
	}
	return len(r.rows) == dueRows, nil
}

// notify wakes the workers of the steps.
func (e *Escalation) notify() {
	for _, r := range e.routes {
		r.notify()
	}
}

// A dueBatch is the transaction of one runDue.
type dueBatch struct {
	e    *Escalation
	txn  txn
	rows []incident
	jobs []job

	stepped, exhausted int
	calls              []call // to look after, each once
}

func (r *dueBatch) run() (err error) {
	if _, err = r.txn.lock(r.e.intake.number); err != nil {
		return err
	}
	if r.rows, err = r.txn.incidentsDue(r.e.intake.number, dueRows); err != nil {
		return err
	}
	seen := make(map[[2]string]bool)
	for i := range r.rows {
		in := &r.rows[i]
		if in.State == Waiting && in.Stepped+r.e.pause(in.Steps).Milliseconds() <= r.txn.now() {
			if err := r.step(in); err != nil {
				return err
			}
		}
		for k := range in.Calls {
			c := &in.Calls[k]
			if c.Next > r.txn.now() {
				continue
			}
			c.Next = r.txn.now() + watchEvery.Milliseconds()
			if id := [2]string{c.Step, c.Reference}; !seen[id] {
				seen[id], r.calls = true, append(r.calls, *c)
			}
		}
		r.e.schedule(in)
	}
	if err := r.e.enqueue(r.txn, r.jobs); err != nil {
		return err
	}
	return r.txn.putIncidents(r.rows)
}

// step takes the next step, or gives up behind the last one.
func (r *dueBatch) step(in *incident) error {
	if in.Steps >= len(r.e.steps) {
		in.become(Exhausted, r.txn.now())
		r.exhausted++
		news, err := r.e.news(in, r.txn.now())
		r.jobs = append(r.jobs, news...)
		return err
	}
	r.jobs = append(r.jobs, in.job(r.e.routes[in.Steps].number, in.Doc, r.txn.now()))
	in.Steps, in.Stepped = in.Steps+1, r.txn.now()
	r.stepped++
	return nil
}

// job returns a job about an incident. It has no number yet.
func (in *incident) job(route int64, doc []byte, now int64) job {
	return job{Route: route, Problem: in.Problem, Lane: laneOf(in.Worst), Due: now, Accepted: now, Doc: doc}
}

// enqueue gives jobs their numbers and keeps them.
func (e *Escalation) enqueue(t txn, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	number, err := t.reserve(len(jobs))
	if err != nil {
		return err
	}
	for i := range jobs {
		jobs[i].Number = number + int64(i)
	}
	return t.add(jobs)
}

// lookAfter calls a message off if it is not wanted any more, and else asks what
// became of it.
func (e *Escalation) lookAfter(ctx context.Context, c call) error {
	s := e.stepNamed(c.Step)
	wanted, err := e.wanted(ctx, c.Reference)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	a := Answer{Over: true}
	switch {
	case s == nil:
	case !wanted && s.Stop != nil:
		err = guarded(func() error { return s.Stop(asking, c.Reference) })
	case wanted && s.Watch != nil:
		err = guarded(func() (err error) {
			a, err = s.Watch(asking, c.Reference)
			return err
		})
	}
	if err != nil {
		return err
	}
	return e.conclude(ctx, c, a)
}

// guarded runs code of others.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil { // with the panic value is not shown, it may be a secret
			err = errors.New("it panicked")
		}
	}()
	return f()
}

// stepNamed returns a step, or nil if there is none of the name any more.
func (e *Escalation) stepNamed(name string) *Step {
	for i := range e.steps {
		if e.steps[i].Name == name {
			return &e.steps[i]
		}
	}
	return nil
}

// wanted reports whether anybody is still wanted for what a message was about.
func (e *Escalation) wanted(ctx context.Context, ref string) (wanted bool, err error) {
	err = e.o.store.do(ctx, func(t txn) error {
		list, err := t.incidentsByReference(e.intake.number, hashOf(ref))
		wanted = false
		for i := range list {
			wanted = wanted || list[i].waits()
		}
		return err
	})
	return wanted, err
}

// conclude records an answer about a message.
func (e *Escalation) conclude(ctx context.Context, c call, a Answer) error {
	if a.By == "" && !a.Over {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime) // the answer may not come again
	defer cancel()
	_, err := e.change(ctx, c.Reference, a.By, func(in *incident) {
		kept := in.Calls[:0:0]
		for _, other := range in.Calls {
			if other.Step != c.Step || other.Reference != c.Reference {
				kept = append(kept, other)
			}
		}
		in.Calls = kept
	})
	if err != nil && !errors.Is(err, ErrUnknownReference) {
		return fmt.Errorf("the answer could not be recorded: %w", err)
	}
	return nil
}
