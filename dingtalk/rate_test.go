package dingtalk_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// TestRate posts from many goroutines to a robot that counts as the vendor
// does, at several rates: nothing is refused, and nothing is slower than it
// has to be.
func TestRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{0, 1, 2, 7, 20, 60} {
		synctest.Test(t, func(t *testing.T) {
			robot, server := newRobot(t, &dingtalk.Options{Rate: rate})
			allowed := rate
			if rate == 0 {
				allowed = 20
			}
			server.Rate = allowed
			began := time.Now()
			var group sync.WaitGroup
			for range 3 * allowed {
				group.Go(func() {
					if err := robot.Send(t.Context(), bandwidth()); err != nil {
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
		robot, server := newRobot(t, &dingtalk.Options{Rate: -1})
		server.Rate = 0
		began := time.Now()
		for range 100 {
			require.NoError(t, robot.Send(t.Context(), bandwidth()))
		}
		require.Zero(t, time.Since(began))
	})
}

// TestRateRefusal is about callers that do not wait.
func TestRateRefusal(t *testing.T) {
	t.Parallel()
	for _, failFast := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			robot, server := newRobot(t, &dingtalk.Options{FailFast: failFast})
			for range 5 {
				require.NoError(t, robot.Send(t.Context(), bandwidth()))
			}
			soon, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			contexts := []context.Context{alert.Once(t.Context()), soon}
			if failFast {
				contexts = append(contexts, t.Context())
			}
			for _, ctx := range contexts {
				err := robot.Send(ctx, bandwidth())
				require.Equal(t, dingtalk.ClassWait, asError(t, err).Class())
				require.True(t, alert.Retryable(err))
				require.Equal(t, 3750*time.Millisecond, alert.RetryAfter(err).Round(time.Millisecond))
				require.NotErrorIs(t, err, alert.ErrUncertain)
			}
			require.Equal(t, 5, server.Attempts(), "a refusal sends nothing")
		})
	}
}

// TestPenalty shows that after the vendor's refusal nobody sends for ten
// minutes, with a budget or without, that errors tell how much of that is
// left, and that a caller who can wait gets through afterwards.
func TestPenalty(t *testing.T) {
	t.Parallel()
	failures := map[string]dingtalktest.Failure{
		"130101":            dingtalktest.Errcode(130101),
		"410100":            dingtalktest.Errcode(410100),
		"abuse layer":       dingtalktest.Deny(5),
		"abuse layer alone": dingtalktest.Answer(200, `{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"0"}`),
		"old token code":    dingtalktest.Errmsg(300001, "send too fast"),
		"unknown code":      dingtalktest.Errmsg(999999, "触发限流"),
	}
	for name, failure := range failures {
		for _, rate := range []int{0, -1} {
			synctest.Test(t, func(t *testing.T) {
				robot, server := newRobot(t, &dingtalk.Options{Rate: rate})
				server.Rate = 0
				server.Fail(failure)
				err := robot.Send(t.Context(), bandwidth())
				require.Equal(t, dingtalk.ClassWait, asError(t, err).Class(), name)
				require.Equal(t, 10*time.Minute, alert.RetryAfter(err), name)
				require.ErrorContains(t, err, "send again later, in 10m0s")
				require.Equal(t, 1, server.Attempts(), "not repeated")

				<-time.After(4 * time.Minute)
				for range 3 {
					err = robot.Send(alert.Once(t.Context()), bandwidth())
					require.Equal(t, dingtalk.ClassWait, asError(t, err).Class())
					require.Equal(t, 6*time.Minute, alert.RetryAfter(err))
					require.ErrorContains(t, err, "6m0s")
					require.True(t, alert.Retryable(err))
				}
				require.Equal(t, 1, server.Attempts(), "the circuit is open, nothing leaves")

				began := time.Now()
				var group sync.WaitGroup
				for range 4 {
					group.Go(func() {
						if err := robot.Send(t.Context(), bandwidth()); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				require.Equal(t, 6*time.Minute, time.Since(began))
				require.Len(t, server.Messages(), 4)
			})
		}
	}
}

// TestRateInAStorm sends 10,000 alerts at once, and as many calls as come together in
// ten minutes of a storm. What is refused says so.
func TestRateInAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		require.NoError(t, robot.Send(t.Context(), bandwidths(10_000, 700)...))
		require.Len(t, server.Messages(), 1)
		require.Equal(t, 10_000, newCounter().count(t, server.Messages()[0].Text))

		told, refused := 0, 0
		for range 600 {
			err := robot.Send(alert.Once(t.Context()), bandwidths(20, 3)...)
			switch {
			case err == nil:
				told++
			case alert.RetryAfter(err) > 0 && alert.Retryable(err):
				refused++
			default:
				t.Errorf("neither told nor to be repeated: %v", err)
			}
			<-time.After(time.Second)
		}
		require.Equal(t, 600, told+refused)
		require.Len(t, server.Messages(), 1+told, "the vendor refused none")
		require.InDelta(t, 160, told, 5)
	})
}
