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
		require.ErrorIs(t, robot.Send(t.Context(), sample()), wecom.CodeRateLimited)
		began := time.Now()
		require.NoError(t, robot.Send(t.Context(), sample()))
		require.GreaterOrEqual(t, time.Since(began), time.Minute)
		require.Equal(t, 2, server.Attempts())
	})
}
