package snmptrap

import (
	"context"
	"sync"
	"time"
)

// burst is how many traps may go out at once after a pause. Receivers have room
// for few: the least buffer of Linux holds two or three.
const burst = 2

// A pacer spaces traps out: a receiver drops what its buffer has no room for,
// and nobody learns of it.
type pacer struct {
	interval time.Duration // 0 means no limit
	next     time.Time
}

// newPacer returns a pacer of so many traps a second.
func newPacer(rate int) pacer {
	if rate <= 0 {
		return pacer{}
	}
	return pacer{interval: time.Second / time.Duration(rate)}
}

// wait waits until the next trap may go out.
func (p *pacer) wait(ctx context.Context, done <-chan struct{}) error {
	if p.interval == 0 {
		return ctx.Err()
	}
	now := time.Now()
	if earliest := now.Add(-(burst - 1) * p.interval); p.next.Before(earliest) {
		p.next = earliest
	}
	wait := p.next.Sub(now)
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-done:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.next = p.next.Add(p.interval)
	return ctx.Err()
}

// maxWindow is how many informs may be in flight to one target.
const maxWindow = 32

// A window bounds the informs in flight to a target, of all Sends together. One
// is in flight until the receiver shows that it answers fast: many run a
// handler before they answer, one after the other, and an inform that waits
// behind thirty others times out, is sent again, and runs the handler twice.
type window struct {
	slots chan struct{} // one for each inform that may be sent now
	fast  time.Duration // an answer within this time makes room for another

	mu   sync.Mutex
	size int
	slow time.Duration // the longest round trip of late
}

// newWindow returns a window for informs that wait so long for an answer.
func newWindow(timeout time.Duration) *window {
	w := &window{slots: make(chan struct{}, maxWindow), fast: min(100*time.Millisecond, timeout/16), size: 1}
	w.slots <- struct{}{}
	return w
}

// release returns a slot. If no answer came, or a late one, there is one less
// of them, but never none.
func (w *window) release(answered bool, trip time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case (!answered || trip > 4*w.fast) && w.size > 1:
		w.size--
		return
	case answered && trip <= w.fast && w.size < maxWindow:
		w.size++
		w.slots <- struct{}{}
	}
	w.slots <- struct{}{}
}

// learn notes a round trip, also that of an answer which came too late.
func (w *window) learn(trip time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = max(trip, w.slow*7/8)
}

// patience returns how long to wait for an answer: the time that is set, or
// longer if the receiver was seen to need it.
func (w *window) patience(timeout time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(timeout, min(2*w.slow, 12*timeout))
}
