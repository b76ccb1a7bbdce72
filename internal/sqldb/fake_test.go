package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// A fakeDriver takes note of transactions and statements, and stores nothing.
type fakeDriver struct {
	commitTime time.Duration

	mu        sync.Mutex
	log       []string
	texts     []string // prepared
	commitErr error
}

// open returns a database for SQLite with one connection.
func (f *fakeDriver) open(t *testing.T) *sqldb.DB {
	t.Helper()
	pool := sql.OpenDB(f)
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	db, err := sqldb.New(pool, sqldb.SQLite)
	require.NoError(t, err)
	return db
}

// events returns what has happened.
func (f *fakeDriver) events() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// prepared returns how many statements were prepared that begin with a text.
func (f *fakeDriver) prepared(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range f.texts {
		if strings.HasPrefix(text, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeDriver) failCommits(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commitErr = err
}

func (f *fakeDriver) note(event string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, event)
	if event == "commit" {
		return f.commitErr
	}
	return nil
}

func (f *fakeDriver) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fakeDriver) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fakeDriver }

func (c fakeConn) Close() error { return nil }

func (c fakeConn) Begin() (driver.Tx, error) { return fakeTx(c), c.note("begin") }

func (c fakeConn) Prepare(query string) (driver.Stmt, error) {
	if query == "unpreparable" {
		return nil, errors.New("cannot be prepared")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, query)
	return fakeStmt{c, query}, nil
}

func (c fakeConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.note(query)
}

type fakeTx struct{ *fakeDriver }

func (t fakeTx) Commit() error {
	<-time.After(t.commitTime)
	return t.note("commit")
}

func (t fakeTx) Rollback() error { return t.note("rollback") }

type fakeStmt struct {
	fakeConn

	query string
}

func (s fakeStmt) NumInput() int                             { return -1 }
func (s fakeStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.ErrUnsupported }
func (s fakeStmt) Exec([]driver.Value) (driver.Result, error) {
	return driver.RowsAffected(1), s.note(s.query)
}
