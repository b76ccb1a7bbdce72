package alert_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
)

func TestFanoutMergesOutcomes(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a"), errors.New("b")
	tests := []struct {
		name   string
		answer [2]error
		failed []int
		is     []error
	}{
		{name: "all accept"},
		{name: "one fails", answer: [2]error{a, nil}, failed: []int{0, 1, 2}, is: []error{a}},
		{name: "both fail", answer: [2]error{a, b}, failed: []int{0, 1, 2}, is: []error{a, b}},
		{name: "one in part", answer: [2]error{nil, alert.Partial([]error{nil, b, nil})}, failed: []int{1}, is: []error{b}},
		{name: "both in part", answer: [2]error{
			alert.Partial([]error{nil, a, nil}), fmt.Errorf("w: %w", alert.Partial([]error{b, b, nil})),
		}, failed: []int{0, 1}, is: []error{a, b}},
		{name: "one in part, one whole", answer: [2]error{alert.Partial([]error{nil, a, nil}), b},
			failed: []int{0, 1, 2}, is: []error{a, b}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var left, right alerttest.Recorder
			left.Fail(tt.answer[0])
			right.Fail(tt.answer[1])
			err := alert.Fanout(&left, &right).Send(t.Context(), storm(3, 3)...)
			requireFailed(t, err, 3, tt.failed...)
			for _, target := range tt.is {
				require.ErrorIs(t, err, target)
			}
			require.Len(t, left.Calls(), 1)
			require.Len(t, right.Calls(), 1)
		})
	}
}

func TestFanoutAnswersOfBranches(t *testing.T) {
	t.Parallel()
	var left, right alerttest.Recorder
	left.Fail(answer{after: 2 * time.Second})
	right.Fail(answer{retryable: true, after: time.Second})
	err := alert.Fanout(&left, &right).Send(t.Context(), alert.Alert{})
	require.True(t, alert.Retryable(err))
	require.Equal(t, 2*time.Second, alert.RetryAfter(err))

	left.Fail(answer{})
	err = alert.Fanout(&left, &right).Send(t.Context(), alert.Alert{})
	require.False(t, alert.Retryable(err))
	got, ok := errors.AsType[answer](err)
	require.True(t, ok)
	require.Equal(t, answer{}, got)
}

// Each branch needs all the others to have begun before it returns.
func TestFanoutSendsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 5
		arrived, all := make(chan struct{}, n), make(chan struct{})
		branch := alert.SenderFunc(func(ctx context.Context, _ ...alert.Alert) error {
			arrived <- struct{}{}
			if len(arrived) == n {
				close(all)
			}
			select {
			case <-all:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, alert.Fanout(branch, branch, branch, branch, branch).Send(ctx, alert.Alert{}))
	})
}

func TestFanoutWaitsForEveryBranch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		finished := false
		slow := alert.SenderFunc(func(context.Context, ...alert.Alert) error {
			<-time.After(time.Hour)
			finished = true
			return nil
		})
		fast := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return errors.New("refused") })
		require.Error(t, alert.Fanout(fast, slow).Send(t.Context(), alert.Alert{}))
		require.True(t, finished)
	})
}

func TestFanoutContainsPanics(t *testing.T) {
	t.Parallel()
	type secretive struct{ Key string }
	tests := []struct {
		name string
		fail func(alerts []alert.Alert)
		want string
	}{
		{"value", func([]alert.Alert) { panic(secretive{"s3cr3t"}) }, "panic (alert_test.secretive) at alert_test."},
		{"error", func([]alert.Alert) { panic(errors.New("key s3cr3t")) }, "panic (*errors.errorString) at"},
		{"runtime", func(alerts []alert.Alert) { _ = alerts[len(alerts)] }, "panic (runtime.boundsError) at alert_test."},
		{"nil pointer", func([]alert.Alert) { var r *alerttest.Recorder; _ = r.Accepted() }, "panic (runtime.errorString) at"},
		{"nil", func([]alert.Alert) { panic(nil) }, "panic (*runtime.PanicNilError) at"}, //nolint:govet // on purpose
		{"goexit", func([]alert.Alert) { runtime.Goexit() }, "ended without an answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var good alerttest.Recorder
			bad := alert.SenderFunc(func(_ context.Context, alerts ...alert.Alert) error {
				tt.fail(alerts)
				return nil
			})
			err := alert.Fanout(&good, bad).Send(t.Context(), storm(2, 2)...)
			requireFailed(t, err, 2, 0, 1)
			require.Len(t, good.Accepted(), 2, "the other branch is not hurt")
			require.ErrorContains(t, err, "branch 1")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), "s3cr3t")
			require.ErrorIs(t, err, alert.ErrUncertain, "it may have sent before")
			require.False(t, alert.Retryable(err), "the bug stays")
		})
	}
}

func TestFanoutNamesThePlaceOfAPanic(t *testing.T) {
	t.Parallel()
	err := alert.Fanout(alert.SenderFunc(explode)).Send(t.Context(), alert.Alert{})
	require.ErrorContains(t, err, "at alert_test.explode (fanout_test.go:")
}

func explode(context.Context, ...alert.Alert) error { panic("s3cr3t") }

func TestFanoutOfNothing(t *testing.T) {
	t.Parallel()
	err := alert.Fanout().Send(t.Context(), alert.Alert{})
	require.ErrorContains(t, err, "no senders")
	require.False(t, alert.Retryable(err))
	require.NoError(t, alert.Fanout().Send(t.Context()), "no alerts, nothing to refuse")
}

func TestFanoutOwnsItsList(t *testing.T) {
	t.Parallel()
	var a, b alerttest.Recorder
	senders := []alert.Sender{&a}
	f := alert.Fanout(senders...)
	senders[0] = &b
	require.NoError(t, f.Send(t.Context(), alert.Alert{}))
	require.Len(t, a.Accepted(), 1)
	require.Empty(t, b.Accepted())
}

// Wrapped in Dedup, a branch that accepted is not bothered again when the
// caller repeats the whole for the sake of another.
func TestFanoutOfDedupsReachesWhatFailed(t *testing.T) {
	t.Parallel()
	var chat, phone alerttest.Recorder
	phone.Fail(errors.New("busy"))
	f := alert.Fanout(alert.Dedup(hour)(&chat), alert.Dedup(hour)(&phone))
	alerts := storm(2, 2)
	require.Error(t, f.Send(t.Context(), alerts...))
	require.NoError(t, f.Send(t.Context(), alerts...))
	require.Len(t, chat.Calls(), 1)
	require.Len(t, phone.Calls(), 2)
}
