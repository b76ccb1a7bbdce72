package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

const (
	cleanEvery = time.Minute
	cleanSteps = 500 // rows in one transaction
)

// Run delivers what was accepted until ctx ends. It then lets the message under
// way on each route come to its end, for the grace at most, records its outcome,
// gives the leases back and returns nil; no goroutine outlives it. What
// was not sent stays in the store.
//
// Several processes may Run over one store: each route has one worker at a time,
// the others stand by. A store that fails is logged at Warn and asked again. It
// is an error if the Outbox is running already.
func (o *Outbox) Run(ctx context.Context) error {
	o.mu.Lock()
	running := o.running
	o.running = true
	o.mu.Unlock()
	if running {
		return &Error{Op: "run", Err: errors.New("the outbox is running already"), final: true}
	}
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.running = false
	}()
	routes := o.await(ctx)
	owner := newOwner()
	var workers sync.WaitGroup
	for _, r := range routes {
		w := &worker{o: o, r: r, owner: owner}
		workers.Go(func() { w.run(ctx) })
		if r.poll != nil {
			workers.Go(func() { o.pollRoute(ctx, r) })
		}
	}
	o.clean(ctx, routes)
	workers.Wait()
	return nil
}

// backoff returns the waits between attempts to reach the store.
func (o *Outbox) backoff() backoff { return backoff{o.opts.Poll, 10 * o.opts.Poll, o.below} }

// await returns the routes once the store knows them, or none if ctx ends before.
func (o *Outbox) await(ctx context.Context) []*route {
	retry := o.backoff()
	for n := 1; ctx.Err() == nil; n++ {
		routes, err := o.enrolled(ctx)
		if err == nil {
			return routes
		}
		if ctx.Err() != nil {
			break
		}
		o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "outbox not available, retrying", slog.Any("error", err))
		pause(ctx, retry.after(n))
	}
	return nil
}

// pollRoute calls the poll of a route's participant until ctx ends.
func (o *Outbox) pollRoute(ctx context.Context, r *route) {
	retry := o.backoff()
	for failures := 0; ctx.Err() == nil; {
		wait := o.opts.Poll
		more, err := r.poll(ctx)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			failures++
			wait = retry.after(failures)
			o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "outbox not available, retrying",
				slog.String("route", r.name), slog.Any("error", err), slog.Duration("in", wait))
		}
		if !more {
			pause(ctx, wait)
		}
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// clean forgets what is old, some in each transaction, until ctx ends.
func (o *Outbox) clean(ctx context.Context, routes []*route) {
	told := make(map[int64]bool)
	for ctx.Err() == nil {
		if err := errors.Join(o.warnOrphans(ctx, told), o.cleanAll(ctx, routes), o.tally(ctx, time.Time{})); err != nil && ctx.Err() == nil {
			o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning failed, retrying", slog.Any("error", err))
		}
		pause(ctx, cleanEvery)
	}
}

func (o *Outbox) cleanAll(ctx context.Context, routes []*route) error {
	for _, forget := range [...]func(jobstore.Txn, int) (int, error){jobstore.Txn.ForgetSeen, jobstore.Txn.ForgetIncidents} {
		if err := o.inSteps(ctx, func(t jobstore.Txn) (int, error) { return forget(t, cleanSteps) }); err != nil {
			return err
		}
	}
	if o.opts.KeepDead < 0 {
		return nil
	}
	for _, r := range routes {
		err := o.inSteps(ctx, func(t jobstore.Txn) (int, error) {
			return t.ForgetDead(r.number, t.Now()-o.opts.KeepDead.Milliseconds(), cleanSteps)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inSteps repeats a step until it finds no more than it can do at once.
func (o *Outbox) inSteps(ctx context.Context, step func(jobstore.Txn) (int, error)) error {
	for n := cleanSteps; n == cleanSteps; {
		err := o.store.Do(ctx, func(t jobstore.Txn) (err error) {
			n, err = step(t)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
