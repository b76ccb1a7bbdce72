package voice_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// anyTime returns options with a Ringer that bounds no number of calls.
func anyTime(tb testing.TB, policy alert.RingPolicy) voice.SenderOptions {
	tb.Helper()
	policy.Window, policy.Limits = -1, []alert.Limit{}
	return voice.SenderOptions{Ring: ringer(tb, policy)}
}

// ringer returns a Ringer.
func ringer(tb testing.TB, policy alert.RingPolicy) *alert.Ringer {
	tb.Helper()
	r, err := alert.NewRinger(&policy)
	require.NoError(tb, err)
	return r
}

// held returns why err holds alerts back, or "".
func held(err error) alert.HeldBy {
	if e, ok := errors.AsType[*alert.HeldError](err); ok {
		return e.By
	}
	return ""
}

// Only a call that may have rung begins a window, and only one that did not may be
// placed again.
func TestWindowBegins(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		way  voicetest.Behaviour
		held bool
	}{
		{"accepted", nil, true},
		{"unanswered", voicetest.Unanswered(), true},
		{"unknown", voicetest.Panic("x"), true},
		{"busy", voicetest.Busy(), false},
		{"wrong number", voicetest.Wrong(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				phones := &voicetest.Phones{}
				phones.Script(numberA, tt.way)
				s, err := voice.NewSender(newDialer(t, phones, voice.DialerOptions{Timeout: -1}), three()[:1], nil)
				require.NoError(t, err)
				first := s.Send(t.Context(), alert.Alert{ID: "1"})
				require.Empty(t, held(first))
				second := s.Send(t.Context(), alert.Alert{ID: "2"})
				require.Equal(t, tt.held, held(second) == alert.HeldByWindow, "%v", second)
				before := len(phones.Calls())
				<-time.After(time.Hour)
				again := s.Send(t.Context(), alert.Alert{ID: "1"})
				require.Equal(t, tt.held, len(phones.Calls()) == before, "%v", again)
			})
		})
	}
}

// A gateway whose error leaves it open whether phones ring begins the window
// as well; one that certainly did nothing does not.
func TestWindowAfterErrors(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{errSilent: true, errExplicit{true}: false, errExplicit{false}: false} {
		s, failed := voice.NewSender(failing(err), three(), nil)
		require.NoError(t, failed)
		require.Error(t, s.Send(t.Context(), full()))
		require.Equal(t, want, held(s.Send(t.Context(), alert.Alert{ID: "2"})) == alert.HeldByWindow, "%v", err)
	}
}

// The limits count whose phones rang, and not who was not needed.
func TestLimitsCountWhoRang(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	phones.Script(numberA, voicetest.Answered(), voicetest.Answered(), voicetest.Answered())
	s, err := voice.NewSender(newDialer(t, phones, voice.DialerOptions{}), three(), &voice.SenderOptions{
		Serial: true, Ring: ringer(t, alert.RingPolicy{Window: -1}),
	})
	require.NoError(t, err)
	for i := range 4 {
		require.NoError(t, s.Send(t.Context(), alert.Alert{ID: fmt.Sprint(i)}))
	}
	require.Equal(t, []string{numberA, numberA, numberA, numberB, numberC}, phones.Numbers())
}

// Who is withheld is not called, and is in the report.
func TestWithheld(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	var got []voice.Report
	opts := voice.SenderOptions{
		Ring:   ringer(t, alert.RingPolicy{Window: -1, Block: []string{"bob"}}),
		Report: func(r voice.Report, _ error) { got = append(got, r) },
	}
	s := newSender(t, newDialer(t, phones, voice.DialerOptions{Parallel: -1}), three(), opts)
	require.NoError(t, s.Send(t.Context(), alert.Alert{Severity: alert.Notice}))
	require.Equal(t, []string{numberA, numberC}, phones.Numbers())
	require.Equal(t, []voice.State{accepted, voice.Withheld, accepted}, states(got[0]))
	require.Equal(t, "bob", got[0].Results[1].Callee.User)
	require.Contains(t, got[0].Results[1].Reason, "the block list")

	all := newSender(t, failing(errSilent), three()[1:2], opts)
	require.Equal(t, alert.HeldByBlock, held(all.Send(t.Context(), full())), "nobody was told")
	require.Len(t, got, 1)
	// Those who are left decide.
	some := newSender(t, failing(errExplicit{true}), three(), opts)
	require.True(t, alert.Retryable(some.Send(t.Context(), full())))
}
