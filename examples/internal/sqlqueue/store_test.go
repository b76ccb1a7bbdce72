//go:build unix

package sqlqueue_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// openQueue opens a queue over a new SQLite database.
func openQueue(t *testing.T, clock *realdb.Clock) (*autocall.Dispatcher, *sql.DB) {
	t.Helper()
	e := realdb.SQLite(t)
	_, driver, dsn := e.Open(t)
	db := clock.OpenWith(t, driver, dsn)
	q, err := autocall.NewSQLQueue(t.Context(), db, "sqlite", nil)
	require.NoError(t, err)
	return q, db
}

// No statement reads a table of calls or hand-outs from end to end, or sorts
// it: they grow for days, and every poll waits for the one before.
func TestStatementsHaveTheirIndex(t *testing.T) {
	t.Parallel()
	var clock realdb.Clock
	q, db := openQueue(t, &clock)
	ctx, phone := t.Context(), autocall.Phone{Name: "phone"}
	for _, key := range []string{"a", "b"} {
		_, _, err := q.Enqueue(ctx, autocall.Call{Key: key, People: []autocall.Person{{Number: "13900000001"}}})
		require.NoError(t, err)
	}
	h, err := q.Next(ctx, phone)
	require.NoError(t, err)
	_, err = q.Answer(ctx, autocall.Outcome{Phone: phone, Mid: h.Mid})
	require.NoError(t, err)
	_, err = q.CancelKey(ctx, "b", "")
	require.NoError(t, err)
	for _, openOnly := range []bool{false, true} {
		_, err = q.List(ctx, openOnly, 10)
		require.NoError(t, err)
	}
	_, err = q.Phones(ctx)
	require.NoError(t, err)
	const want = 14 // statements about these tables, of which Run uses some in the background
	purgeAll(t, q, &clock, func() bool { return len(aboutCalls(&clock)) >= want })

	for _, statement := range aboutCalls(&clock) {
		plan := explain(t, db, statement)
		newest := strings.Contains(statement, "ORDER BY seq DESC LIMIT") // which stops soon
		require.NotContains(t, plan, "TEMP B-TREE", statement)
		require.True(t, newest || !strings.Contains(plan, "SCAN "), "%s: %s", statement, plan)
	}
}

// aboutCalls returns the statements so far about calls and hand-outs.
func aboutCalls(clock *realdb.Clock) (some []string) {
	for _, statement := range clock.Statements() {
		about := strings.Contains(statement, "autocall_calls") || strings.Contains(statement, "autocall_mids")
		if about && !strings.Contains(statement, "CREATE") {
			some = append(some, statement)
		}
	}
	return some
}

// explain returns the plan of a statement.
func explain(t *testing.T, db *sql.DB, statement string) (plan string) {
	t.Helper()
	args := make([]any, strings.Count(statement, "?"))
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		plan += detail + "\n"
	}
	require.NoError(t, rows.Err())
	return plan
}

// purgeAll lets the queue forget everything that has ended.
// It goes on until also says yes.
func purgeAll(t *testing.T, q *autocall.Dispatcher, clock *realdb.Clock, also func() bool) {
	t.Helper()
	clock.Advance(30 * 24 * time.Hour)
	f := fleet{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	f.until("old calls to be forgotten", func() bool {
		all, err := q.List(ctx, false, 1)
		return err == nil && len(all) == 0 && also()
	})
	cancel()
	require.NoError(t, <-done)
}

// Forgotten calls leave nothing behind, hand-outs included.
func TestPurgeLeavesNothing(t *testing.T) {
	t.Parallel()
	var clock realdb.Clock
	q, db := openQueue(t, &clock)
	ctx, phone := t.Context(), autocall.Phone{Name: "phone"}
	for i := range 450 { // more than two transactions forget
		_, _, err := q.Enqueue(ctx, autocall.Call{People: []autocall.Person{{Number: fmt.Sprintf("139%08d", i)}}})
		require.NoError(t, err)
		h, err := q.Next(ctx, phone)
		require.NoError(t, err)
		_, err = q.Answer(ctx, autocall.Outcome{Phone: phone, Mid: h.Mid})
		require.NoError(t, err)
	}
	purgeAll(t, q, &clock, func() bool { return true })
	for _, table := range []string{"autocall_calls", "autocall_mids"} {
		left := -1
		require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&left)) //nolint:gosec // of the list above
		require.Zero(t, left, table)
	}
}

// A database that was changed by a newer program, or by hand in a way that
// would let two servers work at once, is refused in words.
func TestForeignHands(t *testing.T) {
	t.Parallel()
	var clock realdb.Clock
	q, db := openQueue(t, &clock)
	ctx := t.Context()
	_, err := db.ExecContext(ctx, "DELETE FROM autocall_guard")
	require.NoError(t, err)
	_, err = q.Next(ctx, autocall.Phone{Name: "phone"})
	require.ErrorContains(t, err, "autocall_guard is gone")
	_, err = db.ExecContext(ctx, "UPDATE tocsin_schema SET version = 99 WHERE component = 'autocall'")
	require.NoError(t, err)
	_, err = autocall.NewSQLQueue(ctx, db, "sqlite", nil)
	require.ErrorContains(t, err, "it was written by a newer one")
}

// What a poll costs, beside a transaction that changes one row.
func BenchmarkPoll(b *testing.B) {
	for name, start := range engines() {
		b.Run(name, func(b *testing.B) {
			e := start(b)
			db, _, _ := e.Open(b)
			q, err := autocall.NewSQLQueue(b.Context(), db, e.Name, nil)
			require.NoError(b, err)
			_, _, err = q.Enqueue(b.Context(), autocall.Call{People: []autocall.Person{{Number: "13900000001"}}})
			require.NoError(b, err)
			b.Run("tocsin", func(b *testing.B) {
				for b.Loop() {
					h, err := q.Next(b.Context(), autocall.Phone{Name: "phone"})
					require.NoError(b, err)
					require.False(b, h.IsZero())
				}
			})
			b.Run("floor", func(b *testing.B) {
				for b.Loop() {
					_, err := db.ExecContext(b.Context(), "UPDATE autocall_guard SET last_id = last_id + 1")
					require.NoError(b, err)
				}
			})
		})
	}
}
