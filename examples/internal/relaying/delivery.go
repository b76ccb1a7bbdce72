package relaying

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

const (
	// defaultLease is half of what the outbox has by default: a crash may delay a
	// critical alert by so much.
	defaultLease = 30 * time.Second

	// trialWindow is how long stand-ins remember an event: who tries things out
	// posts the same file again.
	trialWindow = 2 * time.Minute

	// openTime is what the database gets at the start.
	openTime = 30 * time.Second
)

// judgeLease reads -lease, of which the outbox says what it must be, and how much may wait.
func (c *Config) judgeLease(f *form) (err error) {
	if c.bounds, err = f.bounds.Read(); err != nil {
		return err
	}
	c.lease = defaultLease
	if !f.lease.Given() {
		return nil
	}
	if c.lease, err = time.ParseDuration(f.lease.Text("")); err != nil || c.lease < time.Second {
		return f.lease.Refuse("not a time of at least a second, such as 30s")
	}
	return nil
}

// openBox opens the database and puts an outbox with a route for each leaf
// before it.
func (r *relay) openBox(ctx context.Context) error {
	store, err := r.openStore(ctx)
	if err != nil {
		return err
	}
	opts := r.config.bounds
	opts.Lease, opts.Logger = r.config.lease, slog.New(audible{r.log.Handler()})
	if r.standIn != nil {
		opts.Window = trialWindow
	}
	if r.box, err = outbox.Open(store, &opts); err != nil {
		return cli.UsageError{Err: err}
	}
	for _, l := range r.leaves {
		if err := r.box.Route(l.route, l.named(l.sender), &l.options); err != nil {
			return cli.UsageError{Err: err}
		}
	}
	if r.config.paused {
		return r.pauseAll(ctx)
	}
	return nil
}

// pauseAll pauses every destination, also those that are not configured: what a
// restored backup holds has been delivered before, most likely.
func (r *relay) pauseAll(ctx context.Context) error {
	counts, err := r.box.Counts(ctx)
	if err != nil {
		return fmt.Errorf("-paused: %w", err)
	}
	routes := make(map[string]bool)
	for _, c := range counts {
		routes[c.Route] = !strings.HasPrefix(c.Route, "#") // which nobody delivers
	}
	for _, l := range r.leaves {
		routes[l.route] = true
	}
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		if !routes[route] {
			continue
		}
		if err := r.box.Pause(ctx, route); err != nil {
			return fmt.Errorf("-paused: %w", err)
		}
	}
	return nil
}

// openStore opens what -db names.
func (r *relay) openStore(ctx context.Context) (*outbox.Store, error) {
	d := &r.config.db
	if d.Dialect == "" {
		r.intact = d.Watch(nil)
		return outbox.NewMemoryStore(), nil
	}
	db, err := d.Open()
	if err != nil {
		return nil, d.cannotOpen(err)
	}
	r.closers = append(r.closers, db)
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	store, err := outbox.NewSQLStore(ctx, db, d.Dialect)
	if err != nil {
		return nil, fmt.Errorf("-db: %w", d.Withheld(err))
	}
	r.intact = d.Watch(db)
	return store, nil
}

// named puts the name of the leaf before its errors, so that the log and the
// list of dead letters say which of several robots failed.
func (l leaf) named(next alert.Sender) alert.Sender {
	return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
		if err := next.Send(ctx, alerts...); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		return nil
	})
}

// deliver delivers until ctx ends or the function that it returns is called, which
// lets the messages under way come to their end.
func (r *relay) deliver(ctx context.Context) (stop func() error) {
	for _, l := range r.leaves {
		r.log.Info("destination", "name", l.name, "route", l.route)
	}
	r.sayWhoDelivers(ctx)
	running, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	var err error
	work.Go(func() { err = r.box.Run(running) })
	work.Go(func() { r.lookForOrphans(running) })
	work.Go(func() { r.watchFile(running) })
	return sync.OnceValue(func() error {
		cancel()
		work.Wait()
		return err
	})
}

// sayWhoDelivers says why nothing is delivered at first: a relay that was killed has
// the lease of a destination until it ends, and one that runs keeps it.
func (r *relay) sayWhoDelivers(ctx context.Context) {
	counts, err := r.box.Counts(ctx)
	if err != nil {
		return // which lookForOrphans says
	}
	ours := r.box.Stats().Routes
	for _, c := range counts {
		if _, known := ours[c.Route]; known && c.Leased {
			r.log.Info("another relay delivers to this destination, or did until it was killed: waiting until its lease ends",
				"route", c.Route, "alerts", c.Waiting, "at_most", r.config.lease)
		}
	}
}

// lookForOrphans says that alerts wait for a destination that nobody delivers
// to: one whose key was changed, or that was taken out of the settings.
func (r *relay) lookForOrphans(ctx context.Context) {
	counts, err := r.box.Counts(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Warn("what waits in the database was not counted", "error", err)
		}
		return
	}
	ours := r.box.Stats().Routes
	for _, c := range counts {
		if c.Paused {
			r.log.Warn("destination is paused: resume it by the admin API to deliver what waits", "route", c.Route, "alerts", c.Waiting)
		}
		if _, known := ours[c.Route]; !known && c.Waiting > 0 && !c.Leased {
			r.log.Warn("alerts wait for a destination that is not configured: set it again to deliver them, or move them by the admin API",
				"route", c.Route, "alerts", c.Waiting, "oldest", c.Oldest)
		}
	}
}

// audible raises the records of an outbox to Info, so that each message that was
// delivered has its line.
type audible struct{ slog.Handler }

// Enabled takes all.
func (audible) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes a record.
func (a audible) Handle(ctx context.Context, r slog.Record) error {
	r.Level = max(r.Level, slog.LevelInfo)
	return a.Handler.Handle(ctx, r)
}

// WithAttrs keeps what is inside audible.
func (a audible) WithAttrs(attrs []slog.Attr) slog.Handler {
	return audible{a.Handler.WithAttrs(attrs)}
}

// WithGroup does, too.
func (a audible) WithGroup(name string) slog.Handler { return audible{a.Handler.WithGroup(name)} }
