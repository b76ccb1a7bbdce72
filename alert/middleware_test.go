package alert_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func TestOnly(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	mixed := []alert.Alert{
		{Name: "0", Severity: alert.Info},
		{Name: "1", Severity: alert.Critical},
		{Name: "2", Severity: alert.Major, Status: alert.Resolved},
		{Name: "3", Severity: alert.Warning},
		{Name: "4", Severity: alert.Major, Status: alert.NoData},
	}
	tests := []struct {
		name   string
		least  alert.Severity
		give   []alert.Alert
		answer []error // of the wrapped Sender, an alert each
		passed []string
		failed []int // indices into give
	}{
		{name: "some pass", least: alert.Major, give: mixed, passed: []string{"1", "2", "4"}},
		{name: "none pass", least: alert.Critical, give: mixed[:1]},
		{name: "all pass", least: alert.Info, give: mixed, passed: []string{"0", "1", "2", "3", "4"}},
		{name: "no alerts", least: alert.Info},
		{name: "some pass, one fails", least: alert.Major, give: mixed, answer: []error{nil, refused, nil},
			passed: []string{"1", "2", "4"}, failed: []int{2}},
		{name: "all pass, one fails", least: alert.Info, give: mixed, answer: []error{nil, refused},
			passed: []string{"0", "1", "2", "3", "4"}, failed: []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r alerttest.Recorder
			r.FailEach(tt.answer...)
			err := alert.Only(tt.least)(&r).Send(t.Context(), tt.give...)
			var passed []string
			for _, call := range r.Calls() {
				for _, a := range call {
					passed = append(passed, a.Name)
				}
			}
			require.Equal(t, tt.passed, passed)
			requireFailed(t, err, len(tt.give), tt.failed...)
		})
	}
}

// The end of a problem, and a fall in its severity, pass wherever it was passed.
func TestOnlyPassesWhatBelongs(t *testing.T) {
	t.Parallel()
	type step struct {
		give   alert.Alert
		fail   error
		passes bool
	}
	at := func(s alert.Severity) alert.Alert { return alert.Alert{Source: "s", Key: "k", Severity: s} }
	over := func(s alert.Severity) alert.Alert { a := at(s); a.Status = alert.Resolved; return a }
	with := func(a alert.Alert, change func(*alert.Alert)) alert.Alert { change(&a); return a }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"a fall and the end", []step{
			{give: at(alert.Critical), passes: true}, {give: at(alert.Info), passes: true}, {give: over(alert.Info), passes: true},
			{give: over(alert.Info)}, {give: at(alert.Info)},
		}},
		{"the same again is no fall", []step{
			{give: at(alert.Critical), passes: true}, {give: at(alert.Warning), passes: true}, {give: at(alert.Warning)},
			{give: at(alert.Major)}, {give: at(alert.Notice), passes: true}, {give: at(alert.Critical), passes: true},
		}},
		{"never passed", []step{{give: at(alert.Info)}, {give: over(alert.Info)}, {give: over(alert.Critical), passes: true}}},
		{"what failed passes again", []step{
			{give: at(alert.Critical), fail: errors.New("down"), passes: true},
			{give: at(alert.Info), fail: errors.New("down"), passes: true}, {give: at(alert.Info), passes: true},
			{give: over(alert.Info), fail: errors.New("down"), passes: true}, {give: over(alert.Info), passes: true}, {give: over(alert.Info)},
		}},
		{"no longer known", []step{
			{give: at(alert.Critical), passes: true}, {give: with(at(alert.Info), func(a *alert.Alert) { a.Status = alert.NoData }), passes: true},
			{give: over(alert.Info), passes: true},
		}},
		{"another problem", []step{
			{give: at(alert.Critical), passes: true},
			{give: with(over(alert.Info), func(a *alert.Alert) { a.Source = "t" })},
			{give: with(over(alert.Info), func(a *alert.Alert) { a.Key = "l" })},
			{give: with(over(alert.Info), func(a *alert.Alert) { a.Key = "" })},
			{give: with(over(alert.Info), func(a *alert.Alert) { a.Test = true })},
			{give: with(at(alert.Info), func(a *alert.Alert) { a.Status = alert.News })},
			{give: over(alert.Info), passes: true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r alerttest.Recorder
			s := alert.Only(alert.Critical)(&r)
			for i, step := range tt.steps {
				before := len(r.Calls())
				if step.fail != nil {
					r.Fail(step.fail)
				}
				require.Equal(t, step.fail, s.Send(t.Context(), step.give), "step %d", i)
				require.Equal(t, step.passes, len(r.Calls()) > before, "step %d", i)
			}
		})
	}
}

// The memory of Only and of a Ringer is bounded, and keeps the newest.
func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	known, order := alert.LedgerSizes(100, 10_000)
	require.Equal(t, 100, known)
	require.LessOrEqual(t, order, 2*100+64)
}

// A failure of the whole counts against what passed, not what was dropped.
func TestOnlyMapsWholeFailures(t *testing.T) {
	t.Parallel()
	refused := answer{}
	var r alerttest.Recorder
	r.Fail(refused)
	err := alert.Only(alert.Major)(&r).Send(t.Context(),
		alert.Alert{Severity: alert.Info}, alert.Alert{Severity: alert.Major}, alert.Alert{})
	requireFailed(t, err, 3, 1)
	require.ErrorIs(t, err, refused)
	require.False(t, alert.Retryable(err))

	r.Fail(refused)
	require.Equal(t, refused, alert.Only(alert.Major)(&r).Send(t.Context(), alert.Alert{Severity: alert.Major}),
		"an error about all of them stays as it is")
}

// requireFailed checks which of n alerts err counts against.
func requireFailed(t *testing.T, err error, n int, want ...int) {
	t.Helper()
	var failed []int
	for i := range n {
		if alert.ErrorAt(err, i, n) != nil {
			failed = append(failed, i)
		}
	}
	require.Equal(t, want, failed, "%v", err)
	require.Equal(t, len(want) == 0, err == nil)
}

// The composed senders do all that is asked of any Sender.
func TestComposedSendersConform(t *testing.T) {
	t.Parallel()
	for name, compose := range map[string]func(alert.Sender) alert.Sender{
		"only":   func(s alert.Sender) alert.Sender { return alert.Only(alert.Info)(s) },
		"fanout": func(s alert.Sender) alert.Sender { return alert.Fanout(s, new(alerttest.Recorder)) },
		"ring": func(s alert.Sender) alert.Sender {
			p := unlimited()
			p.Resolved, p.Tests = true, true
			return newRinger(t, p).Wrap(s)
		},
		"dedup": func(s alert.Sender) alert.Sender { return alert.Dedup(hour)(s) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alerttest.TestSender(t, func(*testing.T) *alerttest.Harness {
				var r alerttest.Recorder
				return &alerttest.Harness{
					Sender:     compose(&r),
					Messages:   func() int { return len(r.Calls()) },
					Delivered:  func() int { return len(r.Accepted()) },
					Saw:        func(text string) bool { return saw(&r, text) },
					Refuse:     func() { failAlways(&r, answer{cause: errors.New("revoked")}) },
					Busy:       func() { failAlways(&r, answer{retryable: true}) },
					Break:      func() { failAlways(&r, answer{retryable: true, cause: alert.ErrUncertain}) },
					Hang:       r.Hang,
					OneMessage: true,
				}
			})
		})
	}
}

func saw(r *alerttest.Recorder, text string) bool {
	for _, a := range r.Accepted() {
		if a.Name == text {
			return true
		}
	}
	return false
}

func failAlways(r *alerttest.Recorder, err error) {
	for range 100 {
		r.Fail(err)
	}
}
