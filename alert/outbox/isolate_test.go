package outbox_test

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
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A poisoned is a far end that fails for some alerts, or for all while it is down.
type poisoned struct {
	poison map[string]bool
	fail   func(context.Context) error

	mu     sync.Mutex
	down   bool
	sizes  []int     // of the messages, also of those that failed
	failed time.Time // the first time
	heard  map[string]time.Time
}

func (p *poisoned) Send(ctx context.Context, alerts ...alert.Alert) error {
	if p.answer(alerts) {
		return nil
	}
	return p.fail(ctx)
}

func (p *poisoned) answer(alerts []alert.Alert) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sizes = append(p.sizes, len(alerts))
	bad := p.down
	for i := range alerts {
		bad = bad || p.poison[alerts[i].Name]
	}
	if bad {
		if p.failed.IsZero() {
			p.failed = time.Now()
		}
		return false
	}
	for i := range alerts {
		p.heard[alerts[i].Name] = time.Now()
	}
	return true
}

func (p *poisoned) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down, p.sizes = down, nil
}

var errUnknown = errors.New("of an unknown kind")

func numbers(n int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		alerts[i].Name = fmt.Sprint(i)
	}
	return alerts
}

// The neighbours of a poisonous alert are told within two backoffs.
func TestNeighboursAreTold(t *testing.T) {
	t.Parallel()
	const twoBackoffs = 2*time.Second + 4*time.Second
	fails := map[string]func(context.Context) error{
		"panic":     func(context.Context) error { panic("of one alert") },
		"unknown":   func(context.Context) error { return errUnknown },
		"uncertain": func(context.Context) error { return alert.ErrUncertain },
		"timeout":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"retryable": func(context.Context) error { return mood{again: true} },
		"refused":   func(context.Context) error { return mood{} },
	}
	for how, fail := range fails {
		for _, n := range []int{1, 2, 3, 10, 100} {
			for _, poison := range [][]int{{0}, {n / 2}, {n - 1}, {0, n - 1}, {0, 1}, {0, n / 3, n - 1}} {
				t.Run(fmt.Sprint(how, " ", poison, " of ", n), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						far := newPoisoned(poison...)
						far.fail = fail
						b := newBox(t, far, &outbox.RouteOptions{Timeout: 10 * time.Millisecond}) // which is not counted
						require.NoError(t, b.Send(t.Context(), numbers(n)...))
						stop := run(t, b)
						<-time.After(time.Hour)
						stop()
						for i := range n {
							name := fmt.Sprint(i)
							if far.poison[name] {
								continue
							}
							require.Contains(t, far.heard, name)
							require.LessOrEqual(t, far.heard[name].Sub(far.failed), twoBackoffs+time.Second/2, name)
						}
					})
				})
			}
		}
	}
}

// An outage of an hour costs few messages, and what has gathered in it goes out in
// digests.
func TestOutageIsCheap(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				far := newPoisoned()
				far.setDown(true)
				b := newBox(t, far, nil)
				stop := run(t, b)
				for i := range n { // some at once, and the others in the course of the hour
					if i > n/2 {
						<-time.After(time.Hour / time.Duration(n))
					}
					require.NoError(t, b.Send(t.Context(), alert.Alert{Name: fmt.Sprint(i)}))
				}
				<-time.After(time.Hour / 2)
				require.Less(t, len(far.sizes), 60)
				far.setDown(false)
				<-time.After(5 * time.Minute)
				stop()
				require.Len(t, far.heard, n)
				require.LessOrEqual(t, len(far.sizes), n/100+3, "%v", far.sizes)
			})
		})
	}
}

// The budget holds while a poisonous alert is looked for, and new alerts pass.
func TestPoisonWithinBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := newPoisoned(7, 63)
		var at []time.Time
		b := newBox(t, alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			at = append(at, time.Now())
			return far.Send(ctx, alerts...)
		}), &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20, Per: time.Minute}})
		require.NoError(t, b.Send(t.Context(), numbers(100)...))
		stop := run(t, b)
		<-time.After(time.Second)
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "fire", Severity: alert.Critical}))
		began := time.Now()
		<-time.After(2 * time.Minute)
		stop()
		require.Len(t, far.heard, 99)
		require.Less(t, far.heard["fire"].Sub(began), 20*time.Second)
		for i := 20; i < len(at); i++ {
			require.GreaterOrEqual(t, at[i].Sub(at[i-20]), time.Minute)
		}
	})
}

// newPoisoned returns a far end that fails for some of the numbers.
func newPoisoned(of ...int) *poisoned {
	far := &poisoned{
		poison: make(map[string]bool), heard: make(map[string]time.Time),
		fail: func(context.Context) error { return errUnknown },
	}
	for _, i := range of {
		far.poison[fmt.Sprint(i)] = true
	}
	return far
}

// What is known to fail alone does not keep what comes later waiting.
func TestPoisonPausesNobody(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 4, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				far := newPoisoned(0, n/2)
				b := newBox(t, far, nil)
				require.NoError(t, b.Send(t.Context(), append(numbers(n), alert.Alert{Name: "good"})...))
				stop := run(t, b)
				<-time.After(30 * time.Minute)
				for i := range 20 {
					name := fmt.Sprint("later ", i)
					sent := time.Now()
					require.NoError(t, b.Send(t.Context(), alert.Alert{Name: name}))
					<-time.After(7 * time.Minute)
					require.WithinDuration(t, sent, far.heard[name], 2*time.Second)
				}
				stop()
			})
		})
	}
}

// Even if no half is without one, the others are told soon.
func TestManyPoisons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := newPoisoned(0, 10, 20, 30, 40, 50, 60, 70, 80, 90)
		b := newBox(t, far, nil)
		require.NoError(t, b.Send(t.Context(), numbers(100)...))
		stop := run(t, b)
		<-time.After(20 * time.Second)
		require.Len(t, far.heard, 90)
		stop()
	})
}

// Where nothing but poison waits, a new alert is the next to be tried.
func TestNewAmongPoisons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := newPoisoned(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
		b := newBox(t, far, nil)
		require.NoError(t, b.Send(t.Context(), numbers(20)...))
		stop := run(t, b)
		<-time.After(2 * time.Hour)
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "good"}))
		<-time.After(3 * time.Minute) // more than half of the longest backoff
		require.Contains(t, far.heard, "good")
		stop()
	})
}

// Of a message that was delivered in part, what the far end refused goes alone.
func TestRefusedInPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var far alerttest.Recorder
		far.FailEach(nil, forGood{}, forGood{}, forGood{}, forGood{})
		b := newBox(t, &far, nil)
		require.NoError(t, b.Send(t.Context(), numbers(5)...))
		stop := run(t, b)
		<-time.After(time.Second)
		stop()
		require.Len(t, far.Calls(), 5)
		require.Len(t, far.Accepted(), 5)
	})
}

// What fails alone from the start does not keep what comes later waiting either.
func TestLonePoisonPausesNobody(t *testing.T) {
	t.Parallel()
	for _, batch := range []int{1, 100} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				far := newPoisoned(0, 1)
				b := newBox(t, far, &outbox.RouteOptions{Batch: batch})
				require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "0"}))
				stop := run(t, b)
				for i := range 20 {
					<-time.After(7 * time.Minute)
					name := fmt.Sprint("later ", i)
					sent := time.Now()
					if i == 10 {
						require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "1"}))
					}
					require.NoError(t, b.Send(t.Context(), alert.Alert{Name: name}))
					<-time.After(time.Minute)
					require.WithinDuration(t, sent, far.heard[name], 6*time.Second, name)
				}
				stop()
			})
		})
	}
}
