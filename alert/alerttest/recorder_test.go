package alerttest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func TestRecorderScript(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a"), errors.New("b")
	var r alerttest.Recorder
	r.Fail(a)
	r.FailEach(nil, b, a)
	r.Next(func(_ context.Context, alerts ...alert.Alert) error {
		if alerts[0].Name == "x" {
			return b
		}
		return nil
	})
	pair := []alert.Alert{{Name: "x"}, {Name: "y"}}
	require.Equal(t, a, r.Send(t.Context(), pair...))
	require.NoError(t, r.Send(t.Context()), "a call without alerts uses nothing up")
	err := r.Send(t.Context(), pair...)
	require.NoError(t, alert.ErrorAt(err, 0, 2))
	require.Equal(t, b, alert.ErrorAt(err, 1, 2))
	require.Equal(t, b, r.Send(t.Context(), pair...))
	require.NoError(t, r.Send(t.Context(), pair...))
	require.Equal(t, [][]alert.Alert{pair, pair, pair, pair}, r.Calls())
	require.Equal(t, []alert.Alert{{Name: "x"}, {Name: "x"}, {Name: "y"}}, r.Accepted())
}

func TestRecorderSharesNothing(t *testing.T) {
	t.Parallel()
	var r alerttest.Recorder
	given := alert.Alert{Labels: map[string]string{"k": "v"}}
	require.NoError(t, r.Send(t.Context(), given))
	given.Labels["k"] = "changed by the caller"
	r.Accepted()[0].Labels["k"] = "changed by the reader"
	r.Calls()[0][0].Labels["k"] = "changed by the reader"
	require.Equal(t, "v", r.Accepted()[0].Labels["k"])
	require.Equal(t, "v", r.Calls()[0][0].Labels["k"])
}

func TestRecorderHang(t *testing.T) {
	t.Parallel()
	var r alerttest.Recorder
	arrived := r.Hang()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- r.Send(ctx, alert.Alert{}) }()
	<-arrived
	cancel()
	err := <-result
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.Empty(t, r.Accepted())
	require.ErrorIs(t, r.Send(ctx, alert.Alert{}), context.Canceled)
	require.Len(t, r.Calls(), 1, "what comes with an ended context is not recorded")
}
