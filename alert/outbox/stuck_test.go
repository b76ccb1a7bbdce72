package outbox_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A Sender that ignores its context is told of once, and holds up no other route.
func TestStuckSender(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b, err := outbox.Open(outbox.NewMemoryStore(), &outbox.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		far := newPoisoned()
		leave := make(chan struct{})
		require.NoError(t, b.Route("stuck", alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			<-leave
			return nil
		}), nil))
		require.NoError(t, b.Route("other", far, nil))
		began := time.Now()
		stop := run(t, b)
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "a"}))
		<-time.After(24 * time.Second)
		require.Zero(t, b.Stats().Routes["stuck"].Stuck)
		<-time.After(2 * time.Second)
		require.NoError(t, b.Send(t.Context(), alert.Alert{Name: "b"}))
		<-time.After(time.Hour)
		stats := b.Stats().Routes
		require.Len(t, far.heard, 2)
		require.EqualValues(t, 1, stats["stuck"].Stuck)
		require.WithinDuration(t, began, stats["stuck"].StuckSince, 2*time.Second)
		require.Zero(t, stats["other"].Stuck)
		require.Equal(t, 1, strings.Count(log.String(), `msg="sender does not return, its route waits" route=stuck took=25s`))
		close(leave)
		<-time.After(time.Minute)
		require.Zero(t, b.Stats().Routes["stuck"].StuckSince)
		require.EqualValues(t, 2, b.Stats().Routes["stuck"].Delivered, "nobody had taken the route over")
		stop()
	})
}

// When another process has taken the route over meanwhile, the late outcome is
// refused, and the alert ends where it must not go out twice.
func TestStuckSenderIsOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, leave, far := outbox.NewMemoryStore(), make(chan struct{}), newPoisoned()
		open := func(s alert.Sender) *outbox.Outbox {
			b, err := outbox.Open(store, nil)
			require.NoError(t, err)
			require.NoError(t, b.Route("route", s, &outbox.RouteOptions{NeverTwice: true}))
			return b
		}
		stuck := open(alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			<-leave
			return nil
		}))
		stopStuck := run(t, stuck)
		require.NoError(t, stuck.Send(t.Context(), alert.Alert{Name: "a"}))
		<-time.After(time.Second)
		stop := run(t, open(far))
		require.NoError(t, stuck.Send(t.Context(), alert.Alert{Name: "b"}))
		<-time.After(2 * time.Minute)
		require.Contains(t, far.heard, "b")
		require.NotContains(t, far.heard, "a")
		close(leave)
		<-time.After(time.Minute)
		dead, err := stuck.Dead(t.Context(), "route", 0, 10)
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, outbox.Uncertain, dead[0].Cause)
		require.Zero(t, stuck.Stats().Routes["route"].Delivered)
		stop()
		stopStuck()
	})
}
