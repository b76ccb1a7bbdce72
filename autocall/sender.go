package autocall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/speech"
)

// messageRunes bounds the text of a call. Nobody hears it; reports show it.
const messageRunes = 400

// SenderOptions change what a [Sender] does. Nil and the zero value mean the
// defaults.
type SenderOptions struct {
	// Name sets the calls of this Sender apart from those of others in the
	// same queue, which are about the same problems and ring other people.
	// Give each its own, of at most 64 letters, digits and hyphens, and keep
	// it over restarts.
	Name string

	// Locale is the language of the words added to the alerts. Default:
	// Chinese.
	Locale alert.Locale

	// Rounds, Interval and Expiry are those of each [Call].
	Rounds   int
	Interval time.Duration
	Expiry   time.Duration

	// Ring bounds the number of calls, and says whether tests make one, see
	// [alert.RingPolicy]; whether there is one for recoveries has no effect. Who may be
	// rung when is for the Ringer of the queue, which limits what a person hears.
	// Default: one of its own, with the default policy but no limits.
	Ring *alert.Ringer

	// Logger gets one record at Info when the default of Ring holds alerts back, or
	// tests ring nobody. Default: none.
	Logger *slog.Logger
}

// A Sender rings people about alerts: one call for each Send, whatever the
// number of alerts. It is safe for concurrent use and needs no closing.
//
// # What nil means
//
// The queue has taken a call that accounts for every alert, or has it already;
// or the alerts were told before; or no alert reports a problem, or all that do are
// tests. Nobody needs to have picked up: the callbacks of the queue tell who did. An error is that of the queue, or an [*alert.HeldError].
//
// # Repetitions
//
// The call has the severity of the worst alert, and a Key made of the problems
// that the alerts are about: of Source and Key, or without a Key of all that
// names the alert. While a call is open, alerts about the same problems, or
// some of them, join it and ring nobody again; they may raise its severity. So
// may a Send that failed be repeated. When somebody has picked up the call is
// over, and the next alert makes another one, through the [alert.Ringer]: not an
// event that was told already, and one call in two minutes.
//
// # Recoveries
//
// What counts is the last alert about a problem. A Send in which every problem
// is over makes no call. Problems that are over cancel an open call of this
// Sender if it is about no others; a call that is about others too goes on, as
// it is better to ring once too often. A Send with both does both; its text
// counts the recoveries too. News neither makes nor cancels a call.
type Sender struct {
	queue  Queue
	people func() []Person // a closure, where no printer finds numbers
	opts   SenderOptions
	sender alert.Sender // that of the Ringer
}

// NewSender returns a Sender that rings people, in their order. That a number can be
// rung, and the options too, are checked here.
func NewSender(queue Queue, people []Person, opts *SenderOptions) (*Sender, error) {
	s := &Sender{queue: queue}
	if opts != nil {
		s.opts = *opts
	}
	people = slices.Clone(people)
	s.people = func() []Person { return people }
	s.opts.Logger = cmp.Or(s.opts.Logger, slog.New(slog.DiscardHandler))
	switch {
	case queue == nil:
		return nil, errors.New("autocall: new sender: no queue")
	case !fitsName(s.opts.Name):
		return nil, errors.New("autocall: new sender: Name must be at most 64 letters, digits and hyphens")
	}
	if _, err := s.call().checked(); err != nil {
		return nil, fmt.Errorf("autocall: new sender: %w", err)
	}
	if s.opts.Ring == nil {
		var err error
		if s.opts.Ring, err = alert.NewRinger(&alert.RingPolicy{Limits: []alert.Limit{}, Logger: s.opts.Logger}); err != nil {
			return nil, fmt.Errorf("autocall: new sender: %w", err)
		}
	}
	s.sender = s.opts.Ring.Wrap(alert.SenderFunc(s.enqueue))
	return s, nil
}

// call returns a call with the settings of s.
func (s *Sender) call() Call {
	return Call{People: s.people(), Rounds: s.opts.Rounds, Interval: s.opts.Interval, Expiry: s.opts.Expiry}
}

// Send makes one call for all alerts, see [Sender]. Its errors say through
// [alert.Retryable] whether to try again: yes, unless the people are wrong.
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	_, err := s.Place(ctx, alerts...)
	return err
}

// placedKey is that of the *placed in the context of a Place.
type placedKey struct{}

// placed is the outcome of a call.
type placed struct {
	id  string
	err error
}

// Place is Send, and returns the id of the call that the alerts are in. It is
// empty if there is none to make, or they were told before.
func (s *Sender) Place(ctx context.Context, alerts ...alert.Alert) (id string, err error) {
	if len(alerts) == 0 {
		return "", nil
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("autocall: send: nothing was queued: %w", err)
	}
	open, err := s.queue.List(ctx, true, maxLimit)
	if err != nil {
		return "", err
	}
	lasting, over, _, _ := problems(alerts)
	if err := s.cancel(ctx, open, over); err != nil {
		return "", err
	}
	p := &placed{}
	ctx = context.WithValue(ctx, placedKey{}, p)
	if _, under := s.keyOf(open, lasting); under && len(lasting) > 0 {
		err = s.enqueue(ctx, alerts...) // joins: nothing new rings
	} else {
		err = s.sender.Send(ctx, alerts...)
	}
	return p.id, cmp.Or(p.err, err)
}

// enqueue makes the call for alerts, or joins an open one.
func (s *Sender) enqueue(ctx context.Context, alerts ...alert.Alert) error {
	open, err := s.queue.List(ctx, true, maxLimit)
	if err != nil {
		return err
	}
	lasting, _, worst, test := problems(alerts)
	c := s.call()
	c.Key, _ = s.keyOf(open, lasting)
	c.Severity, c.Test = worst, test
	c.Message = speech.Voice{Locale: s.opts.Locale}.Message(alerts, messageRunes)
	id, _, err := s.queue.Enqueue(ctx, c)
	if p, ok := ctx.Value(placedKey{}).(*placed); ok {
		p.id, p.err = id, err
	}
	if err != nil && alert.Retryable(err) {
		return errAgain // and not uncertain: a call with a Key is made once, however often
	}
	return err
}

// errAgain tells the Ringer that what was done may be done again.
var errAgain = errors.New("to be queued again")

// problems returns the problems that last after the alerts, those that are
// over, the worst severity of the former, and whether they are tests. Beside a
// real problem the severity of a test does not count.
func problems(alerts []alert.Alert) (lasting, over []problem, worst alert.Severity, test bool) {
	last := make(map[problem]*alert.Alert, len(alerts))
	severity := make(map[problem]alert.Severity, len(alerts))
	for i := range alerts {
		a := &alerts[i]
		if a.Status == alert.News {
			continue
		}
		p := problemOf(a)
		last[p] = a
		if a.Status.Open() {
			if before, known := severity[p]; !known || a.Severity > before {
				severity[p] = a.Severity
			}
		}
	}
	worst, test = alert.Info, true
	for p, a := range last {
		switch {
		case !a.Status.Open():
			over = append(over, p)
			continue
		case test && !a.Test:
			worst, test = severity[p], false
		case test == a.Test:
			worst = max(worst, severity[p])
		}
		lasting = append(lasting, p)
	}
	return sorted(lasting), sorted(over), worst, test
}

// sorted puts problems into the order that a key has.
func sorted(problems []problem) []problem {
	slices.SortFunc(problems, func(a, b problem) int { return cmp.Compare(a, b) })
	return problems
}

// cancel ends the open calls that are about nothing but problems which are
// over.
func (s *Sender) cancel(ctx context.Context, open []Status, over []problem) error {
	if len(over) == 0 {
		return nil
	}
	own := s.key(over)
	for i := range open {
		key := open[i].Call.Key
		if named, common := s.compare(key, over); key != own && (named == 0 || common < named) {
			continue
		}
		if _, err := s.queue.CancelKey(ctx, key, "resolved"); err != nil {
			return err
		}
	}
	return nil
}
