//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

const (
	backlog = 20_000 // alerts that wait
	refill  = 500    // at once
)

// BenchmarkDeliver takes batches of a backlog in hand and settles them, with a
// far end that takes no time. The floor does by hand what must be done: it reads
// the rows and commits that it has them, and deletes them and commits. An
// operation is one batch in both.
func BenchmarkDeliver(b *testing.B) {
	for name, start := range engines() {
		b.Run(name, func(b *testing.B) {
			e := start(b)
			for _, batch := range []int{16, 100} {
				b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
					b.Run("floor", func(b *testing.B) { benchByHand(b, e, batch) })
					b.Run("tocsin", func(b *testing.B) { benchDeliver(b, e, batch) })
				})
			}
		})
	}
}

// A supply keeps a backlog as large as it was.
type supply struct {
	*testing.B

	box  *outbox.Outbox
	next int64
}

func (s *supply) send(n int) {
	for ; n > 0; n -= refill {
		alerts := make([]alert.Alert, refill)
		for i := range alerts {
			s.next++
			alerts[i] = sample(s.next)
		}
		require.NoError(s, s.box.Send(s.Context(), alerts...))
	}
}

// each calls f for each operation.
func (s *supply) each(batch int, f func()) {
	s.send(backlog)
	gone := 0
	for s.Loop() {
		f()
		if gone += batch; gone >= refill {
			s.StopTimer()
			s.send(refill)
			gone -= refill
			s.StartTimer()
		}
	}
}

func newSupply(b *testing.B, e *realdb.Engine, batch int, far alert.SenderFunc) (*supply, *sql.DB) {
	b.Helper()
	db, _, _ := e.Open(b)
	store, err := outbox.NewSQLStore(b.Context(), db, e.Name)
	require.NoError(b, err)
	box, err := outbox.Open(store, &outbox.Options{Window: -1, Poll: time.Second})
	require.NoError(b, err)
	require.NoError(b, box.Route("route", far, &outbox.RouteOptions{Batch: batch}))
	return &supply{B: b, box: box}, db
}

func benchDeliver(b *testing.B, e *realdb.Engine, batch int) {
	arrived, ctx := make(chan struct{}), b.Context()
	s, _ := newSupply(b, e, batch, func(ctx context.Context, _ ...alert.Alert) error {
		select {
		case arrived <- struct{}{}:
		case <-ctx.Done():
		}
		return nil
	})
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	started := false
	s.each(batch, func() {
		if !started {
			started = true
			go func() { done <- s.box.Run(running) }()
			<-arrived // the first one is not of this operation alone
		}
		<-arrived
	})
	stop()
	require.NoError(b, <-done)
}

func benchByHand(b *testing.B, e *realdb.Engine, batch int) {
	s, db := newSupply(b, e, batch, nil)
	dialect, err := sqldb.ParseDialect(e.Name)
	require.NoError(b, err)
	s.each(batch, func() {
		var ids []any
		require.NoError(b, within(b, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(b.Context(), "UPDATE outbox_routes SET locks = locks + 1"); err != nil {
				return err
			}
			ids, err = oldest(b, tx, dialect, batch)
			return err
		}))
		require.Len(b, ids, batch)
		remove := dialect.Bind("DELETE FROM outbox_jobs WHERE id IN (" + sqldb.Marks(batch) + ")")
		require.NoError(b, within(b, db, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(b.Context(), remove, ids...)
			return err
		}))
	})
}

// oldest reads the jobs of a batch.
func oldest(b *testing.B, tx *sql.Tx, d sqldb.Dialect, batch int) (ids []any, err error) {
	query := d.Bind("SELECT id, doc FROM outbox_jobs WHERE route = (SELECT MIN(id) FROM outbox_routes) AND stage = 0 ORDER BY lane, id LIMIT ?")
	rows, err := tx.QueryContext(b.Context(), query, batch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var doc []byte
		if err := rows.Scan(&id, &doc); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// within runs f in a transaction.
func within(b *testing.B, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
