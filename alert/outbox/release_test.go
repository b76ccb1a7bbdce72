package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A worker that was never told that it has the lease gives it back all the same,
// or the next worker waits for it to end.
func TestLeaseThatNobodyHeardOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		enrolled := false
		store := outbox.Faulty(outbox.NewMemoryStore(), func() (f outbox.Fault) {
			if enrolled && ctx.Err() == nil {
				f.After = errors.New("the answer got lost")
			}
			return f
		})
		box, err := outbox.Open(store, nil)
		require.NoError(t, err)
		require.NoError(t, box.Route("route", new(alerttest.Recorder), nil))
		require.NoError(t, box.Send(t.Context(), alert.Alert{Source: "s", ID: "1"}))
		enrolled = true
		done := make(chan error, 1)
		go func() { done <- box.Run(ctx) }()
		<-time.After(10 * time.Second)
		cancel()
		require.NoError(t, <-done)
		counts, err := box.Counts(t.Context())
		require.NoError(t, err)
		require.False(t, counts[0].Leased)
	})
}
