package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// deafDriver opens connections that do not answer a rollback, and counts how often
// it is asked whether they are alive.
type deafDriver struct{ pings atomic.Int32 }

func (d *deafDriver) Connect(context.Context) (driver.Conn, error) { return deafConn{d}, nil }
func (d *deafDriver) Driver() driver.Driver                        { return nil }

type deafConn struct{ *deafDriver }

func (c deafConn) Close() error                        { return nil }
func (c deafConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (c deafConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }

func (c deafConn) Ping(context.Context) error {
	c.pings.Add(1)
	return nil
}

func (c deafConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if query == "ROLLBACK" {
		return nil, errors.New("no answer")
	}
	return driver.RowsAffected(0), nil
}

// A rollback without an answer says as much about the connections that lie idle as a
// statement without one, also while the context of the transaction still has time.
func TestRollbackWithoutAnswer(t *testing.T) {
	t.Parallel()
	d := &deafDriver{}
	raw := sql.OpenDB(d)
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	db, err := sqldb.New(raw, sqldb.MySQL)
	require.NoError(t, err)
	first, err := raw.Conn(t.Context())
	require.NoError(t, err)
	second, err := raw.Conn(t.Context())
	require.NoError(t, err)
	require.NoError(t, errors.Join(first.Close(), second.Close()))

	require.ErrorIs(t, db.Locked(t.Context(), func(*sqldb.Tx) error { return sql.ErrNoRows }), sql.ErrNoRows)
	require.Zero(t, d.pings.Load())
	require.NoError(t, db.Locked(t.Context(), func(*sqldb.Tx) error { return nil }))
	require.EqualValues(t, 1, d.pings.Load(), "the other connection was in doubt")
}
