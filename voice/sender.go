package voice

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/speech"
)

// Defaults and limits of SenderOptions.
const (
	defaultRunes = 100 // of the smallest known gateway
	minRunes     = 40  // hold the count and the severity in each language
	opSend       = "send"
)

// SenderOptions configures a [Sender]. The zero value of each field, and a nil
// *SenderOptions, mean the default.
type SenderOptions struct {
	// Locale is the language of the words added to the alerts. Default:
	// Chinese.
	Locale alert.Locale

	// MaxRunes bounds the text in runes, at least 40. Default: 100; -1 means
	// 2000, half an hour of reading.
	MaxRunes int

	// Serial calls one callee after the other until somebody answers, where
	// the gateway can tell. Default: everybody is called.
	Serial bool

	// Ring says when and how often there may be a call, whom never, and whether one
	// is placed for recoveries and tests, see [alert.RingPolicy]. It knows a callee by
	// number and user name. Default: one of its own, with the default policy.
	Ring *alert.Ringer

	// Report, if not nil, sees each report and the error that came with it,
	// before Send returns. It is called concurrently.
	Report func(Report, error)

	// Logger gets one record a call at Info, or at Warn if somebody was not
	// reached; and one at Info when the default of Ring rings nobody, and why.
	// Default: none.
	Logger *slog.Logger
}

// A Sender calls the same people about any number of alerts: one call for each
// Send, in which the text names the worst alert and counts the rest. It is safe
// for concurrent use and needs no closing.
//
// # What nil means
//
// The gateway took a call to at least one callee, with a text that accounts for
// every alert; or the alerts were told already; or there was nothing but tests, and
// alerts that report no problem, see [alert.RingPolicy]. Callees who were not
// reached beside one who was are in the log and the Report only: repeating the
// alerts would ring the others twice.
//
// # Errors
//
// An error is an [*Error], or what the Ringer says: an [*alert.HeldError], or that
// an earlier attempt may have rung. It is retryable only if it is certain that no
// phone rang. If one may have, it is not; it matches alert.ErrUncertain if nobody
// knows. Whoever repeats it all the same rings nobody, see [alert.Ringer].
type Sender struct {
	gateway Gateway
	callees func() []Callee // a closure, where no printer looks
	opts    SenderOptions
	sender  alert.Sender // that of the Ringer
}

// NewSender returns a Sender that calls the callees, at least one, through g.
func NewSender(g Gateway, callees []Callee, opts *SenderOptions) (*Sender, error) {
	s := &Sender{gateway: g}
	if opts != nil {
		s.opts = *opts
	}
	callees = slices.Clone(callees)
	switch {
	case g == nil:
		return nil, errors.New("voice: new sender: no gateway")
	case len(callees) == 0:
		return nil, errors.New("voice: new sender: nobody to call")
	case slices.ContainsFunc(callees, func(c Callee) bool { return c.User == "" && c.Number.IsZero() }):
		return nil, errors.New("voice: new sender: a callee has neither user nor number")
	case s.opts.MaxRunes > 0 && s.opts.MaxRunes < minRunes:
		return nil, fmt.Errorf("voice: new sender: MaxRunes is %d, want at least %d", s.opts.MaxRunes, minRunes)
	}
	s.callees = func() []Callee { return callees }
	s.opts.MaxRunes = runes(s.opts.MaxRunes)
	s.opts.Logger = cmp.Or(s.opts.Logger, slog.New(slog.DiscardHandler))
	if s.opts.Ring == nil {
		var err error
		if s.opts.Ring, err = alert.NewRinger(&alert.RingPolicy{Logger: s.opts.Logger}); err != nil {
			return nil, fmt.Errorf("voice: new sender: %w", err)
		}
	}
	people := make([][]string, len(callees))
	for i, c := range callees {
		people[i] = []string{c.Number.Reveal(), c.User}
	}
	s.sender = s.opts.Ring.Sender(people, s.call)
	return s, nil
}

// runes returns the limit that an option asks for.
func runes(option int) int {
	const most = 2000
	if option < 0 {
		return most
	}
	return cmp.Or(option, defaultRunes)
}

// Send places one call for all alerts, see [Sender].
func (s *Sender) Send(ctx context.Context, alerts ...alert.Alert) error {
	return s.sender.Send(ctx, alerts...)
}

// call places one call about alerts to who is not held.
func (s *Sender) call(ctx context.Context, held []error, alerts []alert.Alert) (rang []bool, err error) {
	report, allowed, at := withhold(s.callees(), held)
	placed, err := place(ctx, s.gateway, Request{
		Callees: allowed, Serial: s.opts.Serial, ID: rand.Text(),
		Text: speech.Voice{Locale: s.opts.Locale}.Message(alerts, s.opts.MaxRunes),
	})
	report.RequestID = placed.RequestID
	for k, result := range placed.Results {
		report.Results[at[k]] = result
	}
	if err != nil {
		report.Results = nil
	}
	if s.opts.Report != nil {
		s.opts.Report(report, err)
	}
	for _, r := range report.Results {
		rang = append(rang, r.State.mayHaveRung())
	}
	err = outcome(ctx, report, err)
	s.record(ctx, len(alerts), report, err)
	return rang, err
}

// withhold returns a report with the results of those who are held, and the other
// callees with their places in it.
func withhold(callees []Callee, held []error) (report Report, allowed []Callee, at []int) {
	report.Results = make([]Result, len(callees))
	for i, c := range callees {
		if why := held[i]; why != nil {
			report.Results[i] = Result{Callee: c, State: Withheld, Reason: why.Error(), RetryAfter: alert.RetryAfter(why)}
			continue
		}
		allowed, at = append(allowed, c), append(at, i)
	}
	return report, allowed, at
}

// record logs one call.
func (s *Sender) record(ctx context.Context, alerts int, report Report, err error) {
	level, failed := slog.LevelInfo, err
	if failed == nil {
		failed = report.Err()
	}
	attrs := []slog.Attr{
		slog.Int("alerts", alerts),
		slog.Int("reached", report.count(State.isReached)),
		slog.Int("withheld", report.count(func(s State) bool { return s == Withheld })),
	}
	if failed != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", failed.Error()))
	}
	s.opts.Logger.LogAttrs(ctx, level, "voice call", attrs...)
}

// Format prints the number of callees for every verb: fmt must not walk through the
// fields.
func (s *Sender) Format(f fmt.State, _ rune) {
	if s == nil {
		_, _ = io.WriteString(f, "voice.Sender(nil)")
		return
	}
	_, _ = fmt.Fprintf(f, "voice.Sender(%d callees)", len(s.callees()))
}
