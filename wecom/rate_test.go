package wecom_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// TestRate posts from many goroutines to a robot that counts as the vendor
// does, at several rates: nothing is refused, and nothing is slower than it
// has to be.
func TestRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{0, 1, 2, 7, 20, 60} {
		synctest.Test(t, func(t *testing.T) {
			robot, server := newRobot(t, &wecom.Options{Rate: rate})
			allowed := rate
			if rate == 0 {
				allowed = 20
			}
			server.Rate = allowed
			began := time.Now()
			var group sync.WaitGroup
			for range 3 * allowed {
				group.Go(func() {
					if err := robot.Send(t.Context(), sample()); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			require.Len(t, server.Messages(), 3*allowed)
			require.Equal(t, 3*allowed, server.Attempts())
			require.Less(t, time.Since(began), 4*time.Minute)
		})
	}
}

func TestRateOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{Rate: -1})
		server.Rate = 0
		began := time.Now()
		for range 100 {
			require.NoError(t, robot.Send(t.Context(), sample()))
		}
		require.Zero(t, time.Since(began))

		// The vendor's own limit closes the robot all the same.
		server.Fail(wecomtest.Errcode(45009))
		require.ErrorIs(t, robot.Send(alert.Once(t.Context()), sample()), wecom.CodeRateLimited)
		attempts := server.Attempts()
		require.Equal(t, time.Minute, alert.RetryAfter(robot.Send(alert.Once(t.Context()), sample())))
		require.Equal(t, attempts, server.Attempts())
	})
}

// TestRateRefusal is about callers that do not wait.
func TestRateRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		for range 5 {
			require.NoError(t, robot.Send(t.Context(), sample()))
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, ctx := range []context.Context{alert.Once(t.Context()), soon} {
			err := robot.Send(ctx, sample())
			e, ok := err.(*wecom.Error)
			require.True(t, ok)
			require.Equal(t, wecom.ClassWait, e.Class())
			require.True(t, alert.Retryable(err))
			require.Equal(t, 3750*time.Millisecond, alert.RetryAfter(err).Round(time.Millisecond))
			require.NotErrorIs(t, err, alert.ErrUncertain)
		}
		require.Equal(t, 5, server.Attempts(), "a refusal sends nothing")
	})
}

// TestPause shows that 45009 stops everybody for a minute, and that a caller
// who can wait gets through afterwards.
func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.Errcode(45009))
		require.ErrorIs(t, robot.Send(alert.Once(t.Context()), sample()), wecom.CodeRateLimited)
		began := time.Now()
		require.NoError(t, robot.Send(t.Context(), sample()))
		require.Equal(t, time.Minute, time.Since(began))
		require.Equal(t, 2, server.Attempts())
	})
}

// TestRateLimitedWaits shows a caller that the vendor refuses and that waits
// it out, while nobody else posts either.
func TestRateLimitedWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.Errcode(45009))
		began := time.Now()
		var group sync.WaitGroup
		defer group.Wait()
		group.Go(func() {
			if err := robot.Send(t.Context(), sample()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		for range 8 {
			group.Go(func() {
				if err := robot.Send(t.Context(), sample()); err != nil {
					t.Error(err)
				}
			})
		}
		<-time.After(time.Minute - 1)
		require.Equal(t, 1, server.Attempts(), "nobody posts for a minute")
		group.Wait()
		require.Len(t, server.Messages(), 9)
		for _, m := range server.Messages() {
			require.GreaterOrEqual(t, m.Time.Sub(began), time.Minute)
		}
		require.LessOrEqual(t, time.Since(began), 76*time.Second)
	})
}

// TestRateLimitedDeadline is about a caller whose context ends before the
// minute is over: it does not wait in vain.
func TestRateLimitedDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.FailAlways(wecomtest.Errcode(45009))
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		began := time.Now()
		err := robot.Send(ctx, sample())
		require.ErrorIs(t, err, wecom.CodeRateLimited)
		require.Equal(t, time.Minute, alert.RetryAfter(err))
		require.Zero(t, time.Since(began))
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TestStormOfAlerts sends 10,000 alerts at once, to a waiting and a failing-fast
// robot: they end as few messages whose counts add up.
func TestStormOfAlerts(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]*wecom.Options{"card": nil, "text": {PlainText: true}, "fail fast": {FailFast: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				robot, server := newRobot(t, opts)
				require.NoError(t, robot.Send(t.Context(), storm(10_000, 700)...))
				require.LessOrEqual(t, len(server.Messages()), 20)
				total := 0
				for _, m := range server.Messages() {
					if m.Type == "text" {
						total += newTextCounter().count(t, m.Content)
					} else {
						total += newCounter().count(t, m.Content)
					}
				}
				require.Equal(t, 10_000, total)
			})
		})
	}
}

// TestManySenders has 30 goroutines that send all the time to a robot that
// counts as the vendor does: whoever waits gets through.
func TestManySenders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		const senders, each = 30, 6
		var group sync.WaitGroup
		for range senders {
			group.Go(func() {
				for range each {
					if err := robot.Send(t.Context(), sample()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		messages := server.Messages()
		require.Len(t, messages, senders*each)
		require.Equal(t, senders*each, server.Attempts(), "none was refused")
		for i := range messages[20:] {
			require.Greater(t, messages[i+20].Time.Sub(messages[i].Time), time.Minute-time.Nanosecond)
		}
	})
}

// TestFailFast counts what becomes of each alert of many senders that do not
// wait: delivered, or refused at once with the time to come back.
func TestFailFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{FailFast: true})
		const senders = 30
		began := time.Now()
		errs := make([]error, senders)
		var group sync.WaitGroup
		for i := range senders {
			group.Go(func() { errs[i] = robot.Send(t.Context(), sample()) })
		}
		group.Wait()
		require.Zero(t, time.Since(began))
		refused := 0
		for _, err := range errs {
			if err == nil {
				continue
			}
			refused++
			e, ok := err.(*wecom.Error)
			require.True(t, ok)
			require.Equal(t, wecom.ClassWait, e.Class())
			require.True(t, e.Retryable())
			require.Equal(t, 3750*time.Millisecond, e.RetryAfter().Round(time.Millisecond))
			require.NotErrorIs(t, err, alert.ErrUncertain)
		}
		require.Len(t, server.Messages(), senders-refused)
		require.Equal(t, senders-5, refused)

		<-time.After(4 * time.Second)
		require.NoError(t, robot.Send(t.Context(), sample()), "it was told to come back")

		server.FailAlways(wecomtest.Errcode(45009))
		<-time.After(4 * time.Second)
		began = time.Now()
		err := robot.Send(t.Context(), sample())
		require.ErrorIs(t, err, wecom.CodeRateLimited)
		require.Equal(t, time.Minute, alert.RetryAfter(err))
		require.Zero(t, time.Since(began))
	})
}
