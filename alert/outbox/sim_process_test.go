package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A process is a program with an Outbox. When it has died it stands still wherever it
// is, until the world is over: none of its calls returns.
type process struct {
	w     *world
	name  string
	place int
	box   *outbox.Outbox
	duty  *escalate.Escalation
	end   context.CancelFunc
	done  chan error
	dead  chan struct{}
	once  sync.Once
}

var errDead = errors.New("this process is dead")

// begin starts a process in a place.
func (w *world) begin(place int) {
	w.mu.Lock()
	w.born++
	name := fmt.Sprintf("p%d", w.born)
	w.mu.Unlock()
	ctx, end := context.WithCancel(w.Context())
	p := &process{w: w, name: name, place: place, end: end, done: make(chan error, 1), dead: make(chan struct{})}
	box, err := outbox.Open(outbox.StoreOf(&processStore{simStore: w.store, p: p}), &outbox.Options{
		Lease: w.lease, Poll: w.poll, Logger: slog.New(&diary{p: p}),
	})
	require.NoError(w, err)
	box.SetRandom(func(d time.Duration) time.Duration {
		return time.Duration(w.lots("wait", name, d.String()).Int64N(int64(d)))
	})
	p.box = box
	if w.duty != nil {
		w.duty.join(p)
	}
	for _, d := range w.plan.routes {
		if w.duty != nil {
			break // they are its steps
		}
		opts := d.opts
		require.NoError(w, box.Route(d.name, &farEnd{p: p, d: d}, &opts))
	}
	w.mu.Lock()
	w.slots[place] = p
	w.mu.Unlock()
	w.note("%s begins", name)
	go func() { p.done <- box.Run(ctx) }()
}

// kill kills the process. Another one takes its place some time later.
func (p *process) kill(why string) {
	p.once.Do(func() {
		w := p.w
		w.note("%s dies, %s", p.name, why)
		w.mu.Lock()
		if w.slots[p.place] == p {
			w.slots[p.place] = nil
		}
		w.mu.Unlock()
		close(p.dead)
		pause := time.Duration(w.lots("rebirth", p.name).Int64N(int64(rebirth)))
		w.judge.died(pause, !strings.Contains(why, "poison"))
		w.callers.Go(func() {
			select {
			case <-time.After(pause):
				w.begin(p.place)
			case <-w.over:
			}
		})
		go func() {
			<-w.over
			p.end()
			<-p.done
		}()
	})
}

// gone waits for the end of the world, for a process that has died.
func (p *process) gone() error {
	<-p.w.over
	return errDead
}

// isDead reports whether it has died.
func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// stop ends the process as it should. Run has a bounded time for it.
func (p *process) stop() {
	asked := p.w.now()
	p.w.note("%s is told to end", p.name)
	p.end()
	select {
	case err := <-p.done:
		require.NoError(p.w, err)
		if took, most := p.w.now()-asked, p.w.judge.ending(asked); took > most {
			p.w.fail("%s took %v to end, want at most %v", p.name, took, most)
		}
	case <-p.dead:
	}
}

// sleep sleeps, unless the process dies or ctx ends.
func (p *process) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.dead:
	}
	if p.isDead() {
		return p.gone()
	}
	return nil
}

// any returns a process that lives, if there is one.
func (w *world) any(rng *rand.Rand) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	var live []*process
	for _, p := range w.slots {
		if p != nil {
			live = append(live, p)
		}
	}
	if len(live) == 0 {
		return nil
	}
	return live[rng.IntN(len(live))]
}

// crash kills some process at its next step.
func (w *world) crash(rng *rand.Rand) {
	if p := w.any(rng); p != nil {
		p.kill("at a random moment")
	}
}

// restart ends some process in an orderly way and begins another one.
func (w *world) restart(rng *rand.Rand) {
	p := w.any(rng)
	if p == nil {
		return
	}
	w.mu.Lock()
	w.slots[p.place] = nil
	w.mu.Unlock()
	p.stop()
	pause := time.Duration(rng.Int64N(int64(10 * time.Second)))
	w.judge.disturb("", pause)
	if p.isDead() { // it has an heir
		return
	}
	<-time.After(pause)
	w.begin(p.place)
}

// join begins a process more, and leave ends one for good. The first place is always
// taken: somebody must deliver.
func (w *world) join(*rand.Rand) {
	w.mu.Lock()
	place := len(w.slots)
	w.slots = append(w.slots, nil)
	w.mu.Unlock()
	w.begin(place)
}

func (w *world) leave(rng *rand.Rand) {
	w.mu.Lock()
	place := rng.IntN(len(w.slots))
	p := w.slots[place]
	if place > 0 {
		w.slots[place] = nil
	}
	w.mu.Unlock()
	if place > 0 && p != nil {
		p.stop()
		w.judge.disturb("", 0)
	}
}

// jump sets the clock of the store.
func (w *world) jump(rng *rand.Rand) {
	by := time.Duration(rng.Int64N(int64(4*time.Hour))) + time.Second
	if rng.IntN(2) == 0 {
		by = -2 * by
	}
	w.note("the clock jumps by %v", by)
	w.mu.Lock()
	w.offset += by
	if by > 0 {
		w.forward = time.Now()
	}
	w.mu.Unlock()
	w.judge.jumped(by)
}

// send hands alerts to the Outbox of the process. The outcome is unknown if it dies.
func (p *process) send(ctx context.Context, alerts ...alert.Alert) error {
	return p.await(func() error { return p.box.Send(ctx, alerts...) })
}

// await runs f in the process.
func (p *process) await(f func() error) error {
	outcome := make(chan error, 1)
	go func() { outcome <- f() }()
	select {
	case err := <-outcome:
		return err
	case <-p.dead:
		return errDead
	case <-p.w.failed:
		return errDead
	}
}

// A diary is a log handler that writes into the history.
type diary struct {
	p     *process
	attrs []slog.Attr
}

func (d *diary) Enabled(_ context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && !d.p.isDead()
}

func (d *diary) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	for _, a := range d.attrs {
		text += " " + a.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	d.p.w.note("%s logs %s", d.p.name, text)
	d.p.w.judge.logged(d.p, r)
	return nil
}

func (d *diary) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &diary{d.p, append(d.attrs, attrs...)}
}
func (d *diary) WithGroup(string) slog.Handler { return d }
