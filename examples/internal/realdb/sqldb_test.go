//go:build unix

package realdb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// Each engine is started once and goes through the same tests, each in a
// database of its own. The one that kills the server comes last.
func TestRealDatabases(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *realdb.Engine{
		"SQLite": realdb.SQLite, "PostgreSQL": realdb.Postgres, "MariaDB": realdb.MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			for _, test := range []struct {
				name string
				run  func(*testing.T, *realdb.Engine)
			}{
				{"schema", testSchema},
				{"schema at once", testSchemaAtOnce},
				{"values", testValues},
				{"row", testRow},
				{"collisions", testCollisions},
				{"failure", testFailure},
				{"holder who stops", testHolder},
				{"closed by the server", testClosedByServer},
				{"swallowed", testSwallowed},
				{"read-only", testReadOnly},
				{"clock", testClock},
				{"server comes back", testServerComesBack},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, e) })
			}
		})
	}
}

// open returns a new database of the engine.
func open(t *testing.T, e *realdb.Engine) *sqldb.DB {
	t.Helper()
	raw, _, _ := e.Open(t)
	return wrap(t, e, raw)
}

//nolint:gochecknoglobals // read-only table
var steps = []string{
	`CREATE TABLE IF NOT EXISTS things (id $KEY, word $WORD NOT NULL, hash $HASH NOT NULL, doc $BLOB NOT NULL, at BIGINT NOT NULL)`,
	`CREATE UNIQUE INDEX things_hash ON things (hash)`,
	`CREATE TABLE IF NOT EXISTS counters (name $WORD NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`,
}

func testSchema(t *testing.T, e *realdb.Engine) {
	raw, driver, dsn := e.Open(t)
	db := wrap(t, e, raw)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps[:1]))
	require.NoError(t, db.Migrate(ctx, "things", steps[:1]), "nothing to do")
	require.NoError(t, db.Tx(ctx, func(*sqldb.Tx) error {
		return wrap(t, e, reopen(t, driver, dsn)).Migrate(ctx, "things", steps[:1])
	}), "nothing to do, and somebody else is writing")
	require.NoError(t, db.Migrate(ctx, "things", steps), "two steps more")
	require.NoError(t, db.Migrate(ctx, "others", steps[:1]), "another component counts for itself")
	err := db.Migrate(ctx, "things", steps[:2])
	require.ErrorContains(t, err, "written by a newer one")
	require.ErrorContains(t, db.Migrate(ctx, "broken", []string{"CREATE TABEL x (y INTEGER)"}), "schema of broken: step 1")
}

// Several programs that start at once make one schema.
func testSchemaAtOnce(t *testing.T, e *realdb.Engine) {
	_, driver, dsn := e.Open(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		again := reopen(t, driver, dsn)
		wg.Go(func() { errs[i] = wrap(t, e, again).Migrate(t.Context(), "things", steps) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

// Hashes keep apart what collations do not, and bytes come back as they were.
func testValues(t *testing.T, e *realdb.Engine) {
	db := open(t, e)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps))
	texts := []string{"abc", "ABC", "abc ", "ábc", "", "\x00\xff", "磁盘 🔥"}
	require.NoError(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
		require.InDelta(t, time.Now().UnixMilli(), tx.Now(), 5000)
		for i, s := range texts {
			n, err := tx.Exec(ctx, `INSERT INTO things (id, word, hash, doc, at) VALUES (?, ?, ?, ?, ?)`, i, "w", sqldb.Hash(s), []byte(s), tx.Now())
			if err != nil {
				return err
			}
			require.EqualValues(t, 1, n)
		}
		return nil
	}))
	require.NoError(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, s := range texts {
			var doc []byte
			if err := tx.Row(ctx, `SELECT doc FROM things WHERE hash = ?`+tx.Dialect().ForUpdate(), sqldb.Hash(s)).Scan(&doc); err != nil {
				return err
			}
			require.Equal(t, s, string(doc))
		}
		return nil
	}))
}

// Concurrent transactions that read and then write lose nothing, whatever the
// engine makes of their collisions.
func testCollisions(t *testing.T, e *realdb.Engine) {
	raw, driver, dsn := e.Open(t)
	ctx := t.Context()
	first := wrap(t, e, raw)
	require.NoError(t, first.Migrate(ctx, "things", steps))
	names := strings.Split("abcdefghijklmnop", "")
	require.NoError(t, first.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, name := range names {
			if _, err := tx.Exec(ctx, `INSERT INTO counters (name, n) VALUES (?, 0)`, name); err != nil {
				return err
			}
		}
		return nil
	}))
	const workers, rounds = 8, 25
	var wg sync.WaitGroup
	var tries atomic.Int64
	errs := make([]error, workers)
	for w := range workers {
		db := wrap(t, e, reopen(t, driver, dsn)) // as another program would
		wg.Go(func() {
			for i := range rounds {
				// In different orders, so that they run into deadlocks.
				x, y := names[(w+i)%len(names)], names[(w*3+i*2+1)%len(names)]
				errs[w] = errors.Join(errs[w], db.Tx(ctx, func(tx *sqldb.Tx) error {
					tries.Add(1)
					return errors.Join(bump(ctx, tx, x), bump(ctx, tx, y))
				}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	total := 0
	require.NoError(t, first.Tx(ctx, func(tx *sqldb.Tx) error {
		return tx.Row(ctx, `SELECT SUM(n) FROM counters`).Scan(&total)
	}))
	require.Equal(t, 2*workers*rounds, total)
	t.Logf("%d transactions took %d tries", workers*rounds, tries.Load())
}

// bump reads a counter and writes one more.
func bump(ctx context.Context, tx *sqldb.Tx, name string) error {
	n := 0
	if err := tx.Row(ctx, `SELECT n FROM counters WHERE name = ?`+tx.Dialect().ForUpdate(), name).Scan(&n); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	_, err := tx.Exec(ctx, `UPDATE counters SET n = ? WHERE name = ?`, n+1, name)
	return err
}

// What failed left nothing behind, and a context that ended ends the wait.
func testFailure(t *testing.T, e *realdb.Engine) {
	db := open(t, e)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps))
	sentinel := errors.New("no")
	require.ErrorIs(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO counters (name, n) VALUES (?, 1)`, "x"); err != nil {
			return err
		}
		return sentinel
	}), sentinel)
	require.Panics(t, func() {
		_ = db.Tx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO counters (name, n) VALUES (?, 1)`, "y")
			require.NoError(t, err)
			panic("no")
		})
	})
	n := 0
	require.NoError(t, db.Tx(ctx, func(tx *sqldb.Tx) error { return tx.Row(ctx, `SELECT COUNT(*) FROM counters`).Scan(&n) }))
	require.Zero(t, n)
	over, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, db.Tx(over, func(*sqldb.Tx) error { return nil }), context.Canceled)
}

// row is what transactions lock first.
func row() *sqldb.Row {
	return &sqldb.Row{Table: "counters", Set: "n = n + ?", Where: "name = ?", Columns: "n"}
}

// A row that is locked brings its column and the clock, one that is not there is
// no row, and what is one statement is a transaction.
func testRow(t *testing.T, e *realdb.Engine) {
	db := open(t, e)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps))
	require.NoError(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO counters (name, n) VALUES (?, 1), (?, 5)`, "x", "y")
		return err
	}))
	for _, want := range []int64{3, 5} {
		require.NoError(t, db.Locked(ctx, func(tx *sqldb.Tx) error {
			var n int64
			err := tx.LockRow(ctx, row(), []any{&n}, 1, 2, "x")
			require.Equal(t, want, n)
			require.InDelta(t, time.Now().UnixMilli(), tx.Now(), 5000)
			return err
		}))
	}
	require.ErrorIs(t, db.Locked(ctx, func(tx *sqldb.Tx) error { return tx.LockRow(ctx, row(), []any{new(int64)}, 1, 2, "none") }), sql.ErrNoRows)
}

// Who stops in the middle of a transaction gives way to the others after some
// seconds, however it began. SQLite has one writer, which is this process.
func testHolder(t *testing.T, e *realdb.Engine) {
	if e.Name == "sqlite" {
		return
	}
	db := open(t, e)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps))
	require.NoError(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO counters (name, n) VALUES (?, 1), (?, 1)`, "begin", "lock")
		return err
	}))
	for name, transaction := range map[string]func(context.Context, func(*sqldb.Tx) error) error{"begin": db.Tx, "lock": db.Locked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testHeld(t, name, transaction)
		})
	}
}

func testHeld(t *testing.T, name string, transaction func(context.Context, func(*sqldb.Tx) error) error) {
	ctx := t.Context()
	lock := func(tx *sqldb.Tx) error { return tx.LockRow(ctx, row(), []any{new(int64)}, 1, 1, name) }
	held, release := make(chan struct{}), make(chan struct{})
	stopped := make(chan error, 1)
	go func() {
		var once sync.Once
		stopped <- transaction(ctx, func(tx *sqldb.Tx) error {
			err := lock(tx)
			once.Do(func() { close(held) })
			<-release
			return errors.Join(err, bump(ctx, tx, name))
		})
	}()
	<-held
	require.NoError(t, transaction(ctx, func(tx *sqldb.Tx) error {
		before := tx.Now()
		err := lock(tx)
		require.Greater(t, tx.Now(), before, "the clock of who has waited")
		return err
	}), "the row was waited for until its holder was given up")
	close(release)
	require.Error(t, <-stopped)
}

// A server that died and came back is talked to again, though there are
// connections in the pool that died with it.
func testServerComesBack(t *testing.T, e *realdb.Engine) {
	if e.Name == "sqlite" {
		return // a file has no server
	}
	raw, _, _ := e.Open(t)
	db := wrap(t, e, raw)
	ctx := t.Context()
	require.NoError(t, db.Migrate(ctx, "things", steps))
	nothing := func(*sqldb.Tx) error { return nil }
	e.Kill()
	require.Error(t, db.Tx(ctx, nothing))
	e.Start(t)
	require.NoError(t, db.Migrate(ctx, "things", steps))

	fillPool(t, raw, 4)
	e.Kill()
	e.Start(t)
	require.NoError(t, db.Tx(ctx, nothing))
}

// fillPool makes connections that lie idle afterwards.
func fillPool(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	db.SetMaxIdleConns(n)
	for range 2 { // pgx looks at a connection that has not been used for a second
		conns := make([]*sql.Conn, n)
		for i := range conns {
			var err error
			conns[i], err = db.Conn(t.Context())
			require.NoError(t, err)
		}
		for _, conn := range conns {
			require.NoError(t, conn.Close())
		}
	}
	require.Equal(t, n, db.Stats().Idle)
}

// A transaction that cannot begin on the connections of the pool, since the
// server has closed them this moment, begins on a new one. The driver of MySQL
// looks before it begins; that of PostgreSQL does not.
func testClosedByServer(t *testing.T, e *realdb.Engine) {
	if e.Name != "postgres" {
		return
	}
	raw, driver, dsn := e.Open(t)
	db := wrap(t, e, raw)
	fillPool(t, raw, 4)
	_, err := reopen(t, driver, dsn).ExecContext(t.Context(),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	require.NoError(t, err)
	require.NoError(t, db.Tx(t.Context(), func(*sqldb.Tx) error { return nil }))
}
