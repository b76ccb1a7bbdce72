package ocp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// RepeatOptions configures a [Repeater]. Nil and zero values mean the defaults.
type RepeatOptions struct {
	// Interval is the time from one push of an alarm to the next, well below the
	// elimination period of its rule. Default: 1 minute.
	Interval time.Duration

	// MaxActive bounds the alerts that are kept alive, of 1 KB and more each.
	// Default: 10000.
	MaxActive int

	// OnPushed is told of each repetition that OCP accepted, by Run, which waits
	// for it. Default: nobody.
	OnPushed func(a alert.Alert)
}

// A Repeater keeps alarms alive: OCP ends an alarm that is not pushed again,
// so a Repeater pushes what is firing until it is resolved. A test, and an alert
// without a Key, is pushed once, since nothing could ever end its repetition.
//
// What it repeats lives in the process: have the source report anew after a start.
// It is safe for concurrent use, and starts no goroutine.
type Repeater struct {
	sender   *Sender
	interval time.Duration
	most     int
	onError  func(a alert.Alert, err error)
	onPushed func(a alert.Alert)
	running  sync.Mutex

	mu     sync.Mutex
	active map[problem]*noted
}

type problem struct{ source, key string }

// A noted is an alert that is kept alive.
type noted struct {
	alert alert.Alert
	tried time.Time // when it was last pushed, whether OCP took it or not
	told  time.Time // when onError last heard that it was not tried
}

var _ alert.Sender = (*Repeater)(nil)

// NewRepeater returns a Repeater that pushes through a Sender. Call Run, or
// nothing is repeated.
//
// onError is required. Run tells it, and waits for it, of each repetition that
// failed, and of each that came so late that OCP may have ended the alarm before,
// with an [*Error].
func NewRepeater(s *Sender, onError func(a alert.Alert, err error), opts *RepeatOptions) (*Repeater, error) {
	o := *cmp.Or(opts, &RepeatOptions{})
	if s == nil || onError == nil {
		return nil, errors.New("ocp: new repeater: there is no sender, or no function to tell of failures")
	}
	r := &Repeater{
		sender: s, interval: cmp.Or(o.Interval, time.Minute), most: cmp.Or(o.MaxActive, 10000),
		onError: onError, onPushed: o.OnPushed, active: map[problem]*noted{},
	}
	if r.interval < time.Second || r.most < 0 {
		return nil, fmt.Errorf("ocp: new repeater: want an interval of at least 1s, and room for at least one alert, not %v and %d", r.interval, r.most)
	}
	return r, nil
}

// errFull is of an alert that was pushed, but that cannot be kept alive. Sending it
// again helps as soon as another one is resolved.
var errFull = errors.New("pushed once, but too many alerts are kept alive already: OCP will end it though the problem lasts")

// Send pushes alerts as [Sender.Send] does, and from then on keeps alive those
// that OCP accepted. What failed is not repeated: the error says so.
func (r *Repeater) Send(ctx context.Context, alerts ...alert.Alert) error {
	err := r.sender.Send(ctx, alerts...)
	errs := make([]error, len(alerts))
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range alerts { // in the order given: a problem may end and begin again
		a := &alerts[i]
		errs[i] = alert.ErrorAt(err, i, len(alerts))
		switch {
		case errs[i] != nil || a.Test || a.Status == alert.News: // there is nothing to keep alive or to end
		case a.Status == alert.Resolved:
			delete(r.active, problem{a.Source, a.Key})
		case a.Key != "":
			errs[i] = r.note(a)
		}
	}
	return alert.Partial(errs)
}

// note keeps an alert alive from now on. The caller holds the lock.
func (r *Repeater) note(a *alert.Alert) error {
	id := problem{a.Source, a.Key}
	n := r.active[id]
	if n == nil && len(r.active) >= r.most {
		return &Error{Op: opPush, Err: errFull}
	}
	if n == nil {
		n = &noted{}
		r.active[id] = n
	}
	n.alert, n.tried = a.Clone(), time.Now()
	return nil
}

// Active returns how many alerts are kept alive.
func (r *Repeater) Active() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.active)
}

// Run pushes every alert that is kept alive once an interval, one after the other,
// until ctx ends, whose error it returns. A second Run beside it returns an error at
// once. If OCP refuses the login or asks for a pause, or if three repetitions in a
// row fail for whatever reason, the others are not tried, and are the first in the
// next round, a quarter of an interval later.
func (r *Repeater) Run(ctx context.Context) error {
	if !r.running.TryLock() {
		return errors.New("ocp: repeater: runs already")
	}
	defer r.running.Unlock()
	ticker := time.NewTicker(min(r.interval, max(r.interval/4, time.Second)))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			r.round(ctx)
		}
	}
}

// round pushes what is due.
func (r *Repeater) round(ctx context.Context) {
	const inARow = 3 // failures that may be those of one alarm each
	failed := 0
	var rest *Error
	for _, id := range r.due() {
		a, gap, ok := r.take(id, rest != nil)
		if !ok {
			continue // resolved meanwhile, or told already
		}
		var err error = rest
		if rest == nil {
			err = r.sender.push(ctx, &a)
			shared := forTheRest(err)
			if shared == nil {
				failed = 0 // an answer to one alarm, even a bad one, says nothing about the others
			} else if failed++; failed >= inARow || shared.asksToStop() {
				rest = shared
			}
		}
		if ctx.Err() != nil {
			return
		}
		switch {
		case err != nil:
			r.onError(a, err)
		case gap > 2*r.interval:
			r.onError(a, &Error{Op: opPush, Err: fmt.Errorf("pushed again only after %v, and OCP may have ended the alarm meanwhile: "+
				"too many alerts are kept alive, or OCP is slow", gap.Round(time.Second))})
		}
		if err == nil && r.onPushed != nil {
			r.onPushed(a)
		}
	}
}

// due returns the problems to push now, first those that were not tried for the
// longest time.
func (r *Repeater) due() []problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []problem
	for id, n := range r.active {
		if time.Since(n.tried) >= r.interval {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b problem) int {
		return cmp.Or(r.active[a].tried.Compare(r.active[b].tried), cmp.Compare(a.key, b.key))
	})
	return list
}

// take returns the alert to push for a problem, unless that is over, and for how
// long it was not pushed. It counts as tried unless it is skipped; ok is false for
// one that is skipped too soon to be told again.
func (r *Repeater) take(id problem, skipped bool) (a alert.Alert, gap time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.active[id]
	switch {
	case n == nil || skipped && time.Since(n.told) < r.interval:
		return alert.Alert{}, 0, false
	case skipped:
		n.told = time.Now()
		return n.alert.Clone(), 0, true
	}
	gap, n.tried = time.Since(n.tried), time.Now()
	return n.alert.Clone(), gap, true
}
