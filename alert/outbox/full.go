package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const measureEvery = time.Second // what arrives meanwhile is accepted

// ErrFull says that so much waits in the store that nothing more is accepted, see
// Options.MaxBytes and Options.MaxWaiting. Repeating the Send later can help.
var ErrFull = errors.New("the outbox is full")

// A gauge knows how full the store was when somebody last looked.
type gauge struct {
	mu     sync.Mutex // held by who looks
	looked time.Time

	verdict atomic.Pointer[error] // nil: there is room
	refused atomic.Int64          // alerts
}

// full returns the last verdict.
func (g *gauge) full() error {
	if err := g.verdict.Load(); err != nil {
		return *err
	}
	return nil
}

// room returns an error that matches ErrFull if nothing more is to be accepted. One
// caller a second asks the store, and the others do not wait for it. If the store does
// not answer the verdict stays as it was.
func (o *Outbox) room(ctx context.Context) error {
	g := &o.gauge
	if o.opts.MaxBytes == 0 && o.opts.MaxWaiting == 0 {
		return nil
	}
	if !g.mu.TryLock() {
		return g.full()
	}
	defer g.mu.Unlock()
	if !g.looked.IsZero() && time.Since(g.looked) < measureEvery {
		return g.full()
	}
	verdict, err := o.measure(ctx)
	if g.looked = time.Now(); err != nil {
		return g.full()
	}
	before := g.full()
	g.verdict.Store(nil)
	if verdict != nil {
		g.verdict.Store(&verdict)
	}
	switch {
	case verdict != nil && before == nil:
		o.opts.Logger.LogAttrs(ctx, slog.LevelError, "accepting stopped: deliver or drop what waits, or raise the limit", slog.String("error", verdict.Error()))
	case verdict == nil && before != nil:
		o.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "accepting again", slog.Int64("refused", g.refused.Load()))
	}
	return verdict
}

// measure compares what is in the store with the limits. The bytes count only while
// something waits: engines keep what was freed for what comes next.
func (o *Outbox) measure(ctx context.Context) (verdict, err error) {
	counts, _, err := o.counts(ctx)
	if err != nil {
		return nil, err
	}
	waiting := 0
	for i := range counts {
		waiting += counts[i].Waiting
	}
	if most := o.opts.MaxWaiting; most > 0 && waiting >= most {
		return fmt.Errorf("%w: %d alerts wait, the limit is %d", ErrFull, waiting, most), nil
	}
	if o.opts.MaxBytes == 0 || waiting == 0 {
		return nil, nil //nolint:nilnil // there is room
	}
	size, err := o.size(ctx)
	if err == nil && size >= o.opts.MaxBytes {
		verdict = fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrFull, size, o.opts.MaxBytes)
	}
	return verdict, err
}
