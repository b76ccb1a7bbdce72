package autocall

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	sweepEvery = 5 * time.Second // what no poll brings about
	purgeEvery = time.Hour
)

// Run does what no request brings about, until ctx ends: it ends calls that are
// too old and hand-outs of phones that fell silent, finds out about such
// phones, calls OnAnswered, OnExhausted and OnPhoneSilent, and forgets calls
// that ended Keep ago. A queue that nobody runs rings all the same, and tells
// nobody.
//
// It returns nil when ctx has ended and the callback under way has returned;
// no goroutine outlives it. A store that fails is logged at Warn and asked
// again. Several servers over one database may each Run; each notice is given
// to one of them.
func (d *Dispatcher) Run(ctx context.Context) error {
	var notices sync.WaitGroup
	notices.Go(func() { // apart, since a callback may take long
		d.every(ctx, d.wake, func() error { return d.deliverAll(ctx) })
	})
	var purged time.Time
	fresh := true // nobody may have looked at the clock meanwhile
	d.every(ctx, nil, func() error {
		if err := d.mend(ctx, fresh); err != nil {
			return err
		}
		fresh = false
		if err := d.sweepAll(ctx); err != nil {
			return err
		}
		if err := d.watch(ctx); err != nil || time.Since(purged) < purgeEvery {
			return err
		}
		purged = time.Now()
		return d.purge(ctx)
	})
	notices.Wait()
	return nil
}

// every calls f at once, every few seconds and when woken, until ctx ends.
func (d *Dispatcher) every(ctx context.Context, wake <-chan struct{}, f func() error) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := f(); err != nil && ctx.Err() == nil {
			d.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "queue not available, retrying", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-ticker.C:
		}
	}
}

// sweepAll settles all that time has brought about, some in each transaction.
func (d *Dispatcher) sweepAll(ctx context.Context) error {
	for more := true; more; {
		err := d.do(ctx, "sweep", func(u *unit) (err error) {
			more, err = u.sweep()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// watch makes a notice of each phone that has fallen silent. One that should
// poll and never did counts from now on.
func (d *Dispatcher) watch(ctx context.Context) error {
	return d.do(ctx, "watch", func(u *unit) error {
		records, err := u.phones()
		if err != nil {
			return err
		}
		for _, name := range d.opts.Phones {
			known := func(r phoneRecord) bool { return r.Name == name }
			if !slices.ContainsFunc(records, known) {
				if _, err := u.see(name, ""); err != nil {
					return err
				}
				if err := u.putPhone(phoneRecord{Name: name, Seen: u.now(), Expected: true}); err != nil {
					return err
				}
			}
		}
		for _, r := range records {
			expected := len(d.opts.Phones) == 0 || slices.Contains(d.opts.Phones, r.Name)
			if !expected || r.Told || !d.silent(u.now(), r) {
				continue
			}
			r.Told = true
			if err := u.putPhone(r); err != nil {
				return err
			}
			if err := u.tell(notice{Kind: noticeSilent, Subject: r.Name}); err != nil {
				return err
			}
			u.noticed = true
		}
		return nil
	})
}

// purge forgets what ended long ago, some in each transaction.
func (d *Dispatcher) purge(ctx context.Context) error {
	for n := 1; n > 0; {
		err := d.do(ctx, "purge", func(u *unit) (err error) {
			n, err = u.purge(u.now() - d.opts.Keep.Milliseconds())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
