package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	settleTime   = 5 * time.Second // for one attempt to tell the store
	lastAttempts = 3               // to tell it once Run is to end
	extraTries   = 10              // of what a Participant does as well
)

// A Cause is why an alert ended as a dead letter.
type Cause string

// The causes.
const (
	Refused    Cause = "refused"    // the channel refused it for good, also by itself
	Expired    Cause = "expired"    // it waited longer than MaxAge
	Crashed    Cause = "crashed"    // the process died three times while it was sending it, the last time by itself
	Uncertain  Cause = "uncertain"  // it may have been delivered, and must not go out twice
	Overtaken  Cause = "overtaken"  // a later alert of its Key was delivered, and this one was not
	Unreadable Cause = "unreadable" // what stands in the store is not an alert
)

// An outcomeKind is what an attempt means for a job.
type outcomeKind int

const (
	outcomeDelivered outcomeKind = iota
	outcomeRetry
	outcomeRefused // together with others, of which each may be at fault
	outcomeDead
)

// An outcome is the result of an attempt for one job.
type outcome struct {
	kind  outcomeKind
	wait  time.Duration
	asked time.Duration // for, by the far end
	limit int           // as that of a job
	cause Cause
	text  string

	unsure bool          // the alert may have been delivered
	delay  time.Duration // from its acceptance to its delivery
}

// classify decides about each alert of a message, by the error of the Sender.
func (w *worker) classify(batch []jobstore.Job, places []int, outcomes []outcome, err error) {
	waits := make(map[int]time.Duration) // the same chance for all: they stay together
	for k, i := range places {
		j, e := &batch[i], alert.ErrorAt(err, k, len(places))
		if e == nil {
			continue
		}
		v := outcome{text: jobstore.ErrorText(e), limit: j.Limit}
		unsure, again := errors.Is(e, alert.ErrUncertain), alert.Retryable(e)
		v.unsure = unsure
		switch {
		case unsure && (w.r.opts.NeverTwice || !again && !w.r.opts.Resend):
			v.kind, v.cause = outcomeDead, Uncertain
		case unsure || again:
			if waits[j.Attempts] == 0 {
				waits[j.Attempts] = w.backoff().after(j.Attempts + 1)
			}
			v.asked = retryAfter(alert.RetryAfter(e))
			v.kind, v.wait = outcomeRetry, max(waits[j.Attempts], v.asked)
		case len(places) > 1:
			v.kind = outcomeRefused
		default:
			v.kind, v.cause = outcomeDead, Refused
		}
		outcomes[i] = v
	}
	split(outcomes)
	w.keepOrder(batch, outcomes)
}

func (w *worker) backoff() backoff {
	return backoff{w.r.opts.Backoff, w.r.opts.MaxBackoff, w.o.below}
}

// keepOrder looks at alerts of one Key that were in one message. If an earlier
// one must go out once more and a later one was accepted, the last word at the
// far end would be the older one: a firing after its recovery. So the later one
// goes out once more too. Where that must not be, the earlier one ends.
func (w *worker) keepOrder(batch []jobstore.Job, outcomes []outcome) {
	waiting := make(map[jobstore.Hash][]int)
	for i := range batch {
		p, v := batch[i].Problem, &outcomes[i]
		if p == "" || v.kind == outcomeDead {
			continue
		}
		if v.kind != outcomeDelivered {
			waiting[p] = append(waiting[p], i)
			continue
		}
		for _, earlier := range waiting[p] {
			e := &outcomes[earlier]
			if w.r.opts.NeverTwice {
				e.kind, e.cause = outcomeDead, Overtaken
			} else if e.kind != outcomeDead {
				v.kind, v.wait, v.limit, v.text = outcomeRetry, e.wait, batch[i].Limit, "an earlier alert of its Key was not accepted"
			}
		}
		if v.kind == outcomeDelivered {
			delete(waiting, p)
		}
	}
}

// settle records the outcomes of a batch, and retries for as long as it takes: the
// route belongs to nobody else before. Once ctx has ended it gives up soon.
func (w *worker) settle(ctx context.Context, batch []jobstore.Job, outcomes []outcome, also func(jobstore.Txn) error) error {
	for n := 1; ; n++ {
		began := time.Now()
		err := w.trySettle(ctx, batch, outcomes, also)
		switch {
		case err == nil:
			w.until = began.Add(w.o.opts.Lease)
			w.account(ctx, outcomes)
			return nil
		case errors.Is(err, errFenced):
			w.until = time.Time{}
			return err
		case ctx.Err() != nil && n >= lastAttempts:
			w.unsettled = true
			return err
		}
		if _, extra := errors.AsType[*extraError](err); extra && n >= extraTries {
			return err
		}
		w.log(ctx, slog.LevelWarn, "settling failed, retrying", slog.Any("error", err))
		if errors.Is(err, jobstore.ErrNoRoute) {
			_ = w.o.restore(ctx) // else the next attempt fails too
		}
		pause := time.NewTimer(backoff{w.o.opts.Poll / 4, w.o.opts.Poll, w.o.below}.after(n))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// An extraError is a failure of what a Participant does while its jobs are settled.
type extraError struct{ err error }

func (e *extraError) Error() string { return e.err.Error() }
func (e *extraError) Unwrap() error { return e.err }

func (w *worker) trySettle(ctx context.Context, batch []jobstore.Job, outcomes []outcome, also func(jobstore.Txn) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return w.o.store.Locked(ctx, func(t jobstore.Txn) error {
		r, err := w.lock(ctx, t, batch)
		if err != nil {
			return err
		}
		late := w.readopt(r, batch)
		switch {
		case late:
		case r.Owner != w.owner || r.Epoch != w.epoch:
			return errFenced
		case len(r.Claimed) == 0:
			return nil // an attempt before succeeded though it had failed
		}
		if also != nil {
			if err := also(t); err != nil {
				return &extraError{err}
			}
		}
		if err := w.r.forgetInFlight(t, numbersOf(batch)); err != nil {
			return err
		}
		w.pause(t.Now(), r, batch, outcomes)
		if err := apply(t, w.r.number, batch, outcomes); err != nil || late {
			return err
		}
		r.Claimed, r.Expires = nil, t.Now()+w.o.opts.Lease.Milliseconds()
		return t.Put(w.r.number, r)
	})
}

// apply writes outcomes into the store, as sets.
func apply(t jobstore.Txn, route int64, batch []jobstore.Job, outcomes []outcome) error {
	var delivered []int64
	var left []jobstore.Job
	changes := make(map[int64]jobstore.Change)
	for i := range batch {
		v := outcomes[i]
		if v.kind == outcomeDelivered {
			outcomes[i].delay = time.Duration(t.Now()-batch[i].Accepted) * time.Millisecond
			delivered = append(delivered, batch[i].Number)
			continue
		}
		c := jobstore.Change{Due: t.Now() + v.wait.Milliseconds(), Limit: v.limit, Tried: true, Cause: string(v.cause), Error: v.text}
		if v.kind == outcomeDead {
			c.Stage, c.Due = jobstore.StageDead, t.Now()
		}
		left = append(left, batch[i])
		changes[batch[i].Number] = c
	}
	if len(delivered) > 0 {
		if _, err := t.Remove(route, delivered); err != nil {
			return err
		}
	}
	for _, g := range groups(left, func(j *jobstore.Job) jobstore.Change { return changes[j.Number] }) {
		if _, err := t.Change(route, g.numbers, g.change); err != nil {
			return err
		}
	}
	return nil
}

// account counts and logs what was settled.
func (w *worker) account(ctx context.Context, outcomes []outcome) {
	dead, text := make(map[Cause]int), make(map[Cause]string)
	for i := range outcomes {
		if outcomes[i].unsure {
			w.r.stats.uncertain.Add(1)
		}
		switch v := &outcomes[i]; v.kind {
		case outcomeDelivered:
			w.r.stats.delivered.Add(1)
			w.r.stats.delay.observe(v.delay.Seconds())
		case outcomeDead:
			dead[v.cause]++
			text[v.cause] = v.text
		default:
			w.r.stats.retried.Add(1)
		}
	}
	for cause, n := range dead {
		w.reportDead(ctx, cause, n, text[cause])
	}
}
