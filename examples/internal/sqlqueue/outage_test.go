//go:build unix

package sqlqueue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// A database that is away is an error that says so and that it may pass, within
// the caller's time. When it is back, everything goes on by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *realdb.Engine{"PostgreSQL": realdb.Postgres, "MariaDB": realdb.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for _, tt := range []struct {
				name     string
				down, up func()
				hangs    bool
			}{
				{"hangs", e.Pause, e.Resume, true},
				{"is dead", e.Kill, func() { e.Start(t) }, false},
			} {
				t.Run(tt.name, func(t *testing.T) { testOutage(t, e, tt.down, tt.up, tt.hangs) })
			}
		})
	}
}

func testOutage(t *testing.T, e *realdb.Engine, down, up func(), hangs bool) {
	raw, _, _ := e.Open(t)
	told := make(chan string, 10)
	q, err := autocall.NewSQLQueue(t.Context(), raw, e.Name, &autocall.QueueOptions{
		OnAnswered: func(_ context.Context, s autocall.Status) error { told <- s.ID; return nil },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()

	call := autocall.Call{Key: "key", People: []autocall.Person{{Number: "13900000001"}}}
	phone := autocall.Phone{Name: "phone"}
	first, _, err := q.Enqueue(ctx, call)
	require.NoError(t, err)
	h, err := q.Next(ctx, phone)
	require.NoError(t, err)
	require.False(t, h.IsZero())

	down()
	for op, f := range map[string]func(context.Context) error{
		"enqueue": func(ctx context.Context) error { _, _, err := q.Enqueue(ctx, call); return err },
		"next":    func(ctx context.Context) error { _, err := q.Next(ctx, phone); return err },
		"answer": func(ctx context.Context) error {
			_, err := q.Answer(ctx, autocall.Outcome{Phone: phone, Mid: h.Mid, Number: "13900000001"})
			return err
		},
		"get":    func(ctx context.Context) error { _, err := q.Get(ctx, first); return err },
		"phones": func(ctx context.Context) error { _, err := q.Phones(ctx); return err },
	} {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		err := f(limited)
		failed, ok := errors.AsType[*autocall.Error](err)
		require.True(t, ok, "%s: %v", op, err)
		require.True(t, failed.Retryable(), op)
		require.Equal(t, op, failed.Op)
		require.NotContains(t, err.Error(), "13900000001")
		if hangs {
			require.ErrorIs(t, err, context.DeadlineExceeded, op)
		} else if op != "next" { // the first one may find a connection that does not know yet
			require.NoError(t, limited.Err(), "%s: a server that is not there is known at once: %v", op, err)
		}
		cancel()
	}
	up()

	again, err := q.Next(ctx, phone)
	require.NoError(t, err)
	require.Equal(t, h, again)
	r, err := q.Answer(ctx, autocall.Outcome{Phone: phone, Mid: h.Mid, Number: "13900000001"})
	require.NoError(t, err)
	require.Equal(t, autocall.Receipt{Call: first, Event: autocall.EventAnswered}, r)
	require.Equal(t, first, <-told, "Run went on by itself")
	s, err := q.Get(ctx, first)
	require.NoError(t, err)
	require.Equal(t, autocall.Answered, s.State)
}
