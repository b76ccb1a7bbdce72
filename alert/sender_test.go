package alert_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func TestChainOrder(t *testing.T) {
	t.Parallel()
	var trace []string
	mark := func(name string) alert.Middleware {
		return func(next alert.Sender) alert.Sender {
			return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
				trace = append(trace, name+" in")
				defer func() { trace = append(trace, name+" out") }()
				return next.Send(ctx, alerts...)
			})
		}
	}
	end := alert.SenderFunc(func(context.Context, ...alert.Alert) error {
		trace = append(trace, "sent")
		return nil
	})
	require.NoError(t, alert.Chain(end, mark("first"), mark("second")).Send(t.Context(), alert.Alert{}))
	require.Equal(t, []string{"first in", "second in", "sent", "second out", "first out"}, trace)

	trace = nil
	require.NoError(t, alert.Chain(end).Send(t.Context(), alert.Alert{}))
	require.Equal(t, []string{"sent"}, trace)
}

func TestOnce(t *testing.T) {
	t.Parallel()
	require.False(t, alert.IsOnce(t.Context()))
	ctx, cancel := context.WithCancel(alert.Once(t.Context()))
	defer cancel()
	require.True(t, alert.IsOnce(ctx))
	require.True(t, alert.IsOnce(alert.Once(ctx)))
}
