package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
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
	}
	if len(routes) > 0 {
		for _, e := range o.escalated() {
			workers.Go(func() { e.run(ctx) })
		}
	}
	o.clean(ctx, routes)
	workers.Wait()
	return nil
}

// await returns the routes once the store knows them, or none if ctx ends before.
func (o *Outbox) await(ctx context.Context) []*route {
	retry := backoff{first: o.opts.Poll, longest: 10 * o.opts.Poll}
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
	for ctx.Err() == nil {
		if err := o.cleanAll(ctx, routes); err != nil && ctx.Err() == nil {
			o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "cleaning failed, retrying", slog.Any("error", err))
		}
		pause(ctx, cleanEvery)
	}
}

func (o *Outbox) cleanAll(ctx context.Context, routes []*route) error {
	for _, forget := range [...]func(txn, int) (int, error){txn.forgetSeen, txn.forgetIncidents} {
		if err := o.inSteps(ctx, func(t txn) (int, error) { return forget(t, cleanSteps) }); err != nil {
			return err
		}
	}
	if o.opts.KeepDead < 0 {
		return nil
	}
	for _, r := range routes {
		err := o.inSteps(ctx, func(t txn) (int, error) {
			return t.forgetDead(r.number, t.now()-o.opts.KeepDead.Milliseconds(), cleanSteps)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inSteps repeats a step until it finds no more than it can do at once.
func (o *Outbox) inSteps(ctx context.Context, step func(txn) (int, error)) error {
	for n := cleanSteps; n == cleanSteps; {
		err := o.store.do(ctx, func(t txn) (err error) {
			n, err = step(t)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
