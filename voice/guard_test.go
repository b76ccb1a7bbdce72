package voice_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// guarded returns a Sender to one callee, with the default window.
func guarded(t *testing.T, phones *voicetest.Phones) *voice.Sender {
	t.Helper()
	s, err := voice.NewSender(newDialer(t, phones, voice.DialerOptions{Timeout: -1}), three()[:1], nil)
	require.NoError(t, err)
	return s
}

// A call about a test holds back nothing real, nor the other way round.
func TestWindowOfTests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		s, err := voice.NewSender(newDialer(t, phones, voice.DialerOptions{Timeout: -1}), three()[:1], &voice.SenderOptions{RingForTests: true})
		require.NoError(t, err)
		trial, ctx := full(), alert.Once(t.Context())
		trial.Test = true
		require.NoError(t, s.Send(ctx, trial))
		require.NoError(t, s.Send(ctx, full()))
		require.ErrorIs(t, s.Send(ctx, trial), voice.ErrHeld)
		require.ErrorIs(t, s.Send(ctx, full()), voice.ErrHeld)
		require.Len(t, phones.Calls(), 2)
	})
}

// sends runs Sends at the same time and returns their outcomes.
func sends(ctx context.Context, s *voice.Sender, n int) <-chan error {
	results := make(chan error, n)
	for range n {
		go func() { results <- s.Send(ctx, full()) }()
	}
	return results
}

// A storm rings once, and once more when the window ends, for all that piled
// up: its text counts them, and only then do they count as told.
func TestStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		s := guarded(t, phones)
		begin := time.Now()
		require.NoError(t, s.Send(t.Context(), full()))
		results := sends(t.Context(), s, 40)
		synctest.Wait()
		require.Len(t, phones.Calls(), 1)
		<-time.After(time.Minute)
		more := sends(t.Context(), s, 10)
		synctest.Wait()
		require.Empty(t, results, "a held-back alert does not get nil before a call has counted it")
		for range 40 {
			require.NoError(t, <-results)
		}
		for range 10 {
			require.NoError(t, <-more)
		}
		require.Equal(t, 2*time.Minute, time.Since(begin))
		require.Len(t, phones.Calls(), 2)
		require.Contains(t, phones.Calls()[1].Text, "共 50 条告警")

		// The window is open again two minutes after the second call.
		<-time.After(2 * time.Minute)
		require.NoError(t, s.Send(t.Context(), full()))
		require.Len(t, phones.Calls(), 3)
		require.Equal(t, 4*time.Minute, time.Since(begin))
	})
}

// A queue gets its alerts back, with the time when they can be told.
func TestStormUnderOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		s := guarded(t, phones)
		ctx := alert.Once(t.Context())
		require.NoError(t, s.Send(ctx, full()))
		<-time.After(30 * time.Second)
		err := s.Send(ctx, full(), full())
		require.ErrorIs(t, err, voice.ErrHeld)
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.True(t, alert.Retryable(err))
		require.Equal(t, 90*time.Second, alert.RetryAfter(err))
		require.EqualError(t, err, "voice: send: held back, since a call was placed a short while ago; send again in 1m30s")
		require.Len(t, phones.Calls(), 1)
		<-time.After(alert.RetryAfter(err))
		require.NoError(t, s.Send(ctx, full(), full()))
		require.Contains(t, phones.Calls()[1].Text, "共 2 条告警")
	})
}

// While a call is being placed, a queue is not made to wait, and others join.
func TestStormDuringCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Until(release), voicetest.Answered())
		s := guarded(t, phones)
		first := sends(t.Context(), s, 1)
		synctest.Wait()
		err := s.Send(alert.Once(t.Context()), full())
		require.ErrorIs(t, err, voice.ErrHeld)
		require.True(t, alert.Retryable(err))
		require.Positive(t, alert.RetryAfter(err))
		second := sends(t.Context(), s, 3)
		synctest.Wait()
		close(release)
		require.NoError(t, <-first)
		synctest.Wait()
		require.Empty(t, second)
		for range 3 {
			require.NoError(t, <-second)
		}
		require.Len(t, phones.Calls(), 2)
		require.Contains(t, phones.Calls()[1].Text, "共 3 条告警")
	})
}

// Who cannot wait so long is told at once; who gives up takes the alerts along.
func TestStormAndContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		s := guarded(t, phones)
		require.NoError(t, s.Send(t.Context(), full()))
		begin := time.Now()
		soon, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := s.Send(soon, full())
		require.ErrorIs(t, err, voice.ErrHeld)
		require.Equal(t, 2*time.Minute, alert.RetryAfter(err))
		require.Zero(t, time.Since(begin))

		leader, leave := context.WithCancelCause(t.Context())
		follower, leaveToo := context.WithCancelCause(t.Context())
		leading := sends(leader, s, 1)
		synctest.Wait()
		following := sends(follower, s, 1)
		staying := sends(t.Context(), s, 2)
		begin = time.Now()
		require.ErrorIs(t, s.Send(soon, full()), voice.ErrHeld, "also while others wait")
		require.Zero(t, time.Since(begin))
		<-time.After(20 * time.Second)
		leave(errors.New("the caller's own"))
		leaveToo(errors.New("the caller's own"))
		for _, gone := range []<-chan error{leading, following} {
			err = <-gone
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, voice.ErrHeld)
			require.True(t, alert.Retryable(err))
			require.Equal(t, 100*time.Second, alert.RetryAfter(err))
		}
		for range 2 {
			require.NoError(t, <-staying)
		}
		require.Len(t, phones.Calls(), 2)
		require.Contains(t, phones.Calls()[1].Text, "共 2 条告警", "who left is not counted")
	})
}

// The alerts of a Send that gives up while another one tells them are neither
// told for sure nor to be sent again.
func TestLeavingDuringSharedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones, release := &voicetest.Phones{}, make(chan struct{})
		phones.Script(numberA, voicetest.Answered(), voicetest.Until(release))
		s := guarded(t, phones)
		require.NoError(t, s.Send(t.Context(), full()))
		staying := sends(t.Context(), s, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		alerts := []alert.Alert{full()}
		alerts[0].Labels = map[string]string{"a": "b"}
		err := s.Send(ctx, alerts...)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.False(t, alert.Retryable(err))
		alerts[0].Labels["a"] = "c" // the race detector sees a reader
		close(release)
		require.NoError(t, <-staying)
		require.Len(t, phones.Calls(), 2)
	})
}

// Only a call that may have rung begins a window; a failure is shared by all
// who waited for the call.
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
				s := guarded(t, phones)
				first := s.Send(t.Context(), full())
				require.NotErrorIs(t, first, voice.ErrHeld)
				second := s.Send(alert.Once(t.Context()), full())
				require.Equal(t, tt.held, errors.Is(second, voice.ErrHeld), "%v", second)
				if tt.held {
					require.Len(t, phones.Calls(), 1)
				} else {
					require.Len(t, phones.Calls(), 2)
				}
			})
		})
	}
}

// A gateway whose error leaves it open whether phones ring begins the window
// as well; one that certainly did nothing does not.
func TestWindowAfterErrors(t *testing.T) {
	t.Parallel()
	for err, held := range map[error]bool{errSilent: true, errExplicit{true}: false, errExplicit{false}: false} {
		s, failed := voice.NewSender(failing(err), three(), nil)
		require.NoError(t, failed)
		require.Error(t, s.Send(t.Context(), full()))
		require.Equal(t, held, errors.Is(s.Send(alert.Once(t.Context()), full()), voice.ErrHeld), "%v", err)
	}
}

// Those who waited for a shared call all get its failure, and the window
// begins for a call that may have rung.
func TestSharedFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		phones := &voicetest.Phones{}
		phones.Script(numberA, voicetest.Answered(), voicetest.Panic("x"))
		s := guarded(t, phones)
		require.NoError(t, s.Send(t.Context(), full()))
		results := sends(t.Context(), s, 5)
		for range 5 {
			err := <-results
			require.ErrorIs(t, err, alert.ErrUncertain)
			require.False(t, alert.Retryable(err))
		}
		require.Len(t, phones.Calls(), 2)
		require.ErrorIs(t, s.Send(alert.Once(t.Context()), full()), voice.ErrHeld)
	})
}

// A hook of the program that panics does not hold up those who wait.
func TestPanicInReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s, err := voice.NewSender(saying(accepted), three()[:1], &voice.SenderOptions{Report: func(voice.Report, error) {
			if calls++; calls == 2 {
				panic("hook")
			}
		}})
		require.NoError(t, err)
		require.NoError(t, s.Send(t.Context(), full()))
		leader := make(chan any, 1)
		go func() {
			defer func() { leader <- recover() }()
			_ = s.Send(t.Context(), full())
		}()
		synctest.Wait()
		waiting := sends(t.Context(), s, 1)
		require.Equal(t, "hook", <-leader)
		require.ErrorIs(t, <-waiting, alert.ErrUncertain)
		<-time.After(2 * time.Minute)
		require.NoError(t, s.Send(t.Context(), full()))
	})
}

// A window of one's own, and none.
func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for window, after := range map[time.Duration]time.Duration{0: 2 * time.Minute, time.Hour: time.Hour, -1: 0} {
			s, err := voice.NewSender(saying(accepted), three()[:1], &voice.SenderOptions{Window: window})
			require.NoError(t, err)
			require.NoError(t, s.Send(t.Context(), full()))
			err = s.Send(alert.Once(t.Context()), full())
			require.Equal(t, after, alert.RetryAfter(err))
			require.Equal(t, after > 0, err != nil && strings.Contains(err.Error(), "held back"))
		}
	})
}
