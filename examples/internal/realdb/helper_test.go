//go:build unix

package realdb_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// wrap gives a database its dialect.
func wrap(t *testing.T, e *realdb.Engine, raw *sql.DB) *sqldb.DB {
	t.Helper()
	dialect, err := sqldb.ParseDialect(e.Name)
	require.NoError(t, err)
	db, err := sqldb.New(raw, dialect)
	require.NoError(t, err)
	return db
}

// reopen opens a database as another program would.
func reopen(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
