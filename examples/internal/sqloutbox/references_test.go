//go:build unix

package sqloutbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/escalate"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// An alarm that flaps leaves an incident with its reference each time. They are
// forgotten soon, but for the last one.
func TestFlappingIsForgotten(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			var clock realdb.Clock
			_, driver, dsn := e.Open(t)
			db := clock.OpenWith(t, driver, dsn)
			store, err := outbox.NewSQLStore(t.Context(), db, e.Name)
			require.NoError(t, err)
			box, err := outbox.Open(store, &outbox.Options{Poll: 10 * time.Millisecond})
			require.NoError(t, err)
			chat := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil })
			duty, err := escalate.New(box, "duty", []escalate.Step{{Name: "chat", Sender: chat, Link: func(token string) string { return token }}}, nil)
			require.NoError(t, err)
			ctx := t.Context()
			run := func() (end func()) {
				ctx, cancel := context.WithCancel(ctx)
				done := make(chan error, 1)
				go func() { done <- box.Run(ctx) }()
				return func() {
					cancel()
					require.NoError(t, <-done)
				}
			}
			end := run()
			eventually := func(what string, yes func() bool) {
				t.Helper()
				require.Eventually(t, yes, time.Minute, 5*time.Millisecond, what)
			}
			references := func() (n int) {
				require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM outbox_refs").Scan(&n))
				return n
			}
			last := func(i int, want escalate.State) bool {
				list, err := duty.Incidents(ctx, 0, 10)
				return err == nil && len(list) == i+1 && list[i].State == want && references() == i+1
			}
			const rounds = 5
			for i := range rounds {
				a := alert.Alert{Source: "s", Key: "k", ID: fmt.Sprint("fire ", i)}
				require.NoError(t, box.Send(ctx, a))
				eventually("an incident, and the reference to it", func() bool { return last(i, escalate.Waiting) })
				a.ID, a.Status = fmt.Sprint("end ", i), alert.Resolved
				require.NoError(t, box.Send(ctx, a))
				eventually("its end, told", func() bool {
					pending, err := box.Pending(ctx, "duty/chat", 0, 1)
					return err == nil && len(pending) == 0 && last(i, escalate.Ended)
				})
			}
			end()
			clock.Advance(2 * time.Hour)
			end = run() // which forgets, now and each minute
			defer end()
			eventually("the last one", func() bool { return last(0, escalate.Ended) })
		})
	}
}
