package autocall

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Defaults and limits of QueueOptions.
const (
	defaultLease        = 3 * time.Minute
	minLease            = 30 * time.Second // one ringing
	defaultDeadline     = 10 * time.Minute
	defaultPollInterval = 10 * time.Second
	defaultKeep         = 7 * 24 * time.Hour
	maxList             = 5
)

// QueueOptions change what a queue does. Nil and the zero value mean the
// defaults.
type QueueOptions struct {
	// Lease is how long a phone may be silent before what it was given counts
	// as lost and is handed out again. It must exceed a whole call, in which
	// the app does not poll: ringing, talking, an interval and the 15 s that
	// the app waits after an error. At least 30 s, default 3 min.
	Lease time.Duration

	// Deadline bounds the time for each number of a hand-out, however often
	// the phone polls. Default 10 min, or twice the Lease or the StepDelay if
	// that is longer.
	Deadline time.Duration

	// StepDelay makes a phone wait between two steps: it is told the mid once,
	// and nothing until StepDelay later. In a List it keeps the app from
	// dialling over a call under way. 60 to 90 s are longer than a phone rings.
	// Default: none.
	StepDelay time.Duration

	// List is how many people stand in one hand-out: 1 to 5. Default 1, with
	// which all versions of the app are right. More of them need a StepDelay of
	// a whole call, or the app dials the next number over the call under way
	// and takes an answered call for none.
	List int

	// PollInterval is how often the phones are set to poll. Default 10 s.
	PollInterval time.Duration

	// Phones names the phones that must poll, as the handler knows them, so
	// that one which never does is reported too. Default: every phone that
	// ever polled must go on.
	Phones []string

	// Keep is how long calls that ended can be asked for. Default 7 days.
	Keep time.Duration

	// Policy decides who may be rung when. Default: everybody, always.
	Policy Policy

	// OnAnswered is called when somebody has picked up, OnExhausted when a
	// call ended without that (its State says how: Exhausted or Expired), and
	// OnPhoneSilent when a phone has not polled for more than two Leases and
	// three PollIntervals, once until it polls again. [Report] and
	// [ReportSilence] make such callbacks.
	//
	// They are called by Run, one after the other, and have 50 s. One that
	// fails or panics is called again after 5 s, 10 s, and so on up to 5 min,
	// and after a crash too: at least once, until Keep is over.
	OnAnswered    func(context.Context, Status) error
	OnExhausted   func(context.Context, Status) error
	OnPhoneSilent func(context.Context, PhoneStatus) error

	// Logger gets a record of each transition. No number is whole. Default:
	// none.
	Logger *slog.Logger
}

// newDispatcher returns a queue over a store.
func newDispatcher(s store, opts *QueueOptions) (*Dispatcher, error) {
	d := &Dispatcher{store: s}
	if opts != nil {
		d.opts = *opts
	}
	o := &d.opts
	o.Lease = cmp.Or(o.Lease, defaultLease)
	o.Deadline = cmp.Or(o.Deadline, max(defaultDeadline, 2*o.Lease, 2*o.StepDelay))
	o.List = cmp.Or(o.List, 1)
	o.PollInterval = cmp.Or(o.PollInterval, defaultPollInterval)
	o.Keep = cmp.Or(o.Keep, defaultKeep)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	o.Phones = slices.Clone(o.Phones)
	if err := o.check(); err != nil {
		return nil, &Error{Op: "new queue", Err: err, final: true}
	}
	d.rules = rules{lease: o.Lease, deadline: o.Deadline, stepDelay: o.StepDelay, list: o.List}
	d.wake = make(chan struct{}, 1)
	return d, nil
}

// check says what is wrong with options that have their defaults.
func (o *QueueOptions) check() error {
	switch {
	case o.Lease < minLease:
		return fmt.Errorf("lease of %v, want at least %v: the app does not poll during a call", o.Lease, minLease)
	case o.Deadline < o.Lease || o.Deadline > MaxExpiry:
		return fmt.Errorf("deadline of %v, want the lease of %v to %v", o.Deadline, o.Lease, MaxExpiry)
	case o.StepDelay < 0 || o.StepDelay >= o.Deadline:
		return fmt.Errorf("step delay of %v, want less than the deadline of %v", o.StepDelay, o.Deadline)
	case o.List < 1 || o.List > maxList:
		return fmt.Errorf("list of %d people, want 1 to %d", o.List, maxList)
	case o.PollInterval < time.Second || o.PollInterval > o.Lease:
		return fmt.Errorf("poll interval of %v, want 1s to the lease of %v", o.PollInterval, o.Lease)
	case o.Keep < time.Minute:
		return fmt.Errorf("keep of %v, want at least a minute", o.Keep)
	}
	return nil
}
