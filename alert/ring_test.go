package alert_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

// lost is the error of a call whose answer got lost.
type lost struct{ again bool }

func (lost) Error() string        { return "no answer" }
func (lost) Is(target error) bool { return target == alert.ErrUncertain }
func (l lost) Retryable() bool    { return l.again }
func critical(id string) alert.Alert {
	return alert.Alert{Source: "s", ID: id, Key: "key " + id, Severity: alert.Critical}
}

// newRinger returns a Ringer.
func newRinger(t *testing.T, p *alert.RingPolicy) *alert.Ringer {
	t.Helper()
	r, err := alert.NewRinger(p)
	require.NoError(t, err)
	return r
}

// unlimited switches off all that bounds the number of calls.
func unlimited() *alert.RingPolicy {
	return &alert.RingPolicy{Window: -1, Limits: []alert.Limit{}}
}

// held returns why err holds an alert back, or "".
func held(err error) alert.HeldBy {
	if e, ok := errors.AsType[*alert.HeldError](err); ok {
		return e.By
	}
	return ""
}

// A repetition of what may have rung rings nobody, whoever repeats it.
func TestRingsAtMostOnce(t *testing.T) {
	t.Parallel()
	a := critical("1")
	tests := []struct {
		name      string
		outcome   error
		give      alert.Alert
		between   []alert.Alert
		later     time.Duration
		again     alert.Alert
		calls     int
		uncertain bool // answered the second time
	}{
		{name: "accepted", give: a, again: a, calls: 1},
		{name: "lost", outcome: lost{}, give: a, again: a, calls: 1, uncertain: true},
		{name: "lost, and the channel would repeat", outcome: lost{again: true}, give: a, again: a, calls: 1, uncertain: true},
		{name: "lost, wrapped", outcome: fmt.Errorf("x: %w", lost{again: true}), give: a, again: a, calls: 1, uncertain: true},
		{name: "lost, for hours", outcome: lost{}, give: a, later: 23 * time.Hour, again: a, calls: 1, uncertain: true},
		{name: "lost, for a day", outcome: lost{}, give: a, later: 24 * time.Hour, again: a, calls: 2},
		{name: "lost, another event", outcome: lost{}, give: a, again: critical("2"), calls: 2},
		{name: "lost, same ID of another source", outcome: lost{}, give: a, again: alert.Alert{ID: "1", Severity: alert.Critical}, calls: 2},
		{name: "refused for now", outcome: answer{retryable: true}, give: a, again: a, calls: 2},
		{name: "refused for good", outcome: answer{}, give: a, again: a, calls: 2},
		{name: "lost, no ID", outcome: lost{}, give: alert.Alert{Key: "k", Name: "n"}, again: alert.Alert{Key: "k", Name: "n"}, calls: 1, uncertain: true},
		{name: "lost, no ID, later", outcome: lost{}, give: alert.Alert{Key: "k"}, later: time.Hour, again: alert.Alert{Key: "k"}, calls: 2},
		{name: "lost, no ID, other text", outcome: lost{}, give: alert.Alert{Key: "k"}, again: alert.Alert{Key: "k", Summary: "s"}, calls: 2},
		{name: "lost, no ID, over and again", outcome: lost{}, give: alert.Alert{Key: "k"},
			between: []alert.Alert{{Key: "k", Status: alert.Resolved}}, again: alert.Alert{Key: "k"}, calls: 2},
		{name: "accepted, the recovery is told", give: a, again: alert.Alert{Source: "s", ID: "2", Key: a.Key, Status: alert.Resolved}, calls: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var far alerttest.Recorder
				far.Fail(tt.outcome)
				s := alert.Chain(&far, newRinger(t, unlimited()).Wrap)
				require.Equal(t, tt.outcome, s.Send(t.Context(), tt.give))
				require.NoError(t, s.Send(t.Context(), tt.between...))
				<-time.After(tt.later)
				err := s.Send(t.Context(), tt.again)
				require.Len(t, far.Calls(), tt.calls)
				require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain))
				require.False(t, alert.Retryable(err))
			})
		})
	}
}

// A final error although a phone rang, such as that nobody picked up, is repeated
// no more than an unknown one.
func TestRangInVain(t *testing.T) {
	t.Parallel()
	calls := 0
	s := newRinger(t, unlimited()).Sender([][]string{{"13800000001"}}, func(context.Context, []error, []alert.Alert) ([]bool, error) {
		calls++
		return []bool{true}, answer{}
	})
	require.Equal(t, answer{}, s.Send(t.Context(), critical("1")))
	require.ErrorIs(t, s.Send(t.Context(), critical("1")), alert.ErrUncertain)
	require.Equal(t, 1, calls)
}

// repeat sends an alert until it is accepted, as a queue does.
func repeat(t *testing.T, s alert.Sender, a alert.Alert) {
	for {
		err := s.Send(alert.Once(t.Context()), a)
		if err == nil {
			return
		}
		require.Equal(t, alert.HeldByWindow, held(err))
		require.True(t, alert.Retryable(err))
		<-time.After(alert.RetryAfter(err))
	}
}

// Thirty critical alerts in a minute make one call, and one more that speaks for
// the rest, also for those that nobody sends again.
func TestStormRingsOnce(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(t *testing.T, s alert.Sender, a alert.Alert, i int){
		"repeated": func(t *testing.T, s alert.Sender, a alert.Alert, _ int) { repeat(t, s, a) },
		"not repeated": func(t *testing.T, s alert.Sender, a alert.Alert, i int) {
			if err := s.Send(t.Context(), a); i == 0 {
				require.NoError(t, err)
			} else {
				require.Equal(t, alert.HeldByWindow, held(err))
			}
			if i == 29 {
				repeat(t, s, a)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var far alerttest.Recorder
				s := newRinger(t, nil).Wrap(&far)
				var wg sync.WaitGroup
				for i := range 30 {
					wg.Go(func() { send(t, s, critical(fmt.Sprint(i)), i) })
					<-time.After(2 * time.Second)
				}
				wg.Wait()
				require.Len(t, far.Calls(), 2)
				require.Len(t, far.Calls()[0], 1)
				require.Len(t, far.Calls()[1], 29, "the second call speaks for all that was held back")
			})
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var far alerttest.Recorder
		s := newRinger(t, &alert.RingPolicy{Limits: []alert.Limit{}, Tests: true}).Wrap(&far)
		ctx := alert.Once(t.Context())
		warning := func(id string) alert.Alert { return alert.Alert{ID: id, Key: id, Name: id} }

		require.NoError(t, s.Send(ctx, warning("1")))
		require.Equal(t, alert.HeldByWindow, held(s.Send(ctx, warning("2"))))
		require.NoError(t, s.Send(ctx, critical("3")), "a critical one rings at once after a lesser one")
		require.Len(t, far.Calls()[1], 2, "and speaks for what was held back")
		require.NoError(t, s.Send(ctx, warning("2")), "which is told by now")
		require.Equal(t, alert.HeldByWindow, held(s.Send(ctx, critical("4"))), "but once")
		require.NoError(t, s.Send(ctx, alert.Alert{ID: "t", Test: true, Severity: alert.Critical}), "tests have a window of their own")
		require.Len(t, far.Calls(), 3)

		require.NoError(t, s.Send(ctx, alert.Alert{ID: "4 over", Source: "s", Key: "key 4", Status: alert.Resolved}))
		<-time.After(2 * time.Minute)
		require.NoError(t, s.Send(ctx, warning("5")))
		require.Len(t, far.Calls()[3], 1, "a problem that is over is not told")

		<-time.After(2 * time.Minute)
		far.Fail(answer{retryable: true})
		require.Equal(t, answer{retryable: true}, s.Send(ctx, warning("6")))
		require.NoError(t, s.Send(ctx, warning("6")), "a call that rang nobody begins no window")
	})
}

// What was held and is in a call that fails waits for the next one.
func TestHeldSurvivesAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var far alerttest.Recorder
		s := newRinger(t, nil).Wrap(&far)
		ctx := alert.Once(t.Context())
		require.NoError(t, s.Send(ctx, critical("1")))
		require.Error(t, s.Send(ctx, critical("2")))
		<-time.After(2 * time.Minute)
		far.Fail(answer{retryable: true})
		require.Error(t, s.Send(ctx, critical("3")))
		require.NoError(t, s.Send(ctx, critical("4"), critical("3"), critical("4")))
		require.Len(t, far.Calls()[2], 4, "2, 3, and both of 4")
		far.Fail(lost{})
		require.NoError(t, s.Send(ctx, critical("2")))
	})
}

func TestFalls(t *testing.T) {
	t.Parallel()
	var far alerttest.Recorder
	s := alert.Chain(&far, alert.Only(alert.Critical), newRinger(t, unlimited()).Wrap)
	for i, tt := range []struct {
		a    alert.Alert
		ring bool
	}{
		{alert.Alert{Key: "k", Severity: alert.Critical}, true},
		{alert.Alert{Key: "k", Severity: alert.Info}, false},
		{alert.Alert{Key: "k", Severity: alert.Critical}, true},
		{alert.Alert{Key: "k", Severity: alert.Info}, false},
		{alert.Alert{Key: "k", Severity: alert.Info, Status: alert.Resolved}, false},
		{alert.Alert{Key: "k", Severity: alert.Critical, Status: alert.News}, false},
		{alert.Alert{Key: "k", Severity: alert.Critical, Test: true}, false},
	} {
		tt.a.ID = fmt.Sprint(i)
		before := len(far.Calls())
		require.NoError(t, s.Send(t.Context(), tt.a))
		require.Equal(t, tt.ring, len(far.Calls()) > before, "alert %d", i)
	}
}

// A problem that rang and is less severe a day later is a problem.
func TestFallsForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var far alerttest.Recorder
		s := newRinger(t, unlimited()).Wrap(&far)
		require.NoError(t, s.Send(t.Context(), critical("1")))
		lesser := critical("1")
		lesser.ID, lesser.Severity = "2", alert.Major
		<-time.After(24 * time.Hour)
		require.NoError(t, s.Send(t.Context(), lesser))
		require.Len(t, far.Calls(), 2)
	})
}

// Who stands in the list twice is one person.
func TestLimitsCountAPersonOnce(t *testing.T) {
	t.Parallel()
	r := newRinger(t, &alert.RingPolicy{Window: -1})
	s := r.Sender([][]string{{"13800000001", "alice"}, {"+86 138 0000 0001", "duty"}}, func(context.Context, []error, []alert.Alert) ([]bool, error) { return nil, nil })
	for i := range 3 {
		require.NoError(t, s.Send(t.Context(), critical(fmt.Sprint(i))))
	}
	require.Equal(t, alert.HeldByLimit, held(s.Send(t.Context(), critical("4"))))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ringer := newRinger(t, &alert.RingPolicy{Window: -1, Block: []string{"0086 139 0000 0009", "mallory"}})
		var rung []string
		sender := func(people ...[]string) alert.Sender {
			return ringer.Sender(people, func(_ context.Context, held []error, _ []alert.Alert) ([]bool, error) {
				rang := make([]bool, len(people))
				for i := range people {
					if rang[i] = held[i] == nil; rang[i] {
						rung = append(rung, people[i][0])
					}
				}
				return rang, nil
			})
		}
		alice, bob := sender([]string{"13800000001", "alice"}), sender([]string{"+86 138 0000 0001"}, []string{"13800000002"})
		n := 0
		send := func(s alert.Sender) error {
			n++
			return s.Send(alert.Once(t.Context()), critical(fmt.Sprint(n)))
		}
		require.NoError(t, send(alice))
		require.NoError(t, send(bob))
		<-time.After(time.Minute)
		require.NoError(t, send(alice))
		err := send(alice)
		require.Equal(t, alert.HeldByLimit, held(err), "three calls by two Senders, in any spelling")
		require.Equal(t, 14*time.Minute, alert.RetryAfter(err))
		require.NoError(t, send(bob))
		require.Equal(t, []string{"13800000001", "+86 138 0000 0001", "13800000002", "13800000001", "13800000002"}, rung)

		<-time.After(14 * time.Minute)
		require.NoError(t, send(alice))
		require.NoError(t, send(alice))
		<-time.After(15 * time.Minute)
		require.NoError(t, send(alice))
		require.NoError(t, send(alice))
		<-time.After(15 * time.Minute)
		require.Equal(t, 15*time.Minute, alert.RetryAfter(send(alice)), "seven in an hour")

		err = send(sender([]string{"13900000009"}, []string{"13900000008", "mallory"}))
		require.Equal(t, alert.HeldByBlock, held(err))
		require.False(t, alert.Retryable(err))

		require.NoError(t, ringer.Allow(alert.Info, false, "", "carol"))
		require.NoError(t, ringer.Allow(alert.Info, false, "carol"))
		require.NoError(t, ringer.Allow(alert.Info, false, "carol"))
		require.NoError(t, ringer.Allow(alert.Info, true, "carol"), "a test counts for itself")
		require.Equal(t, alert.HeldByLimit, held(ringer.Allow(alert.Critical, false, "carol")))
	})
}

// A person is known by any spelling of a number, and a name by itself alone.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		same []string
		not  []string
	}{
		{"China", []string{"13800000001", "+86 138-0000-0001", "008613800000001", " 138 0000 0001 "}, []string{"13800000002", "+8113800000001", ""}},
		{"Japan", []string{"090-0000-0001", "+81 90 0000 0001", "+81 090 0000 0001", "00819000000001"}, []string{"9000000001"}},
		{"elsewhere", []string{"+49 30 00000001", "0049 (30) 00000001"}, []string{"493000000001"}},
		{"a name", []string{"alice", " alice "}, []string{"a-lice", "al ice", "Alice"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, blocked := range tt.same {
				r := newRinger(t, &alert.RingPolicy{Limits: []alert.Limit{}, Block: []string{blocked}})
				for _, s := range tt.same {
					require.Equal(t, alert.HeldByBlock, held(r.Allow(alert.Critical, false, "x", s)), "%s: %s", blocked, s)
				}
				for _, s := range tt.not {
					require.NoError(t, r.Allow(alert.Critical, false, s), "%s: %s", blocked, s)
				}
			}
		})
	}
}

// A panic in the channel leaves the outcome open, and the Sender usable.
func TestRingPanics(t *testing.T) {
	t.Parallel()
	calls := 0
	s := newRinger(t, unlimited()).Wrap(alert.SenderFunc(func(context.Context, ...alert.Alert) error {
		if calls++; calls == 1 {
			panic("broken")
		}
		return nil
	}))
	require.Panics(t, func() { _ = s.Send(t.Context(), critical("1")) })
	require.ErrorIs(t, s.Send(t.Context(), critical("1")), alert.ErrUncertain)
	require.NoError(t, s.Send(t.Context(), critical("2")))
}

func TestNewRingerRefuses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]alert.RingPolicy{
		"no calls":        {Limits: []alert.Limit{{Per: time.Hour}}},
		"no period":       {Limits: []alert.Limit{{Calls: 1}}},
		"a long period":   {Limits: []alert.Limit{{Calls: 1, Per: 25 * time.Hour}}},
		"seconds":         {Quiet: []alert.QuietHours{{From: time.Second}}},
		"after midnight":  {Quiet: []alert.QuietHours{{To: 25 * time.Hour}}},
		"before midnight": {Quiet: []alert.QuietHours{{From: -time.Hour}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := alert.NewRinger(&p)
			require.ErrorContains(t, err, "alert: new ringer: ")
		})
	}
}

// No way of printing shows a number.
func TestRingerHidesNumbers(t *testing.T) {
	t.Parallel()
	const number = "13800000001"
	p := alert.RingPolicy{Block: []string{number}}
	r := newRinger(t, &p)
	s := r.Sender([][]string{{number}}, func(context.Context, []error, []alert.Alert) ([]bool, error) { return nil, nil })
	for _, v := range []any{p, &p, r, s} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			require.NotContains(t, fmt.Sprintf(verb, v), number)
		}
	}
}
