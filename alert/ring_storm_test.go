package alert_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

// A telephone takes a while for each call, fails in all ways, and notes what rang.
type telephone struct {
	t    *testing.T
	mu   sync.Mutex
	busy bool
	rang []time.Time
	told map[string]int // by ID: calls that were, or may have been, placed
}

func (p *telephone) Send(ctx context.Context, alerts ...alert.Alert) error {
	p.mu.Lock()
	require.False(p.t, p.busy, "one call at a time")
	p.busy = true
	p.mu.Unlock()
	<-time.After(7 * time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = false
	kind := rand.IntN(5)
	if kind == 0 {
		return answer{retryable: true}
	}
	p.rang = append(p.rang, time.Now())
	for _, a := range alerts {
		p.told[a.ID]++
	}
	if kind == 1 || ctx.Err() != nil {
		return lost{again: true}
	}
	return nil
}

// Whatever callers and the far end do, every alert is in one call, or nobody knows;
// and no two calls are closer than the window.
func TestStormLosesNothing(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := &telephone{t: t, told: map[string]int{}}
			s := newRinger(t, &alert.RingPolicy{Limits: []alert.Limit{}}).Wrap(p)
			var wg sync.WaitGroup
			const callers = 100
			for i := range callers {
				wg.Go(func() {
					<-time.After(time.Duration(rand.IntN(900)) * time.Second)
					for {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rand.IntN(10))*time.Second)
						if rand.IntN(2) == 0 {
							ctx = alert.Once(ctx)
						}
						err := s.Send(ctx, alert.Alert{ID: fmt.Sprint(i)})
						cancel()
						if err == nil || errors.Is(err, alert.ErrUncertain) {
							return
						}
						<-time.After(max(alert.RetryAfter(err), time.Second))
					}
				})
			}
			wg.Wait()
			require.Len(t, p.told, callers)
			for id, n := range p.told {
				require.Equal(t, 1, n, "alert %s", id)
			}
			for i := 1; i < len(p.rang); i++ {
				require.GreaterOrEqual(t, p.rang[i].Sub(p.rang[i-1]), 2*time.Minute)
			}
		})
	}
}

// While a call is being placed, a queue is not made to wait.
func TestDuringACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newRinger(t, nil).Wrap(alert.SenderFunc(func(context.Context, ...alert.Alert) error { <-release; return nil }))
		first := make(chan error)
		go func() { first <- s.Send(t.Context(), critical("1")) }()
		synctest.Wait()
		require.Equal(t, alert.HeldByWindow, held(s.Send(alert.Once(t.Context()), critical("2"))))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Send(ctx, critical("3"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, alert.Retryable(err))
		close(release)
		require.NoError(t, <-first)
	})
}
