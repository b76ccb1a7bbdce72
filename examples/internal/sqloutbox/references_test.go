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
)

// References to an incident are removed when another one about its problem opens.
func TestReferencesAreRemoved(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			db, _, _ := e.Open(t)
			store, err := outbox.NewSQLStore(t.Context(), db, e.Name)
			require.NoError(t, err)
			box, err := outbox.Open(store, &outbox.Options{Poll: 10 * time.Millisecond})
			require.NoError(t, err)
			chat := alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil })
			duty, err := escalate.New(box, "duty", []escalate.Step{{Name: "chat", Sender: chat, Link: func(token string) string { return token }}}, nil)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- box.Run(ctx) }()
			t.Cleanup(func() {
				cancel()
				require.NoError(t, <-done)
			})
			eventually := func(what string, yes func() bool) {
				t.Helper()
				require.Eventually(t, yes, time.Minute, 5*time.Millisecond, what)
			}
			references := func() (n int) {
				require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM outbox_refs").Scan(&n))
				return n
			}
			for i := range 5 {
				a := alert.Alert{Source: "s", Key: "k", ID: fmt.Sprint("fire ", i)}
				require.NoError(t, box.Send(ctx, a))
				eventually("one incident, and the reference to it", func() bool {
					list, err := duty.Incidents(ctx, 0, 10)
					return err == nil && len(list) == 1 && list[0].State == escalate.Waiting && references() == 1
				})
				a.ID, a.Status = fmt.Sprint("end ", i), alert.Resolved
				require.NoError(t, box.Send(ctx, a))
				eventually("its end, told", func() bool {
					list, err := duty.Incidents(ctx, 0, 10)
					pending, err2 := box.Pending(ctx, "duty/chat", 0, 1)
					return err == nil && err2 == nil && list[0].State == escalate.Ended && len(pending) == 0
				})
			}
		})
	}
}
