package outbox

import (
	"cmp"
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// An Outbox is an [alert.Sender] that keeps alerts in a store, from which Run
// delivers them on every route. Its methods are safe for concurrent use.
type Outbox struct {
	store boundedStore
	opts  Options
	group groupCommit

	handover func() *handover // a closure, where no printer finds alerts
	stats    counters
	gauge    gauge
	below    func(time.Duration) time.Duration // see backoff

	opened time.Time

	mu      sync.Mutex
	routes  []*route
	running bool
}

// A route is one destination.
type route struct {
	name   string
	sender alert.Sender
	opts   RouteOptions
	number int64         // in the store; 0 until enrolled
	wake   chan struct{} // of capacity 1: something was accepted
	stats  routeCounters

	participant jobstore.Participant // the sender, if it is one
	poll        func(context.Context) (more bool, err error)
}

var _ alert.Sender = (*Outbox)(nil)

// Open returns an Outbox over a store. It touches nothing.
func Open(store *Store, opts *Options) (*Outbox, error) {
	if store == nil || store.store == nil {
		return nil, &Error{Op: "open", Err: errors.New("no store"), final: true}
	}
	o := &Outbox{
		store: boundedStore{store.store, storeTime}, group: newGroupCommit(), opened: time.Now(), below: rand.N[time.Duration],
	}
	accepted := new(handover)
	o.handover = func() *handover { return accepted }
	if opts != nil {
		o.opts = *opts
	}
	p := &o.opts
	p.Window = cmp.Or(p.Window, defaultWindow)
	p.KeepDead = cmp.Or(p.KeepDead, defaultKeepDead)
	p.Lease = cmp.Or(p.Lease, defaultLease)
	p.Poll = cmp.Or(p.Poll, min(defaultPoll, p.Lease/4))
	p.Grace = cmp.Or(p.Grace, min(defaultGrace, p.Lease/2))
	p.Logger = cmp.Or(p.Logger, slog.New(slog.DiscardHandler))
	var err error
	switch {
	case p.Lease < time.Second:
		err = fmt.Errorf("lease of %v, want at least 1s", p.Lease)
	case p.Poll < time.Millisecond || p.Poll > p.Lease/4:
		err = fmt.Errorf("poll of %v, want 1ms to a quarter of the lease of %v", p.Poll, p.Lease)
	case p.MaxWaiting < 0 || p.MaxBytes < 0:
		err = fmt.Errorf("at most %d alerts and %d bytes", p.MaxWaiting, p.MaxBytes)
	case p.Grace < 0 || p.Grace > p.Lease/2:
		err = fmt.Errorf("grace of %v, want at most half of the lease of %v", p.Grace, p.Lease)
	}
	if err != nil {
		return nil, &Error{Op: "open", Err: err, final: true}
	}
	return o, nil
}

// Route adds a route: alerts accepted from now on are delivered to the Sender.
// Its name, at most 100 bytes, is what the store knows it by: a program that
// comes back with the name goes on with what is left, and one that changes it leaves
// that behind. Routes are added before Run. The Sender must do its duties under
// [alert.Once], as alerttest.TestSender checks them.
func (o *Outbox) Route(name string, sender alert.Sender, opts *RouteOptions) error {
	r := &route{name: name, sender: sender, wake: make(chan struct{}, 1)}
	if opts != nil {
		r.opts = *opts
	}
	if err := o.addRoute(r); err != nil {
		return &Error{Op: "route", Err: err, final: true}
	}
	if p, ok := sender.(jobstore.Participant); ok {
		r.participant, r.poll = p, p.Attach(o.host(r))
	}
	return nil
}

func (o *Outbox) addRoute(r *route) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running {
		return errors.New("the outbox is running")
	}
	if slices.ContainsFunc(o.routes, func(other *route) bool { return other.name == r.name }) {
		return fmt.Errorf("a second route named %q", r.name)
	}
	if err := r.complete(o.opts.Lease); err != nil {
		return err
	}
	o.routes = append(slices.Clip(o.routes), r)
	return nil
}

// host returns a route as its participant sees it.
func (o *Outbox) host(r *route) jobstore.Host {
	return jobstore.Host{
		Store: o.store, Logger: o.opts.Logger, Notify: r.notify,
		Enroll: func(ctx context.Context) error {
			_, err := o.enrolled(ctx)
			return err
		},
		Number: func() int64 { return r.number },
		Remove: func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.routes = slices.DeleteFunc(slices.Clone(o.routes), func(other *route) bool { return other == r })
		},
	}
}

// complete fills in the defaults and says what is wrong.
func (r *route) complete(lease time.Duration) error {
	p := &r.opts
	p.Batch = cmp.Or(p.Batch, defaultBatch)
	p.Backoff = cmp.Or(p.Backoff, defaultBackoff)
	p.MaxBackoff = cmp.Or(p.MaxBackoff, max(p.Backoff, defaultMaxBackoff))
	p.MaxAge = cmp.Or(p.MaxAge, defaultMaxAge)
	p.Timeout = cmp.Or(p.Timeout, min(defaultTimeout, lease/2))
	switch {
	case r.name == "" || len(r.name) > maxName:
		return fmt.Errorf("a name of %d bytes, want 1 to %d", len(r.name), maxName)
	case r.sender == nil:
		return fmt.Errorf("%q: no sender", r.name)
	case p.Batch < 1 || p.Batch > maxBatch:
		return fmt.Errorf("%q: batch of %d, want 1 to %d", r.name, p.Batch, maxBatch)
	case p.Backoff < 0 || p.MaxBackoff < p.Backoff:
		return fmt.Errorf("%q: backoff of %v to %v", r.name, p.Backoff, p.MaxBackoff)
	case p.Budget.Messages < 0 || p.Budget.Messages > 0 && p.Budget.Per <= 0:
		return fmt.Errorf("%q: budget of %d messages in %v", r.name, p.Budget.Messages, p.Budget.Per)
	case p.Timeout < 0 || p.Timeout > lease*3/4:
		return fmt.Errorf("%q: timeout of %v, want at most three quarters of the lease of %v", r.name, p.Timeout, lease)
	case p.NeverTwice && p.Resend:
		return fmt.Errorf("%q: NeverTwice and Resend exclude each other", r.name)
	}
	return nil
}

// enrolled returns the routes, all of which the store knows.
func (o *Outbox) enrolled(ctx context.Context) ([]*route, error) {
	o.mu.Lock()
	routes := o.routes
	var names []string
	for _, r := range routes {
		if r.number == 0 {
			names = append(names, r.name)
		}
	}
	o.mu.Unlock()
	if len(names) == 0 {
		return routes, nil
	}
	numbers := make(map[string]int64)
	err := o.store.Locked(ctx, func(t jobstore.Txn) error {
		if _, err := t.Reserve(1); err != nil {
			return err
		}
		for _, name := range names {
			n, err := t.Enroll(name)
			if err != nil {
				return err
			}
			numbers[name] = n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range routes {
		if r.number == 0 { // else others may be reading it
			r.number = numbers[r.name]
		}
	}
	return routes, nil
}

// newOwner returns a name that no other worker has.
func newOwner() string { return cryptorand.Text() }
