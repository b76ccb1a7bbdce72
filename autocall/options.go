package autocall

import (
	"context"
	"log/slog"
	"time"
)

// QueueOptions change what a queue does. Nil and the zero value mean the
// defaults.
type QueueOptions struct {
	// Lease is how long a phone may be silent before what it was given counts
	// as lost and is handed out again. It must exceed a whole call, in which
	// the app does not poll. Default 3 min.
	Lease time.Duration

	// Deadline bounds the time for each number of a hand-out, however often
	// the phone polls. Default 10 min.
	Deadline time.Duration

	// StepDelay makes a phone wait between two steps, for versions of the app
	// that otherwise dial over a call under way. Default: none.
	StepDelay time.Duration

	// List is how many people stand in one hand-out: 1 to 5. Default 1, with
	// which all versions of the app are right.
	List int

	// PollInterval is how often the phones are set to poll. Default 10 s.
	PollInterval time.Duration

	// Keep is how long calls that ended can be asked for. Default 7 days.
	Keep time.Duration

	// Policy decides who may be rung when. Default: everybody, always.
	Policy Policy

	// OnAnswered is called when somebody has picked up, OnExhausted when a
	// call ended without that (its State says how: Exhausted or Expired), and
	// OnPhoneSilent when a phone has not polled for longer than a call takes,
	// once until it polls again. They are called by Run, one after the other;
	// one that fails is called again later, and after a crash too: at least
	// once.
	OnAnswered    func(context.Context, Status) error
	OnExhausted   func(context.Context, Status) error
	OnPhoneSilent func(context.Context, PhoneStatus) error

	// Logger gets a record of each transition. No number is whole. Default:
	// none.
	Logger *slog.Logger
}
