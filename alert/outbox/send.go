package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// Send keeps the alerts on every route whose filter lets them pass, and returns
// nil when all that is committed. Delivering them is the business of [Outbox.Run],
// in this process or in another one over the same store.
//
// An alert whose Source and ID were accepted within the window counts as
// accepted. One without an ID gets one. Sends that run at once share a
// transaction. Alerts keep their order, and of Sends that follow one another
// the order of the calls is kept.
//
// Errors are of the type *[Error]; one that matches [ErrFull] says that too much
// waits already. For one alert that is too large it is inside of an
// [alert.PartialError]. If ctx ends while the alerts are being committed, the
// error matches [alert.ErrUncertain]. Repeating a Send never does harm to alerts
// that have an ID. A commit that has no answer after ten seconds is tried again,
// on another connection. If ctx has no deadline, Send gives up after thirty
// seconds; both take longer by 10 ms for each alert.
func (o *Outbox) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return &Error{Op: "send", Err: err}
	}
	if err := o.room(ctx); err != nil {
		o.gauge.refused.Add(int64(len(alerts)))
		return &Error{Op: "send", Err: err}
	}
	if _, ends := ctx.Deadline(); !ends {
		limited, cancel := context.WithTimeout(ctx, sendTime*o.store.forRows(len(alerts)).time)
		defer cancel()
		ctx = limited
	}
	for again := false; ; again = true {
		routes, err := o.enrolled(ctx)
		if err != nil {
			return failure(ctx, "send", err)
		}
		if len(routes) == 0 {
			return &Error{Op: "send", Err: errors.New("there is no route"), final: true}
		}
		entries, errs := encodeAll(alerts, routes)
		if len(entries) > 0 {
			for i := range entries {
				o.handover().add(&entries[i])
			}
			err = o.group.submit(ctx, entries, o.commit)
		}
		if errors.Is(err, jobstore.ErrNoRoute) && !again {
			if err = o.restore(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			return failure(ctx, "send", err)
		}
		return alert.Partial(errs)
	}
}

// encodeAll makes entries of the alerts. What cannot become one has an error.
func encodeAll(alerts []alert.Alert, routes []*route) ([]jobstore.Entry, []error) {
	entries := make([]jobstore.Entry, 0, len(alerts))
	errs := make([]error, len(alerts))
	for i := range alerts {
		l, err := jobstore.Encode(&alerts[i])
		if err != nil {
			errs[i] = &Error{Op: "send", Err: err, final: true}
			continue
		}
		for _, r := range routes {
			passed := r.opts.Filter == nil || r.opts.Filter(alerts[i])
			if passed {
				l.Routes = append(l.Routes, r.number)
			}
			if r.opts.Filter == nil || l.Problem == "" {
				continue
			}
			if w, relevant := r.watch(alerts[i], &l, passed); relevant {
				l.Watches = append(l.Watches, w)
			}
		}
		entries = append(entries, l)
	}
	return entries, errs
}

// commit keeps entries in one transaction and wakes the workers. What has come while
// it waited for the store goes with it.
func (o *Outbox) commit(ctx context.Context, collect func() []jobstore.Entry) error {
	entries, accepted := collect(), 0
	err := o.store.forRows(len(entries)).Locked(ctx, func(t jobstore.Txn) (err error) {
		entries = collect()
		accepted, err = o.accept(t, entries)
		return err
	})
	if err != nil {
		return o.slow(ctx, err)
	}
	o.stats.accepted.Add(int64(accepted))
	if repeated := len(entries) - accepted; repeated > 0 {
		o.stats.repeated.Add(int64(repeated))
		o.opts.Logger.LogAttrs(ctx, slog.LevelDebug, "repetition: accepted before, not delivered again", slog.Int("alerts", repeated))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.routes {
		r.notify()
	}
	return nil
}

// slow returns the error of a commit: one that is to be tried again, if the commit
// had no answer in its time and those that wait for it have more. That does no harm
// where events are remembered.
func (o *Outbox) slow(ctx context.Context, err error) error {
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	err = fmt.Errorf("%w: %w", alert.ErrUncertain, err)
	if o.opts.Window > 0 {
		o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "accepting failed, retrying", slog.Any("error", err))
		err = fmt.Errorf("%w: %w", errTryAgain, err)
	}
	return err
}

// notify wakes the worker of the route, if it sleeps.
func (r *route) notify() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// accept adds a job for each new entry and each of its routes, and returns how
// many were new.
func (o *Outbox) accept(t jobstore.Txn, entries []jobstore.Entry) (int, error) {
	most := 0
	for i := range entries {
		most += len(entries[i].Routes) + len(entries[i].Watches)
	}
	number, err := o.reserve(t, max(1, most))
	if err != nil {
		return 0, err
	}
	fresh, err := o.fresh(t, entries)
	if err == nil {
		fresh, err = follow(t, fresh)
	}
	if err != nil {
		return 0, err
	}
	jobs := make([]jobstore.Job, 0, most)
	for i := range fresh {
		for _, r := range fresh[i].Routes {
			jobs = append(jobs, jobstore.Job{
				Number: number, Route: r, Problem: fresh[i].Problem, Lane: fresh[i].Lane, Due: t.Now(), Accepted: t.Now(), Doc: fresh[i].Doc,
			})
			number++
		}
	}
	return len(fresh), t.Add(jobs)
}

// fresh returns the entries whose events are not remembered, and remembers them.
func (o *Outbox) fresh(t jobstore.Txn, entries []jobstore.Entry) ([]jobstore.Entry, error) {
	if o.opts.Window < 0 {
		return entries, nil
	}
	first, events := make(map[jobstore.Hash]int, len(entries)), make([]jobstore.Hash, 0, len(entries))
	for i := range entries {
		e := entries[i].Event
		if _, twice := first[e]; !twice {
			first[e], events = i, append(events, e)
		}
	}
	news, err := t.Remember(events, t.Now()+o.opts.Window.Milliseconds())
	if err != nil {
		return nil, err
	}
	fresh := make([]jobstore.Entry, 0, len(news))
	for i := range entries {
		if e := entries[i].Event; news[e] && first[e] == i {
			fresh = append(fresh, entries[i])
		}
	}
	return fresh, nil
}
