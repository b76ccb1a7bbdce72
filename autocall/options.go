package autocall

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Defaults and limits of QueueOptions.
const (
	defaultLease        = 3 * time.Minute
	minLease            = 30 * time.Second // one ringing
	defaultDeadline     = 10 * time.Minute
	defaultPollInterval = 10 * time.Second
	defaultKeep         = 7 * 24 * time.Hour
)

// QueueOptions change what a queue does. Nil and the zero value mean the
// defaults.
type QueueOptions struct {
	// Lease is how long a phone may be silent before what it was given counts
	// as lost and is handed out again. It must exceed a whole call, in which
	// the app does not poll: ringing, talking, an interval and the 15 s that
	// the app waits after an error. At least 30 s, default 3 min.
	Lease time.Duration

	// Deadline bounds the time for a hand-out, however often the phone polls. Default 10 min, or twice the Lease or the StepDelay if
	// that is longer.
	Deadline time.Duration

	// StepDelay makes a phone wait between two steps: it is told the mid once,
	// and nothing until StepDelay later, so that it looks for the outcome when the
	// call is over. 60 to 90 s are longer than a phone rings. Default: none.
	StepDelay time.Duration

	// PollInterval is how often the phones are set to poll. Default 10 s.
	PollInterval time.Duration

	// Phones names the phones that must poll, as the handler knows them, so
	// that one which never does is reported too. Default: every phone that
	// ever polled must go on.
	Phones []string

	// Keep is how long calls that ended can be asked for. Default 7 days.
	Keep time.Duration

	// Ring decides, at the moment of a hand-out, who may be rung: quiet hours, the
	// block list, and the limits for each person. What is held back is not lost: it
	// rings later, and does not grow old meanwhile. Its Window is not used. Default:
	// the default policy.
	Ring *alert.Ringer

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
	o.PollInterval = cmp.Or(o.PollInterval, defaultPollInterval)
	o.Keep = cmp.Or(o.Keep, defaultKeep)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	o.Phones = slices.Clone(o.Phones)
	if err := o.check(); err != nil {
		return nil, &Error{Op: "new queue", Err: err, final: true}
	}
	d.rules = rules{lease: o.Lease, deadline: o.Deadline, stepDelay: o.StepDelay}
	d.wake = make(chan struct{}, 1)
	if o.Ring == nil {
		var err error
		if o.Ring, err = alert.NewRinger(nil); err != nil {
			return nil, &Error{Op: "new queue", Err: err, final: true}
		}
	}
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
	case o.PollInterval < time.Second || o.PollInterval > o.Lease:
		return fmt.Errorf("poll interval of %v, want 1s to the lease of %v", o.PollInterval, o.Lease)
	case o.Keep < time.Minute:
		return fmt.Errorf("keep of %v, want at least a minute", o.Keep)
	}
	return nil
}
