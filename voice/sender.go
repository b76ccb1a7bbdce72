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
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/speech"
)

// Defaults and limits of SenderOptions.
const (
	defaultWindow = 2 * time.Minute
	defaultRunes  = 100 // of the smallest known gateway
	minRunes      = 40  // hold the count and the severity in each language
	opSend        = "send"
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

	// Window is the time after a call in which no other is placed, so that a
	// storm rings once. Default: 2 minutes; -1 disables it.
	Window time.Duration

	// Resolved also calls if no alert reports a problem, to say that it is over
	// or to tell news. Default: such alerts place no call and count as accepted.
	Resolved bool

	// RingForTests treats tests like other alerts, but that the text begins with
	// it, and that a call about nothing else has a Window of its own, so that it
	// holds back nothing real. Default: they are accepted, and neither ring nor
	// count.
	RingForTests bool

	// Rule withholds calls. Default: none.
	Rule Rule

	// Report, if not nil, sees each report and the error that came with it,
	// before Send returns. It is called concurrently.
	Report func(Report, error)

	// Logger gets one record a call at Info, or at Warn if somebody was not
	// reached, and one at Info when tests ring nobody. Default: none.
	Logger *slog.Logger
}

// A Sender calls the same people about any number of alerts: one call for each
// Send, in which the text names the worst alert and counts the rest. It is safe
// for concurrent use and needs no closing.
//
// # What nil means
//
// The gateway took a call to at least one callee, with a text that accounts for
// every alert; or all callees were withheld by the Rule; or there was nothing
// but tests, and alerts that report no problem, see [SenderOptions]. Callees who were not reached beside
// one who was are in the log and the Report only: repeating the alerts would
// ring the others twice.
//
// # Errors
//
// Every error is an [*Error]. It is retryable only if it is certain that no
// phone rang. If one may have, it is not; it matches alert.ErrUncertain if
// nobody knows.
//
// # Storms
//
// Within the Window after a call that may have rung, alerts are held back.
// Under alert.Once the error matches [ErrHeld], is retryable and tells the
// rest of the window, so that a queue sends all that piled up in one go.
// Otherwise Send waits: whatever waits when the window ends goes into one call,
// whose outcome all of those Sends return; it is placed under the ctx of the one
// that has waited longest. A Send whose ctx would end before the window gets
// ErrHeld at once. So a held-back alert never gets nil before a
// call has counted it. The window is that of this Sender in this process.
type Sender struct {
	gateway Gateway
	callees func() []Callee // a closure, where no printer looks
	opts    SenderOptions
	guard   *guard // nil: none
	tests   *guard // for calls about nothing else
}

var _ alert.Sender = (*Sender)(nil)

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
	if window := cmp.Or(s.opts.Window, defaultWindow); window > 0 {
		s.guard, s.tests = newGuard(window), newGuard(window)
	}
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
	if !s.opts.RingForTests {
		alerts = speech.WithoutTests(ctx, s.opts.Logger, alerts)
	}
	_, open := worstOf(alerts)
	if len(alerts) == 0 || !open && !s.opts.Resolved {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return &Error{Op: opSend, Err: fmt.Errorf("no call was placed: %w", err), fate: fateAgain}
	}
	guard := s.guard
	if !slices.ContainsFunc(alerts, func(a alert.Alert) bool { return !a.Test }) {
		guard = s.tests
	}
	if guard != nil {
		return guard.send(ctx, alerts, s.call)
	}
	_, err := s.call(ctx, alerts)
	return err
}

// worstOf returns the worst severity among the alerts that report a problem, or
// among all if none does, and whether there is one that does. Tests have no say
// in it beside a real problem: a Rule may let one severity through and not the
// other.
func worstOf(alerts []alert.Alert) (worst alert.Severity, open bool) {
	worst, most := alert.Info, 0
	for i := range alerts {
		a, weight := &alerts[i], 1
		switch {
		case a.Status.Open() && !a.Test:
			weight = 3
		case a.Status.Open():
			weight = 2
		}
		if weight > most {
			worst, most = a.Severity, weight
		} else if weight == most {
			worst = max(worst, a.Severity)
		}
	}
	return worst, most > 1
}

// call places one call about alerts, and reports whether a phone may have rung.
func (s *Sender) call(ctx context.Context, alerts []alert.Alert) (rang bool, err error) {
	worst, _ := worstOf(alerts)
	callees := s.callees()
	report := Report{Results: make([]Result, len(callees))}
	allowed, at := s.opts.Rule.split(callees, worst, report.Results)
	if len(allowed) > 0 {
		r := Request{
			Callees: allowed, Serial: s.opts.Serial, ID: rand.Text(),
			Text: speech.Voice{Locale: s.opts.Locale}.Message(alerts, s.opts.MaxRunes),
		}
		placed, failure := place(ctx, s.gateway, r)
		report.RequestID = placed.RequestID
		err = failure
		for k, result := range placed.Results {
			report.Results[at[k]] = result
		}
	}
	if err != nil {
		report.Results = nil
	}
	if s.opts.Report != nil {
		s.opts.Report(report, err)
	}
	err = outcome(ctx, report, err)
	s.record(ctx, len(alerts), report, err)
	return mayHaveRung(report, err), err
}

// record logs one call.
func (s *Sender) record(ctx context.Context, alerts int, report Report, err error) {
	level, failed := slog.LevelInfo, err
	if failed == nil {
		failed = report.Err()
	}
	attrs := []slog.Attr{
		slog.Int("alerts", alerts),
		slog.Int("reached", report.count(State.IsReached)),
		slog.Int("withheld", report.count(func(s State) bool { return s == Withheld })),
	}
	if failed != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", failed.Error()))
	}
	s.opts.Logger.LogAttrs(ctx, level, "voice call", attrs...)
}

// String returns the number of callees.
func (s *Sender) String() string {
	if s == nil {
		return "voice.Sender(nil)"
	}
	return fmt.Sprintf("voice.Sender(%d callees)", len(s.callees()))
}

// Format prints what String returns for every verb: fmt must not walk through
// the fields.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }
