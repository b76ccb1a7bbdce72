package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// A routeNumber is a route as the store knows it.
type routeNumber struct {
	name   string
	number int64
}

// numbers returns the routes that the store knows, or did once.
func (o *Outbox) numbers() (all []routeNumber) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.routes {
		if r.number != 0 {
			all = append(all, routeNumber{r.name, r.number})
		}
	}
	return all
}

// reserve reserves n numbers if all routes are in the store.
func (o *Outbox) reserve(t jobstore.Txn, n int) (first int64, err error) {
	var routes []int64
	for _, r := range o.numbers() {
		routes = append(routes, r.number)
	}
	return t.Reserve(n, routes...)
}

// restore enrols routes again whose rows somebody has removed, or that a database
// from a backup does not have. They get their old numbers, and so their alerts.
// For one lease nobody claims any: a worker may be sending some, and comes back to
// settle them.
func (o *Outbox) restore(ctx context.Context) error {
	routes := o.numbers()
	var gone []string
	err := o.store.Locked(ctx, func(t jobstore.Txn) error {
		gone = nil
		if _, err := t.Reserve(1); err != nil {
			return err
		}
		for _, r := range routes {
			was, err := t.Restore(r.number, r.name, t.Now()+o.opts.Lease.Milliseconds())
			if err != nil {
				return err
			}
			if was {
				gone = append(gone, r.name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "route had vanished from the store, enrolled again", slog.String("route", name))
	}
	return nil
}

// readopt gives a route that was restored while its worker was sending back to the
// worker. If its lease is over another one may have been sending too, to which the
// route is left: then late is set, and the outcome is recorded all the same, since
// nobody has claimed anything since and what rang must not ring again.
func (w *worker) readopt(r *jobstore.RouteRecord, batch []jobstore.Job) (late bool) {
	switch {
	case r.Owner != jobstore.Vanished:
		return false
	case !time.Now().Before(w.until):
		return true
	}
	r.Owner, w.epoch = w.owner, r.Epoch
	for i := range batch {
		r.Claimed = append(r.Claimed, batch[i].Number)
	}
	return false
}

// warnOrphans tells of alerts whose route is not in the store: its row was removed,
// and no process has the route any more.
func (o *Outbox) warnOrphans(ctx context.Context, told map[int64]bool) error {
	var orphans []int64
	err := o.store.Do(ctx, func(t jobstore.Txn) (err error) {
		orphans, err = t.Orphans()
		return err
	})
	for _, number := range orphans {
		if !told[number] {
			told[number] = true
			o.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "alerts wait on a route that has vanished from the store", slog.String("route", orphanName(number)))
		}
	}
	return err
}
