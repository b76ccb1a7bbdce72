package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// Of Sends that wait for one commit none waits longer for it than the commit has,
// and each is accepted once by the next one: the first did take place.
func TestCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := false
		store := outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault {
			if !hangs {
				return outbox.Fault{}
			}
			hangs = false
			return outbox.Fault{Slow: 10 * time.Second, After: context.DeadlineExceeded}
		})
		b, err := outbox.Open(store, nil)
		require.NoError(t, err)
		require.NoError(t, b.Route("route", new(alerttest.Recorder), nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "0"}))
		hangs = true
		began, done := time.Now(), make(chan error, 3)
		for _, id := range []string{"1", "2", "3"} {
			go func() { done <- b.Send(t.Context(), alert.Alert{ID: id}) }()
			synctest.Wait()
		}
		for range cap(done) {
			require.NoError(t, <-done)
		}
		require.Less(t, time.Since(began), 30*time.Second)
		list, err := b.Pending(t.Context(), "route", 0, 10)
		require.NoError(t, err)
		require.Len(t, list, 4)
	})
}

// A Send whose context has no end gives up by itself, and says that it may have
// been accepted.
func TestSendEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := false
		store := outbox.Faulty(outbox.NewMemoryStore(), func() outbox.Fault {
			if !away {
				return outbox.Fault{}
			}
			return outbox.Fault{Slow: 10 * time.Second, After: context.DeadlineExceeded}
		})
		b, err := outbox.Open(store, nil)
		require.NoError(t, err)
		require.NoError(t, b.Route("route", new(alerttest.Recorder), nil))
		require.NoError(t, b.Send(t.Context(), alert.Alert{ID: "0"}))
		away = true
		began := time.Now()
		err = b.Send(context.WithoutCancel(t.Context()), alert.Alert{ID: "1"})
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.True(t, alert.Retryable(err))
		require.Less(t, time.Since(began), time.Minute)
	})
}
