package voice_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/voice"
)

// A ledger counts what was told on the phone and what Sends returned.
type ledger struct {
	mu                    sync.Mutex
	rang                  []time.Time
	spoken                int // alerts that the texts count
	told, doubtful, again int // alerts by the outcome of their Send
}

// dial takes a while, and reads the count from the text.
func (l *ledger) dial(t *testing.T) voice.DialFunc {
	return func(ctx context.Context, _, text string) voice.Result {
		l.mu.Lock()
		l.rang = append(l.rang, time.Now())
		l.spoken += counted(t, text)
		l.mu.Unlock()
		select {
		case <-time.After(7 * time.Second):
			return voice.Result{State: voice.Answered}
		case <-ctx.Done():
			return voice.Result{State: voice.Unknown}
		}
	}
}

// enter notes the outcome of a Send of n alerts.
func (l *ledger) enter(err error, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.told += n
	case errors.Is(err, alert.ErrUncertain) && !alert.Retryable(err):
		l.doubtful += n
	case alert.Retryable(err):
		l.again += n
	}
}

// Whatever the contexts of a storm do, every alert is told once, or nobody
// knows, or it comes back to be sent again; and no two calls are closer than
// the window.
func TestStormLosesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			l := &ledger{}
			dialer, err := voice.NewDialer(l.dial(t), nil)
			require.NoError(t, err)
			s, err := voice.NewSender(dialer, three()[:1], &voice.SenderOptions{Locale: alert.English})
			require.NoError(t, err)
			given := 0
			var wg sync.WaitGroup
			for range 150 {
				begin, patience := time.Duration(random.IntN(900))*time.Second, time.Duration(1+random.IntN(240))*time.Second
				n, kind := 1+random.IntN(3), random.IntN(4)
				given += n
				wg.Go(func() {
					<-time.After(begin)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					switch kind {
					case 0:
						ctx = alert.Once(ctx)
					case 1:
						ctx, cancel = context.WithTimeout(ctx, patience)
						defer cancel()
					case 2:
						timer := time.AfterFunc(patience, cancel)
						defer timer.Stop()
					}
					alerts := make([]alert.Alert, n)
					l.enter(s.Send(ctx, alerts...), n)
				})
			}
			wg.Wait()
			require.Equal(t, given, l.told+l.doubtful+l.again, "every Send says what became of its alerts")
			require.Equal(t, l.spoken, l.told+l.doubtful, "none is told twice or counted as told in silence")
			require.Positive(t, l.told)
			require.Positive(t, l.again)
			for i := 1; i < len(l.rang); i++ {
				require.GreaterOrEqual(t, l.rang[i].Sub(l.rang[i-1]), 2*time.Minute)
			}
		})
	}
}
