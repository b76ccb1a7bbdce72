//go:build unix

package realdb_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// soon is a context that a dead connection outlasts.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// enough is a context for what must not hang.
func enough(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// behindProxy opens a database that a proxy leads to, with one counter in it.
func behindProxy(t *testing.T, e *realdb.Engine) (*realdb.Proxy, *sql.DB, *sqldb.DB) {
	t.Helper()
	_, driver, dsn := e.Open(t)
	proxy, through := e.Proxy(t, dsn)
	raw := reopen(t, driver, through)
	db := wrap(t, e, raw)
	require.NoError(t, db.Migrate(t.Context(), "things", steps))
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO counters (name, n) VALUES ('x', 0)`)
		return err
	}))
	return proxy, raw, db
}

// A transaction on a connection that swallows everything ends with its context,
// wherever it stands, and all that lie idle are found out at once.
func testSwallowed(t *testing.T, e *realdb.Engine) {
	if e.Name == "sqlite" {
		return // a file has no connections
	}
	t.Run("idle", func(t *testing.T) {
		proxy, raw, db := behindProxy(t, e)
		fillPool(t, raw, 8)
		proxy.Swallow()
		require.Error(t, db.Tx(soon(t), func(*sqldb.Tx) error { return nil }))
		require.NoError(t, db.Tx(enough(t), func(*sqldb.Tx) error { return nil }))
	})
	for name, before := range map[string]bool{"statement": true, "commit": false} {
		t.Run(name, func(t *testing.T) {
			proxy, _, db := behindProxy(t, e)
			ctx := soon(t)
			require.Error(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
				if before {
					proxy.Swallow()
				}
				err := bump(ctx, tx, "x")
				proxy.Swallow()
				return err
			}))
			require.NoError(t, db.Tx(enough(t), func(*sqldb.Tx) error { return nil }))
		})
	}
	t.Run("rollback", func(t *testing.T) {
		proxy, _, db := behindProxy(t, e)
		ctx := soon(t)
		require.ErrorIs(t, db.Tx(ctx, func(tx *sqldb.Tx) error {
			if err := bump(ctx, tx, "x"); err != nil {
				return err
			}
			proxy.Swallow()
			return sql.ErrNoRows
		}), sql.ErrNoRows)
		require.NoError(t, db.Tx(enough(t), func(*sqldb.Tx) error { return nil }))
	})
}

// After a fail-over the connections of the pool lead to a server that does not let
// write. They are closed, and what was wanted is done on a new one.
func testReadOnly(t *testing.T, e *realdb.Engine) {
	readOnly := map[string]string{
		"postgres": "SET default_transaction_read_only = on",
		"mysql":    "SET SESSION TRANSACTION READ ONLY",
	}[e.Name]
	if readOnly == "" {
		return
	}
	for name, write := range map[string]func(ctx context.Context, db *sqldb.DB) error{
		"transaction": func(ctx context.Context, db *sqldb.DB) error {
			return db.Tx(ctx, func(tx *sqldb.Tx) error { return bump(ctx, tx, "x") })
		},
		"locked": func(ctx context.Context, db *sqldb.DB) error {
			return db.Locked(ctx, func(tx *sqldb.Tx) error { return tx.LockRow(ctx, row(), []any{new(int64)}, 1, 1, "x") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, raw, db := behindProxy(t, e)
			fillPool(t, raw, 6)
			conns := make([]*sql.Conn, 6)
			for i := range conns {
				var err error
				conns[i], err = raw.Conn(t.Context())
				require.NoError(t, err)
				_, err = conns[i].ExecContext(t.Context(), readOnly)
				require.NoError(t, err)
			}
			for _, conn := range conns {
				require.NoError(t, conn.Close())
			}
			for range 3 {
				require.NoError(t, write(enough(t), db))
			}
		})
	}
}

// The clock is that of UTC. It does not step back in the hour that the zone of the
// server, or of the session, has twice.
func testClock(t *testing.T, e *realdb.Engine) {
	if e.Name != "mysql" {
		return // it alone could be read in a zone
	}
	raw, _, _ := e.Open(t)
	conn, err := raw.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	twice := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC) // 01:00 for the first time
	var hour, again string
	for _, zone := range []string{"SYSTEM", "+08:00"} {
		_, err := conn.ExecContext(t.Context(), fmt.Sprintf("SET time_zone = '%s'", zone))
		require.NoError(t, err)
		for at := twice; at.Before(twice.Add(3 * time.Hour)); at = at.Add(20 * time.Minute) {
			_, err := conn.ExecContext(t.Context(), fmt.Sprintf("SET timestamp = %d", at.Unix()))
			require.NoError(t, err)
			var now int64
			var local string
			require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT "+sqldb.MySQL.Clock()+", CAST(NOW() AS CHAR)").Scan(&now, &local))
			require.Equal(t, at.UnixMilli(), now, "%s at %v", zone, at)
			switch {
			case zone == "SYSTEM" && at.Equal(twice):
				hour = local
			case zone == "SYSTEM" && at.Equal(twice.Add(time.Hour)):
				again = local
			}
		}
	}
	require.Equal(t, hour, again, "the zone of the server, %s, has the hour twice", realdb.Zone)
}
