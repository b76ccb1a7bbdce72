package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// stuckMargin is how long after the end of its context a Sender may return.
const stuckMargin = 5 * time.Second

// A worker delivers what is on one route, while it has the lease on it. It is
// used by one goroutine.
type worker struct {
	o     *Outbox
	r     *route
	owner string

	epoch     int64     // of the lease
	asked     bool      // for a lease, and may have it even if nobody said so
	until     time.Time // by this machine's clock, before the lease ends; zero without one
	idle      bool      // there was nothing to do when it last looked
	full      bool      // there was as much to do as a message takes
	free      bool      // and there is as soon as something is accepted
	suspects  bool      // the last message was of alerts that had failed together
	unsettled bool      // something was sent, and nobody could be told
}

// run works until ctx ends, and gives the lease back.
func (w *worker) run(ctx context.Context) {
	failures := 0
	retry := w.o.backoff()
	for ctx.Err() == nil {
		stepping := ctx
		if !w.full { // else it is behind
			stepping = jobstore.Unhurried(ctx)
		}
		wait, err := w.step(stepping)
		if err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			failures++
			wait = retry.after(failures)
			text := "outbox not available, retrying"
			if errors.Is(err, errFenced) {
				text = "outcome not recorded: lease lost"
			}
			w.log(ctx, slog.LevelWarn, text, slog.Any("error", err), slog.Duration("in", wait))
			if errors.Is(err, jobstore.ErrNoRoute) {
				_ = w.o.restore(ctx) // else the next attempt fails too
			}
		}
		w.sleep(ctx, wait)
	}
	w.release(ctx)
}

// log writes a record about the route.
func (w *worker) log(ctx context.Context, level slog.Level, text string, attrs ...slog.Attr) {
	w.o.opts.Logger.LogAttrs(ctx, level, text, append([]slog.Attr{slog.String("route", w.r.name)}, attrs...)...)
}

// sleep waits. What is accepted wakes it if it waits for nothing else.
func (w *worker) sleep(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	var wake <-chan struct{}
	if w.free {
		wake = w.r.wake
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
		w.idle = false
	}
}

// step delivers one message, or returns how long there is nothing to do.
func (w *worker) step(ctx context.Context) (time.Duration, error) {
	if w.idle {
		busy, wait, err := w.look(ctx)
		if err != nil || !busy {
			return min(wait, w.o.opts.Poll), err
		}
	}
	batch, wait, err := w.claim(ctx)
	if err != nil || len(batch) == 0 || ctx.Err() != nil {
		return wait, err
	}
	return 0, w.deliver(ctx, batch)
}

// look reports whether there may be anything to do, such as jobs, or a lease that
// is free or about to end, and if not, when there may. It changes nothing.
func (w *worker) look(ctx context.Context) (busy bool, wait time.Duration, err error) {
	err = w.o.store.Do(ctx, func(t jobstore.Txn) error {
		busy, wait = false, w.o.opts.Poll
		r, err := t.Look(w.r.number)
		if busy = errors.Is(err, jobstore.ErrUnreadable); busy {
			return nil
		}
		if err != nil {
			return err
		}
		if busy = w.r.clamp(r, t.Now()); busy {
			return nil
		}
		left := r.Expires - t.Now()
		if r.Owner != w.owner || left < w.o.opts.Lease.Milliseconds()/2 {
			busy = r.Owner == w.owner || left <= 0
			return nil
		}
		if rest := w.mustWait(r, t.Now()); rest > 0 {
			wait = rest
			return nil
		}
		jobs, err := t.Due(w.r.number, 1)
		busy = len(jobs) > 0
		return err
	})
	return busy, wait, err
}

// mustWait returns how long nothing may be sent: the budget is spent, or the route
// is paused, by an operator until further notice.
func (w *worker) mustWait(r *jobstore.RouteRecord, now int64) time.Duration {
	if r.Stopped {
		return w.o.opts.Lease
	}
	return time.Duration(max(w.r.opts.Budget.pace().wait(r.Rate, now), r.PausedUntil-now, 0)) * time.Millisecond
}

// deliver hands a batch to the Sender once, and settles what came of it. It does
// not if the lease could end before the message has.
func (w *worker) deliver(ctx context.Context, batch []jobstore.Job) error {
	alerts, places, outcomes := w.open(batch)
	if len(alerts) == 0 {
		return w.settle(ctx, batch, outcomes, nil)
	}
	if !w.holds() {
		w.log(ctx, slog.LevelWarn, "lease too short for a send, skipped")
		w.until = time.Time{}
		return nil
	}
	sending, attempt := ctx, jobstore.Attempt{}
	if p := w.r.participant; p != nil {
		sending, attempt = p.Begin(ctx, at(batch, places), alerts)
		if attempt.Done != nil {
			defer attempt.Done()
		}
	}
	began := time.Now()
	err := w.send(sending, alerts)
	w.classify(batch, places, outcomes, err)
	w.r.stats.countMessage(time.Since(began), err)
	w.report(ctx, len(alerts), time.Since(began), err)
	err = w.settle(ctx, batch, outcomes, attempt.Settle)
	if extra, failed := errors.AsType[*extraError](err); failed && !w.unsettled {
		w.log(ctx, slog.LevelError, "settling keeps failing, recording the outcome without it", slog.Any("error", err))
		if attempt.Required {
			for _, i := range places {
				outcomes[i] = outcome{}
			}
			w.classify(batch, places, outcomes, extra.err)
		}
		err = w.settle(ctx, batch, outcomes, nil)
	}
	return err
}

// at returns the jobs at some places.
func at(batch []jobstore.Job, places []int) []jobstore.Job {
	some := make([]jobstore.Job, len(places))
	for k, i := range places {
		some[k] = batch[i]
	}
	return some
}

// holds reports whether the lease lasts for one message, by both clocks of this
// machine: one stands still while the machine sleeps, the other can be set.
func (w *worker) holds() bool {
	enough := w.until.Add(-w.r.opts.Timeout)
	now := time.Now()
	return now.Before(enough) && now.Round(0).Before(enough.Round(0))
}

// open reads the alerts of a batch. places has the position in the batch of
// each; what cannot be read has its outcome already.
func (w *worker) open(batch []jobstore.Job) (alerts []alert.Alert, places []int, outcomes []outcome) {
	outcomes = make([]outcome, len(batch))
	for i := range batch {
		a, here := w.o.handover().take(batch[i].Doc)
		err := error(nil)
		if !here {
			a, err = jobstore.Decode(batch[i].Doc)
		}
		if err != nil {
			outcomes[i] = outcome{kind: outcomeDead, cause: Unreadable, text: jobstore.ErrorText(err)}
			continue
		}
		alerts, places = append(alerts, a), append(places, i)
	}
	return alerts, places, outcomes
}

// send makes one attempt. It is not cut off at once when ctx ends, but after the
// grace: an outcome is worth more than a quick end.
func (w *worker) send(ctx context.Context, alerts []alert.Alert) (err error) {
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.r.opts.Timeout)
	defer cancel()
	grace := time.AfterFunc(w.r.opts.Timeout, cancel)
	defer grace.Stop()
	defer context.AfterFunc(ctx, func() { grace.Reset(min(w.o.opts.Grace, w.r.opts.Timeout)) })()
	defer func() {
		if recover() != nil { // with the panic value is not shown, it may be a secret
			err = fmt.Errorf("the sender panicked: %w", alert.ErrUncertain)
		}
	}()
	w.r.stats.messages.Add(1)
	defer w.watch(ctx)()
	return w.r.sender.Send(alert.Once(sending), alerts...)
}

// watch tells of a Sender that does not return though its context has ended, until
// it does. Nothing else can be done about it: the route waits, and when the lease
// runs out another process may take it over.
func (w *worker) watch(ctx context.Context) (stop func()) {
	began, told := time.Now(), make(chan struct{})
	late := time.AfterFunc(w.r.opts.Timeout+stuckMargin, func() {
		defer close(told)
		w.r.stats.stuck.Add(1)
		w.r.stats.stuckSince.Store(&began)
		w.log(ctx, slog.LevelError, "sender does not return, its route waits", slog.Duration("took", time.Since(began)))
	})
	return func() {
		if !late.Stop() {
			<-told
			w.r.stats.stuckSince.Store(nil)
		}
	}
}

// report logs a message.
func (w *worker) report(ctx context.Context, alerts int, took time.Duration, err error) {
	attrs := []slog.Attr{slog.Int("alerts", alerts), slog.Duration("took", took)}
	if err == nil {
		w.log(ctx, slog.LevelDebug, "message accepted", attrs...)
		return
	}
	w.log(ctx, slog.LevelWarn, "message not accepted", append(attrs, slog.String("error", jobstore.ErrorText(err)))...)
}

// release gives the lease back, so that nobody waits for it to end.
func (w *worker) release(ctx context.Context) {
	if !w.asked {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := w.o.store.Locked(ctx, func(t jobstore.Txn) error {
		r, err := t.Lock(w.r.number)
		if err != nil || r.Owner != w.owner {
			return err
		}
		if !w.unsettled { // else the next owner must know
			if err := w.r.forgetInFlight(t, r.Claimed); err != nil {
				return err
			}
			r.Claimed = nil
		}
		r.Owner, r.Expires = "", 0
		return t.Put(w.r.number, r)
	})
	if err != nil {
		w.log(ctx, slog.LevelWarn, "releasing the lease failed", slog.Any("error", err))
	}
}
