package voice

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A guard keeps a storm from ringing more than once in a window. It starts no
// goroutine: one of the Sends that wait places the call for all of them.
type guard struct {
	window time.Duration
	turn   chan struct{} // who holds its only place may call

	mu      sync.Mutex
	opens   time.Time // no call before this
	waiting []*held
}

// held is a Send whose alerts have not been told yet.
type held struct {
	alerts []alert.Alert
	done   chan error // gets the outcome from whoever places the call
}

// A caller places one call and reports whether a phone may have rung.
type caller func(ctx context.Context, alerts []alert.Alert) (rang bool, err error)

func newGuard(window time.Duration) *guard {
	return &guard{window: window, turn: make(chan struct{}, 1)}
}

// send tells the alerts with the next call, by itself or through another Send.
func (g *guard) send(ctx context.Context, alerts []alert.Alert, call caller) error {
	if alert.IsOnce(ctx) {
		return g.sendOnce(ctx, alerts, call)
	}
	if rest := g.rest(); tooLate(ctx, rest) {
		return holdBack(rest, nil)
	}
	h := &held{alerts: alerts, done: make(chan error, 1)}
	g.join(h)
	select {
	case err := <-h.done:
		return err
	case <-ctx.Done():
		return g.leave(ctx, h)
	case g.turn <- struct{}{}:
	}
	defer func() { <-g.turn }()
	select {
	case err := <-h.done: // whoever had the turn before took these along
		return err
	default:
	}
	if rest := g.rest(); tooLate(ctx, rest) || !wait(ctx, rest) {
		return g.leave(ctx, h)
	}
	return g.place(ctx, h, call)
}

// sendOnce tells the alerts now or not at all.
func (g *guard) sendOnce(ctx context.Context, alerts []alert.Alert, call caller) error {
	select {
	case g.turn <- struct{}{}:
	default: // a call is being placed, or somebody waits to place one
		return holdBack(max(g.rest(), time.Second), nil)
	}
	defer func() { <-g.turn }()
	if rest := g.rest(); rest > 0 {
		return holdBack(rest, nil)
	}
	h := &held{alerts: alerts, done: make(chan error, 1)}
	g.join(h)
	return g.place(ctx, h, call)
}

// place tells the alerts of all who wait, own ones included, in one call.
func (g *guard) place(ctx context.Context, own *held, call caller) error {
	batch, alerts := g.take(own)
	var err error = &Error{Op: opSend, Err: panicError{"in the sender"}, fate: fateUnsure}
	rang := true
	defer func() { // also if call panics
		g.settle(rang)
		for _, h := range batch {
			h.done <- err
		}
	}()
	rang, err = call(ctx, alerts)
	return err
}

// take returns all who wait and their alerts. Those of others are cloned: an
// owner whose ctx ends gets them back while they are still being told.
func (g *guard) take(own *held) (batch []*held, alerts []alert.Alert) {
	g.mu.Lock()
	defer g.mu.Unlock()
	batch, g.waiting = g.waiting, nil
	if len(batch) == 1 {
		return batch, own.alerts
	}
	for _, h := range batch {
		for i := range h.alerts {
			alerts = append(alerts, h.alerts[i].Clone())
		}
	}
	return batch, alerts
}

// settle begins the window after a call that may have rung.
func (g *guard) settle(rang bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if rang {
		g.opens = time.Now().Add(g.window)
	}
}

// rest returns how much of the window is left.
func (g *guard) rest() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, time.Until(g.opens))
}

// join lets h wait.
func (g *guard) join(h *held) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, h)
}

// leave takes back the alerts of a Send that waits no longer. If they are being
// told at this moment, nobody knows yet what becomes of them.
func (g *guard) leave(ctx context.Context, h *held) error {
	g.mu.Lock()
	i := slices.Index(g.waiting, h)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i >= 0 {
		return holdBack(g.rest(), ctx.Err())
	}
	select {
	case err := <-h.done:
		return err
	default:
		return &Error{Op: opSend, Err: fmt.Errorf("another Send is placing the call: %w", ctx.Err()), fate: fateUnsure}
	}
}

// holdBack returns the error of alerts that were not told.
func holdBack(rest time.Duration, end error) error {
	e := &Error{Op: opSend, Err: ErrHeld, fate: fateAgain, after: rest}
	if end != nil {
		e.Err = fmt.Errorf("%w: %w", ErrHeld, end)
	}
	return e
}

// tooLate reports whether ctx ends before so much time has passed.
func tooLate(ctx context.Context, rest time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && rest > 0 && time.Until(deadline) <= rest
}

// wait waits and reports false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
