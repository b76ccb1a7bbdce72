package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	maxList = 500 // alerts in one answer
	allStep = 200 // in one transaction
)

// A QueuedAlert is an alert on one route, pending or dead.
type QueuedAlert struct {
	Number   int64       `json:"number"` // identifies it; the order of acceptance
	Route    string      `json:"route"`
	Alert    alert.Alert `json:"alert"`
	Accepted time.Time   `json:"accepted"`
	Due      time.Time   `json:"due"` // not before; of a dead one, when it ended
	Attempts int         `json:"attempts"`
	Dead     bool        `json:"dead"`
	Cause    Cause       `json:"cause,omitempty"` // of a dead one
	Error    string      `json:"error,omitempty"` // of the last attempt
}

// Pending lists what waits on a route, in the order of acceptance: up to limit
// alerts, at most 500, with a Number greater than after.
func (o *Outbox) Pending(ctx context.Context, route string, after int64, limit int) ([]QueuedAlert, error) {
	return o.list(ctx, route, false, after, limit)
}

// Dead lists the dead letters of a route, as Pending does.
func (o *Outbox) Dead(ctx context.Context, route string, after int64, limit int) ([]QueuedAlert, error) {
	return o.list(ctx, route, true, after, limit)
}

func (o *Outbox) list(ctx context.Context, route string, dead bool, after int64, limit int) (alerts []QueuedAlert, err error) {
	err = o.on(ctx, "list", route, func(t jobstore.Txn, number int64) error {
		jobs, err := t.List(number, dead, after, min(max(limit, 1), maxList))
		alerts = make([]QueuedAlert, len(jobs))
		for i := range jobs {
			alerts[i] = show(&jobs[i], route)
		}
		return err
	})
	return alerts, err
}

// show returns a job. An alert that cannot be read is empty.
func show(j *jobstore.Job, route string) QueuedAlert {
	a, _ := jobstore.Decode(j.Doc)
	return QueuedAlert{
		Number: j.Number, Route: route, Alert: a, Accepted: jobstore.Time(j.Accepted), Due: jobstore.Time(j.Due),
		Attempts: j.Attempts, Dead: j.Stage == jobstore.StageDead, Cause: Cause(j.Cause), Error: j.Error,
	}
}

// Requeue gives dead letters of a route, by Number, another chance: as if they
// were accepted now, in their old place of the order. Without numbers it takes
// all. It returns how many there were. On a route that must not send twice, look
// first whether somebody has heard of an alert whose Cause is Uncertain.
func (o *Outbox) Requeue(ctx context.Context, route string, numbers ...int64) (int, error) {
	n, err := o.each(ctx, "requeue", route, numbers, func(t jobstore.Txn, number int64, dead []int64) (int, error) {
		return t.Change(number, dead, jobstore.Change{Stage: jobstore.StageReady, Due: t.Now(), Fresh: true})
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.routes {
		r.notify()
	}
	return n, err
}

// Drop forgets dead letters of a route, by Number; without numbers, all of them.
// It returns how many there were.
func (o *Outbox) Drop(ctx context.Context, route string, numbers ...int64) (int, error) {
	return o.each(ctx, "drop", route, numbers, func(t jobstore.Txn, number int64, dead []int64) (int, error) {
		return t.RemoveDead(number, dead)
	})
}

// each applies f to dead letters, some in each transaction.
func (o *Outbox) each(ctx context.Context, op, route string, numbers []int64, f func(jobstore.Txn, int64, []int64) (int, error)) (total int, err error) {
	all := len(numbers) == 0
	chunks := slices.Collect(slices.Chunk(numbers, allStep))
	after := int64(0)
	for all || len(chunks) > 0 {
		n, last := 0, after
		err := o.on(ctx, op, route, func(t jobstore.Txn, number int64) (err error) {
			var jobs []jobstore.Job
			if all {
				jobs, err = t.List(number, true, after, allStep)
			} else {
				jobs, err = t.Jobs(number, chunks[0])
			}
			var dead []int64
			for i := range jobs {
				if last = max(last, jobs[i].Number); jobs[i].Stage == jobstore.StageDead {
					dead = append(dead, jobs[i].Number)
				}
			}
			if err != nil || len(dead) == 0 {
				n = 0
				return err
			}
			n, err = f(t, number, dead)
			return err
		})
		if err != nil {
			return total, err
		}
		total += n
		if all {
			if n == 0 {
				break
			}
			after = last
			continue
		}
		chunks = chunks[1:]
	}
	return total, nil
}

// on runs f in a transaction, with the number of a route that the store knows:
// also one that this program does not have any more, and one that left nothing but
// jobs.
func (o *Outbox) on(ctx context.Context, op, route string, f func(t jobstore.Txn, number int64) error) error {
	err := o.store.Do(ctx, func(t jobstore.Txn) error {
		names, err := t.Routes()
		if err != nil {
			return err
		}
		for number, name := range names {
			if name == route {
				return f(t, number)
			}
		}
		if !strings.HasPrefix(route, "#") {
			return ErrUnknownRoute
		}
		orphans, err := t.Orphans()
		for _, number := range orphans {
			if orphanName(number) == route {
				return f(t, number)
			}
		}
		return cmp.Or(err, ErrUnknownRoute)
	})
	if err != nil {
		return failure(ctx, op, err)
	}
	return nil
}

// Pause stops delivering on a route, in all processes and over restarts, until
// Resume. What is accepted waits. A message under way comes to its end. A paused
// route ends no alert by MaxAge; when it is resumed it does.
func (o *Outbox) Pause(ctx context.Context, route string) error {
	return o.stop(ctx, "pause", route, true)
}

// Resume starts a paused route again, within Options.Poll.
func (o *Outbox) Resume(ctx context.Context, route string) error {
	return o.stop(ctx, "resume", route, false)
}

func (o *Outbox) stop(ctx context.Context, op, route string, stopped bool) error {
	if o.has(route) {
		if _, err := o.enrolled(ctx); err != nil {
			return failure(ctx, op, err)
		}
	}
	err := o.on(ctx, op, route, func(t jobstore.Txn, number int64) error {
		r, err := t.Lock(number)
		if err != nil {
			return err
		}
		r.Stopped, r.Sent = stopped, t.Now() // Health counts from here
		return t.Put(number, r)
	})
	if err == nil {
		o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "operator: "+op+" route", slog.String("route", route))
	}
	return err
}
