package realdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Clock is how far the clock of a database is ahead, as those see it who
// opened the database with it: a lease of minutes ends in a test at once. It
// also knows what statements they used.
type Clock struct {
	ahead      atomic.Int64 // milliseconds
	statements sync.Map
}

// Advance moves the clock forward, or back.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(d.Milliseconds()) }

// Statements returns the different statements so far.
func (c *Clock) Statements() (all []string) {
	c.statements.Range(func(text, _ any) bool {
		all = append(all, fmt.Sprint(text))
		return true
	})
	return all
}

// OpenWith opens a database that Open returned the words for, so that the
// queries with which internal/sqldb reads the clock go by c.
func (c *Clock) OpenWith(tb testing.TB, name, dsn string) *sql.DB {
	tb.Helper()
	plain, err := sql.Open(name, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	defer plain.Close() //nolint:errcheck // only its driver is wanted
	db := sql.OpenDB(&connector{clock: c, driver: plain.Driver(), dsn: dsn})
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Log(err)
		}
	})
	return db
}

// A connector makes connections that go by a Clock.
type connector struct {
	clock  *Clock
	driver driver.Driver
	dsn    string
}

// Driver returns the driver beneath.
func (c *connector) Driver() driver.Driver { return c.driver }

// Connect opens a connection. The drivers of tests connect to this machine, so
// it does without the context.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return nil, fmt.Errorf("%T lacks a method of database/sql/driver", conn)
	}
	return &clockConn{fullConn: full, clock: c.clock}, nil
}

// A fullConn has what all our drivers have.
type fullConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.SessionResetter
}

// A clockConn is a connection on which it is later.
type clockConn struct {
	fullConn

	clock *Clock
}

// later adds to the clock wherever a statement reads it.
func (c *clockConn) later(query string) string {
	c.clock.statements.Store(query, true)
	ahead := c.clock.ahead.Load()
	return strings.NewReplacer(
		"julianday('now')", fmt.Sprintf("(julianday('now') + %d / 86400000.0)", ahead),
		"clock_timestamp()", fmt.Sprintf("(clock_timestamp() + INTERVAL '%d milliseconds')", ahead),
		"UTC_TIMESTAMP(3)", fmt.Sprintf("(UTC_TIMESTAMP(3) + INTERVAL %d MICROSECOND)", ahead*1000),
	).Replace(query)
}

// QueryContext makes it later.
func (c *clockConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.fullConn.QueryContext(ctx, c.later(query), args)
}

// PrepareContext prepares what does not read the clock.
func (c *clockConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil || c.later(query) == query {
		return s, err
	}
	return &clockStmt{Stmt: s, conn: c, query: query}, nil
}

// A clockStmt is a statement that reads the clock, which moves after it was prepared.
type clockStmt struct {
	driver.Stmt

	conn  *clockConn
	query string
}

// QueryContext makes it later.
func (s *clockStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

// ExecContext makes it later.
func (s *clockStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.fullConn.ExecContext(ctx, s.conn.later(s.query), args)
}

// CheckNamedValue asks the connection.
func (s *clockStmt) CheckNamedValue(v *driver.NamedValue) error { return s.conn.CheckNamedValue(v) }

// ExecContext takes note of the statement.
func (c *clockConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.clock.statements.Store(query, true)
	return c.fullConn.ExecContext(ctx, query, args)
}

// IsValid asks the connections that can tell.
func (c *clockConn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return !ok || v.IsValid()
}

// CheckNamedValue asks the connections that care.
func (c *clockConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
