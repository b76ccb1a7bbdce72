package outbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// newBox returns an outbox in memory with one route.
func newBox(t *testing.T, far alert.Sender, opts *outbox.RouteOptions) *outbox.Outbox {
	t.Helper()
	b, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	require.NoError(t, b.Route("route", far, opts))
	return b
}

// run runs b until stop is called.
func run(t *testing.T, b *outbox.Outbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		store *outbox.Store
		opts  *outbox.Options
		want  string
	}{
		{"no store", nil, nil, "outbox: open: no store"},
		{"empty store", new(outbox.Store), nil, "outbox: open: no store"},
		{"lease", outbox.NewMemoryStore(), &outbox.Options{Lease: time.Millisecond}, "outbox: open: lease of 1ms, want at least 1s"},
		{"poll", outbox.NewMemoryStore(), &outbox.Options{Poll: time.Minute}, "outbox: open: poll of 1m0s, want 1ms to a quarter of the lease of 1m0s"},
		{"grace", outbox.NewMemoryStore(), &outbox.Options{Grace: time.Minute}, "outbox: open: grace of 1m0s, want at most half of the lease of 1m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := outbox.Open(tt.store, tt.opts)
			require.EqualError(t, err, tt.want)
			require.False(t, alert.Retryable(err))
		})
	}
}

func TestRouteRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, route string
		opts        *outbox.RouteOptions
		want        string
	}{
		{"no name", "", nil, "a name of 0 bytes, want 1 to 100"},
		{"long name", strings.Repeat("x", 101), nil, "a name of 101 bytes, want 1 to 100"},
		{"twice", "old", nil, `a second route named "old"`},
		{"batch", "r", &outbox.RouteOptions{Batch: 1001}, `"r": batch of 1001, want 1 to 1000`},
		{"no batch", "r", &outbox.RouteOptions{Batch: -1}, `"r": batch of -1, want 1 to 1000`},
		{"backoff", "r", &outbox.RouteOptions{Backoff: time.Minute, MaxBackoff: time.Second}, `"r": backoff of 1m0s to 1s`},
		{"budget", "r", &outbox.RouteOptions{Budget: outbox.Budget{Messages: 20}}, `"r": budget of 20 messages in 0s`},
		{"timeout", "r", &outbox.RouteOptions{Timeout: time.Minute}, `"r": timeout of 1m0s, want at most three quarters of the lease of 1m0s`},
		{"contradiction", "r", &outbox.RouteOptions{NeverTwice: true, Resend: true}, `"r": NeverTwice and Resend exclude each other`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := outbox.Open(outbox.NewMemoryStore(), nil)
			require.NoError(t, err)
			require.NoError(t, b.Route("old", new(alerttest.Recorder), nil))
			err = b.Route(tt.route, new(alerttest.Recorder), tt.opts)
			require.EqualError(t, err, "outbox: route: "+tt.want)
			require.False(t, alert.Retryable(err))
		})
	}
	b, err := outbox.Open(outbox.NewMemoryStore(), nil)
	require.NoError(t, err)
	require.EqualError(t, b.Route("r", nil, nil), `outbox: route: "r": no sender`)
	require.EqualError(t, b.Send(t.Context(), alert.Alert{}), "outbox: send: there is no route")
	require.NoError(t, b.Send(t.Context()))
}

func TestSQLStoreRefuses(t *testing.T) {
	t.Parallel()
	_, err := outbox.NewSQLStore(t.Context(), new(sql.DB), "oracle")
	require.EqualError(t, err, `outbox: open store: unknown SQL dialect "oracle" (want sqlite, postgres or mysql)`)
	require.False(t, alert.Retryable(err))
	_, err = outbox.NewSQLStore(t.Context(), nil, "sqlite")
	require.EqualError(t, err, "outbox: open store: no database")
}

func TestRunOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, new(alerttest.Recorder), nil)
		stop := run(t, b)
		synctest.Wait()
		require.EqualError(t, b.Run(t.Context()), "outbox: run: the outbox is running already")
		require.EqualError(t, b.Route("late", new(alerttest.Recorder), nil), "outbox: route: the outbox is running")
		stop()
		run(t, b)() // again is fine
	})
}

// One alert that is too large does not keep the others out.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	b := newBox(t, new(alerttest.Recorder), nil)
	large := alert.Alert{ID: "large", Summary: strings.Repeat("x", outbox.MaxAlert)}
	err := b.Send(t.Context(), alert.Alert{ID: "a"}, large, alert.Alert{ID: "b"})
	require.NoError(t, alert.ErrorAt(err, 0, 3))
	require.ErrorContains(t, alert.ErrorAt(err, 1, 3), "outbox: send: an alert of 4194")
	require.False(t, alert.Retryable(err))
	list, err := b.Pending(t.Context(), "route", 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
}

// A message under way when Run is to end gets the grace, and its outcome counts.
func TestGrace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		took time.Duration
		ends time.Duration
		dead int
	}{
		{"in time", 4 * time.Second, 4 * time.Second, 0},
		{"too late", time.Minute, 5 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := make(chan struct{}, 1)
				b := newBox(t, alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
					begun <- struct{}{}
					select {
					case <-time.After(tt.took):
						return nil
					case <-ctx.Done():
						return fmt.Errorf("%w: %w", alert.ErrUncertain, ctx.Err())
					}
				}), &outbox.RouteOptions{NeverTwice: true})
				require.NoError(t, b.Send(t.Context(), alert.Alert{}))
				stop := run(t, b)
				<-begun
				began := time.Now()
				stop()
				require.Equal(t, tt.ends, time.Since(began))
				dead, err := b.Dead(t.Context(), "route", 0, 10)
				require.NoError(t, err)
				require.Len(t, dead, tt.dead)
				waiting, err := b.Pending(t.Context(), "route", 0, 10)
				require.NoError(t, err)
				require.Empty(t, waiting)
			})
		})
	}
}

// A Sender gets a deadline that comes before the lease can end.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lasted := make(chan time.Duration, 1)
		b := newBox(t, alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
			began := time.Now()
			<-ctx.Done()
			lasted <- time.Since(began)
			return nil
		}), nil)
		require.NoError(t, b.Send(t.Context(), alert.Alert{}))
		stop := run(t, b)
		require.Equal(t, 20*time.Second, <-lasted)
		stop()
	})
}

// A Sender that panics takes nobody along, and says nothing of what it held.
func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const secret = "s3cr3t-of-the-robot"
		var log bytes.Buffer
		b, err := outbox.Open(outbox.NewMemoryStore(), &outbox.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		times := 0
		far := alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			if times++; times == 1 {
				panic(secret)
			}
			return nil
		})
		require.NoError(t, b.Route("route", far, nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "quite-private"}))
		stop := run(t, b)
		<-time.After(time.Minute)
		stop()
		require.Equal(t, 2, times)
		require.Contains(t, log.String(), "the sender panicked")
		leaktest.Check(t, []string{secret, "quite-private"}, log.String())
	})
}

// The budget holds in any minute, whatever happens in it.
func TestBudgetInAnyMinute(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 20, 60} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				b := newBox(t, alert.SenderFunc(func(context.Context, ...alert.Alert) error {
					at = append(at, time.Now())
					return nil
				}), &outbox.RouteOptions{Batch: 1, Budget: outbox.Budget{Messages: n, Per: time.Minute}})
				require.NoError(t, b.Send(t.Context(), make([]alert.Alert, 5*n)...))
				<-time.After(time.Hour) // a full bucket is not more than full
				stop := run(t, b)
				<-time.After(time.Hour)
				stop()
				require.Len(t, at, 5*n)
				for i := n; i < len(at); i++ {
					require.GreaterOrEqual(t, at[i].Sub(at[i-n]), time.Minute)
				}
				require.Less(t, at[len(at)-1].Sub(at[0]), 10*time.Minute, "and it is used")
			})
		})
	}
}

// A batch that fails although other messages pass is split in the end.
func TestTiredBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		b := newBox(t, alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
			for _, a := range alerts {
				if a.Name == "poison" {
					return errors.New("of an unknown kind")
				}
			}
			for _, a := range alerts {
				heard = append(heard, a.Name)
			}
			return nil
		}), nil)
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "innocent"}, alert.Alert{Name: "poison"}, alert.Alert{Name: "innocent"}))
		stop := run(t, b)
		for range 60 {
			<-time.After(time.Second / 2)
			require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "other"}))
		}
		<-time.After(5 * time.Minute)
		stop()
		innocent := 0
		for _, name := range heard {
			if name == "innocent" {
				innocent++
			}
		}
		require.Equal(t, 2, innocent)
		waiting, err := b.Pending(t.Context(), "route", 0, 10)
		require.NoError(t, err)
		require.Len(t, waiting, 1)
		require.Equal(t, "poison", waiting[0].Alert.Name)
	})
}

// The outbox does the duties of a Sender.
func TestConformance(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		t.Helper()
		b := newBox(t, new(alerttest.Recorder), nil)
		waiting := func() int { return int(b.Stats().Accepted) } // Counts does not count that far
		return &alerttest.Harness{Sender: b, Delivered: waiting, Secrets: []string{"there-are-none-here"}, Saw: func(text string) bool {
			list, err := b.Pending(t.Context(), "route", 0, 500)
			require.NoError(t, err)
			for _, l := range list {
				if strings.Contains(l.Alert.Name, text) {
					return true
				}
			}
			return false
		}}
	})
}

// Neither the store nor the outbox shows alerts where values are printed.
func TestNoLeaks(t *testing.T) {
	t.Parallel()
	const private = "the-number-of-somebody"
	store := outbox.NewMemoryStore()
	b, err := outbox.Open(store, nil)
	require.NoError(t, err)
	require.NoError(t, b.Route("route", new(alerttest.Recorder), nil))
	require.NoError(t, b.Send(t.Context(), alert.Alert{Name: private, Key: private, Summary: private}))
	_, err = b.Dead(t.Context(), private, 0, 1)
	require.Error(t, err)
	leaktest.Check(t, []string{private}, b, store, err, b.Stats())
}

// What was sent and could not be recorded before the end is not sent twice where
// that must not be.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Int32 // transactions that fail
		store := outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault {
			if away.Add(-1) >= 0 {
				return outbox.Fault{Before: errors.New("the store is away")}
			}
			return outbox.Fault{}
		})
		begun, answer := make(chan struct{}, 1), make(chan struct{})
		opts := &outbox.RouteOptions{NeverTwice: true}
		open := func(far alert.Sender) *outbox.Outbox {
			b, err := outbox.Open(store, nil)
			require.NoError(t, err)
			require.NoError(t, b.Route("route", far, opts))
			return b
		}
		b := open(alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			begun <- struct{}{}
			<-answer
			return nil
		}))
		require.NoError(t, b.Send(t.Context(), alert.Alert{}))
		stop := run(t, b)
		<-begun
		go func() {
			<-time.After(time.Second)
			away.Store(3)
			close(answer)
		}()
		stop()
		var far alerttest.Recorder
		next := open(&far)
		stop = run(t, next)
		<-time.After(time.Minute)
		stop()
		require.Empty(t, far.Calls())
		dead, err := next.Dead(t.Context(), "route", 0, 10)
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, outbox.Uncertain, dead[0].Cause)
	})
}

// Nothing is in anybody's hand once it is settled, so that who dies then takes
// nothing along.
func TestSettledIsNobodys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := outbox.NewMemoryStore()
		var left atomic.Int32 // transactions before the store is away
		left.Store(1000)
		b, err := outbox.Open(outbox.Faulty(store, func() outbox.Fault {
			if left.Add(-1) < 0 {
				return outbox.Fault{Before: errors.New("the store is away")}
			}
			return outbox.Fault{}
		}), nil)
		require.NoError(t, err)
		require.NoError(t, b.Route("route", alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			<-time.After(time.Second)
			left.Store(1) // which settles this
			return errors.New("later")
		}), nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{}))
		stop := run(t, b)
		<-time.After(2 * time.Second)
		n, err := outbox.Claimed(t.Context(), store, "route")
		require.NoError(t, err)
		require.Zero(t, n)
		require.EqualValues(t, 1, b.Stats().Routes["route"].Retried)
		left.Store(1000)
		stop()
	})
}

// A worker whose claim took longer than its lease sends nothing.
func TestSlowClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Int32 // transactions: the claim, and that which cleans up
		store := outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault {
			if slow.Add(-1) >= 0 {
				return outbox.Fault{Slow: 50 * time.Second} // of a minute, and a message may take 20
			}
			return outbox.Fault{}
		})
		b, err := outbox.Open(store, nil)
		require.NoError(t, err)
		var far alerttest.Recorder
		require.NoError(t, b.Route("route", &far, nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{}))
		slow.Store(2)
		began := time.Now()
		var sent time.Duration
		far.Next(func(context.Context, ...alert.Alert) error { sent = time.Since(began); return nil })
		stop := run(t, b)
		<-time.After(5 * time.Minute)
		stop()
		require.Len(t, far.Accepted(), 1)
		require.GreaterOrEqual(t, sent, 50*time.Second, "with a lease that lasts")
		waiting, err := b.Pending(t.Context(), "route", 0, 1)
		require.NoError(t, err)
		require.Empty(t, waiting)
	})
}
