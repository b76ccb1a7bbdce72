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

// Defaults and limits of Options and RouteOptions.
const (
	defaultWindow     = 24 * time.Hour
	defaultKeepDead   = 30 * 24 * time.Hour
	defaultLease      = time.Minute
	defaultPoll       = time.Second
	defaultGrace      = 5 * time.Second
	defaultBatch      = 100
	maxBatch          = 1000
	defaultBackoff    = 2 * time.Second
	defaultMaxBackoff = 5 * time.Minute
	defaultMaxAge     = 24 * time.Hour
	defaultTimeout    = 20 * time.Second
	maxName           = 100 // bytes
)

// Options change what an Outbox does. Nil and the zero value mean the defaults.
type Options struct {
	// Window is how long an event is remembered: an alert with the Source and ID
	// of one that was accepted within it counts as accepted and is not kept
	// again. Default 24 h; -1 disables it.
	Window time.Duration

	// KeepDead is how long dead letters are kept. Default 30 days; -1 for ever.
	KeepDead time.Duration

	// Lease is how long a worker that is silent keeps its routes, and so the
	// delay after a crash. It bounds the clock skew and the pauses of a process
	// that do no harm. Default 1 min.
	Lease time.Duration

	// Poll is how often a worker looks for what other processes have accepted,
	// and for what is due again. Default 1 s.
	Poll time.Duration

	// Grace is how long the message under way may take when Run is to end,
	// before it is cut off with an uncertain outcome. Default 5 s.
	Grace time.Duration

	// Logger gets a record of each message, at Debug if it was accepted, at Warn
	// if not, and at Error for each that ends as a dead letter. Default: none.
	Logger *slog.Logger
}

// RouteOptions change what a route does. Nil and the zero value mean the
// defaults, which suit a chat.
type RouteOptions struct {
	// Budget limits the messages. Default: no limit, but what the channel says
	// by its errors is observed all the same.
	Budget Budget

	// Batch is the most alerts in one message, the critical ones first. Default
	// 100, at most 1000.
	Batch int

	// Backoff is the wait after a first failure, MaxBackoff the longest one. It
	// doubles each time. Default 2 s and 5 min.
	Backoff, MaxBackoff time.Duration

	// MaxAge ends an alert as a dead letter that has waited for longer. Default
	// 24 h; -1 disables it.
	MaxAge time.Duration

	// Timeout bounds one message. Default 20 s, at most three quarters of the
	// lease.
	Timeout time.Duration

	// Filter chooses the alerts that take this route, when they are accepted.
	// Default: all. Once it has let a problem (Source and Key) pass, later alerts
	// about it take the route too, whatever their severity, until one that is
	// Resolved has: a fall in severity and the recovery are told where the problem
	// was. What the Filter takes with no severity stays out, as do News. A route
	// with NeverTwice gets the recovery alone, since nobody is to be rung when
	// things get better. The store remembers it, for 30 days if there is no
	// recovery. The Filter is called by concurrent Sends, several times for an
	// alert, and must not change it.
	Filter func(alert.Alert) bool

	// NeverTwice is for channels that ring a telephone. What was handed to the
	// Sender and has no certain outcome, after [alert.ErrUncertain] or because
	// the process died, ends as a dead letter and is never sent again.
	NeverTwice bool

	// Resend repeats messages whose outcome is uncertain also if the channel's
	// error says that repeating cannot help, as those of telephones do. It
	// excludes NeverTwice.
	Resend bool

	// OnePerKey puts at most one alert of a Key into a message, so that the next one
	// waits until that one is delivered. It suits channels that send each alert
	// by itself, such as traps. By default what has gathered goes together, in
	// order.
	OnePerKey bool
}

// An Outbox is an [alert.Sender] that keeps alerts in a store, from which Run
// delivers them on every route. Its methods are safe for concurrent use.
type Outbox struct {
	store boundedStore
	opts  Options
	group groupCommit

	handover func() *handover // a closure, where no printer finds alerts
	stats    counters
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
