package httpcall_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// admissions lets n waiters at a limiter and returns when each got its token.
func admissions(t *testing.T, l *httpcall.Limiter, n int) []time.Time {
	t.Helper()
	var (
		mu sync.Mutex
		at []time.Time
		wg sync.WaitGroup
	)
	for range n {
		wg.Go(func() {
			if l.Wait(t.Context()) == nil {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			}
		})
	}
	wg.Wait()
	slices.SortFunc(at, time.Time.Compare)
	require.Len(t, at, n)
	return at
}

// busiest returns the greatest number of admissions in any window of length w.
func busiest(at []time.Time, w time.Duration) int {
	most := 0
	for i, from := range at {
		n := 0
		for _, x := range at[i:] {
			if x.Sub(from) < w {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// "20 a minute" needs a burst that leaves room for the tokens of that minute.
func TestLimiterTwentyAMinute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		interval time.Duration
		burst    int
		want     int
	}{
		{"burst 5, one per 3.75 s", 3750 * time.Millisecond, 5, 20},
		{"burst 20, one per 3 s: the naive reading", 3 * time.Second, 20, 39},
		{"burst 1, one per 3 s", 3 * time.Second, 1, 20},
		{"burst 0 is 1", 3 * time.Second, 0, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := httpcall.NewLimiter(tt.interval, tt.burst)
				at := admissions(t, l, 100)
				<-time.After(17 * time.Second) // a little budget comes back
				at = append(at, admissions(t, l, 100)...)
				require.Equal(t, tt.want, busiest(at, time.Minute))
			})
		})
	}
}

func TestLimiterWithoutLimit(t *testing.T) {
	t.Parallel()
	var none *httpcall.Limiter
	none.Pause(time.Hour)
	for _, l := range []*httpcall.Limiter{none, httpcall.NewLimiter(0, 1), httpcall.NewLimiter(-1, 0)} {
		for range 1000 {
			require.NoError(t, l.Wait(alert.Once(t.Context())))
		}
	}
}

// A wait that cannot be sat through takes no token and says when to come back.
func TestLimiterRefuses(t *testing.T) {
	t.Parallel()
	contexts := map[string]func(context.Context) (context.Context, context.CancelFunc){
		"under Once": func(ctx context.Context) (context.Context, context.CancelFunc) { return alert.Once(ctx), func() {} },
		"deadline first": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		},
		"deadline at once": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 3*time.Second)
		},
	}
	for name, derive := range contexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := httpcall.NewLimiter(3*time.Second, 1)
				require.NoError(t, l.Wait(t.Context()))
				began := time.Now()
				for range 5 { // no refusal pushes the next token out
					ctx, cancel := derive(t.Context())
					err := l.Wait(ctx)
					cancel()
					e := asError(t, err)
					require.Equal(t, httpcall.NotSent, e.Kind)
					require.True(t, alert.Retryable(err))
					require.Equal(t, 3*time.Second, alert.RetryAfter(err))
					require.NotErrorIs(t, err, context.DeadlineExceeded)
				}
				require.Zero(t, time.Since(began))
				require.NoError(t, l.Wait(t.Context()))
				require.Equal(t, 3*time.Second, time.Since(began))
			})
		})
	}
}

func TestLimiterWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := httpcall.NewLimiter(time.Minute, 1)
		require.NoError(t, l.Wait(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := l.Wait(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, httpcall.NotSent, asError(t, err).Kind)
		require.ErrorIs(t, l.Wait(ctx), context.Canceled, "a context that has ended before")

		began := time.Now() // the token went back: it is due 59 s from here
		require.NoError(t, l.Wait(t.Context()))
		require.Equal(t, 59*time.Second, time.Since(began))
	})
}

// A pause closes the budget for those who come and those who wait.
func TestLimiterPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := httpcall.NewLimiter(3750*time.Millisecond, 5)
		began := time.Now()
		time.AfterFunc(time.Second, func() {
			l.Pause(10 * time.Minute)
			l.Pause(time.Minute) // does not end the longer one
			l.Pause(-time.Minute)
			require.Equal(t, 10*time.Minute, alert.RetryAfter(l.Wait(alert.Once(t.Context()))))

			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Minute, cancel) // gives back in the middle of the pause
			time.AfterFunc(time.Minute, func() { _ = l.Wait(alert.Once(t.Context())) })
			go func() { _ = l.Wait(ctx) }()
		})
		at := admissions(t, l, 30)
		require.Equal(t, time.Duration(0), at[4].Sub(began))
		opens := began.Add(time.Second + 10*time.Minute)
		require.Equal(t, opens, at[5])
		require.LessOrEqual(t, busiest(at, time.Minute), 20, "no more than usual after the pause")
		require.GreaterOrEqual(t, busiest(at, time.Minute), 19, "a token may be lost with a waiter that gave up")
	})
}

// Pausing, waiting and giving up at once is safe and never exceeds the budget.
func TestLimiterConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := httpcall.NewLimiter(3750*time.Millisecond, 5)
		for i := range 40 {
			time.AfterFunc(time.Duration(i)*7*time.Second, func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Second)
				defer cancel()
				_ = l.Wait(alert.Once(ctx))
				_ = l.Wait(ctx)
			})
		}
		at := admissions(t, l, 60)
		require.LessOrEqual(t, busiest(at, time.Minute), 20)
		<-time.After(10 * time.Minute) // until the last of them has given up
	})
}

// However many calls are due, no minute holds more than n, and no budget is
// left unused for long.
func TestPerMinute(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 20, 60} {
		synctest.Test(t, func(t *testing.T) {
			limit := httpcall.PerMinute(n)
			allowed := cmp.Or(n, 20)
			var at []time.Time
			for range 3 * allowed {
				require.NoError(t, limit.Wait(t.Context()))
				at = append(at, time.Now())
			}
			for i := allowed; i < len(at); i++ {
				require.GreaterOrEqual(t, at[i].Sub(at[i-allowed]), time.Minute, "n = %d, call %d", n, i)
			}
			require.LessOrEqual(t, at[len(at)-1].Sub(at[0]), 4*time.Minute)
		})
	}
}

func TestPerMinuteOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := httpcall.PerMinute(-1)
		began := time.Now()
		for range 1000 {
			require.NoError(t, limit.Wait(t.Context()))
		}
		require.Zero(t, time.Since(began))
		limit.Pause(time.Minute)
		require.NoError(t, limit.Wait(t.Context()))
		require.Equal(t, time.Minute, time.Since(began))
	})
}
