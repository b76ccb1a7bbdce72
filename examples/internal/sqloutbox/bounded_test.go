//go:build unix

package sqloutbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
)

// A file that has grown to its bound takes nothing more while alerts wait. When they are
// delivered there is room again, although the file is as large as before.
func TestBytesAreBounded(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "a.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	db.SetMaxOpenConns(1)
	store, err := outbox.NewSQLStore(t.Context(), db, "sqlite")
	require.NoError(t, err)
	const bound = 2 << 20
	fill := func(t *testing.T) (stopped bool, n int) {
		t.Helper()
		for n = range 100 {
			box, err := outbox.Open(store, &outbox.Options{MaxBytes: bound}) // which looks anew
			require.NoError(t, err)
			require.NoError(t, box.Route("far", alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil }), nil))
			err = box.Send(t.Context(), alert.Alert{Source: "s", ID: fmt.Sprint(time.Now().UnixNano(), n), Summary: strings.Repeat("x", 50_000)})
			if errors.Is(err, outbox.ErrFull) {
				require.ErrorContains(t, err, "the limit is 2097152")
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- box.Run(ctx) }()
				require.Eventually(t, func() bool {
					counts, err := box.Counts(ctx)
					return err == nil && counts[0].Waiting == 0
				}, 20*time.Second, 10*time.Millisecond)
				cancel()
				require.NoError(t, <-done)
				return true, n
			}
			require.NoError(t, err)
		}
		return false, n
	}
	first, n := fill(t)
	require.True(t, first)
	require.Greater(t, n, 20)
	again, m := fill(t)
	require.True(t, again)
	require.InDelta(t, n, m, 5, "what was freed is used again")
}
