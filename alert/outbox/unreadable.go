package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// lock locks the record of the route for a claim. One that cannot be read begins
// anew, with an epoch that nobody has had. What was being sent is not known any more
// then, which on a route with NeverTwice is no ground to go on.
func (c *claim) lock() (err error) {
	c.record, err = c.txn.Lock(c.r.number)
	if errors.Is(err, jobstore.ErrUnreadable) && !c.r.opts.NeverTwice {
		c.renewed, err = true, nil
		c.record = &jobstore.RouteRecord{Name: c.r.name, Epoch: c.txn.Now()}
	}
	return err
}

// lock locks the record of the route for settling a batch. If it cannot be read it
// is as it was when the batch was claimed, as long as the lease lasts.
func (w *worker) lock(ctx context.Context, t jobstore.Txn, batch []jobstore.Job) (*jobstore.RouteRecord, error) {
	r, err := t.Lock(w.r.number)
	if !errors.Is(err, jobstore.ErrUnreadable) {
		return r, err
	}
	if time.Now().After(w.until) {
		return nil, errFenced
	}
	r = &jobstore.RouteRecord{Name: w.r.name, Owner: w.owner, Epoch: w.epoch, Lease: w.o.opts.Lease.Milliseconds()}
	for i := range batch {
		r.Claimed = append(r.Claimed, batch[i].Number)
	}
	w.reportRenewed(ctx)
	return r, nil
}

func (w *worker) reportRenewed(ctx context.Context) {
	w.log(ctx, slog.LevelError, "the record of the route could not be read, begun anew")
}
