package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

const (
	maxRepeats  = 50                     // of a transaction; reached only in a fault
	firstPause  = 2 * time.Millisecond   // before the first repetition
	longest     = 250 * time.Millisecond // pause
	maxRepeated = 10 * time.Second       // after which a transaction is not repeated any more
	maxBegins   = 5                      // attempts to begin one: each may find a connection that died meanwhile
)

// settings are those of each transaction on PostgreSQL: how long it may do nothing
// between two statements, in milliseconds, and that statements go by an index. A
// server plans for the table that there is, the driver keeps the plan, and tables
// that queue grow within seconds from nothing.
const settings = "set_config('idle_in_transaction_session_timeout', '10000', true) || set_config('enable_seqscan', 'off', true) || " +
	"set_config('enable_hashjoin', 'off', true) || set_config('enable_mergejoin', 'off', true)"

// A notBegun error says that a transaction could not begin.
type notBegun struct{ error }

func (e notBegun) Unwrap() error { return e.error }

// A DB is a database and its dialect. It is safe for concurrent use.
type DB struct {
	sql     *sql.DB
	dialect Dialect
	writer  chan struct{} // of capacity 1: who holds it may write, on SQLite
	doubt   atomic.Int32  // about the connections that lie idle
	bounded bounded

	group    commitGroup // of those that wait for it
	prepared statements
}

// New returns a DB. It touches nothing.
func New(db *sql.DB, d Dialect) (*DB, error) {
	if db == nil {
		return nil, errors.New("no database")
	}
	if !d.Valid() {
		return nil, fmt.Errorf("unknown SQL dialect %v", d)
	}
	return &DB{
		sql: db, dialect: d, writer: make(chan struct{}, 1),
		prepared: statements{ready: make(map[string]*sql.Stmt), wanted: make(map[string]bool)},
	}, nil
}

// Dialect returns the dialect.
func (db *DB) Dialect() Dialect { return db.dialect }

// A Tx is a transaction. Its statements have question marks for parameters on
// every engine.
type Tx struct {
	session session
	dialect Dialect
	now     int64
}

// Now returns the time on the clock of the database when the transaction began
// or took its last [Tx.Lock] or [Tx.LockRow], in milliseconds.
func (t *Tx) Now() int64 { return t.now }

// Dialect returns the dialect.
func (t *Tx) Dialect() Dialect { return t.dialect }

// Lock executes a statement for whose row other transactions may have to be
// waited for, and reads the clock anew: what they did is then never in the
// future. It returns the number of rows as Exec does.
func (t *Tx) Lock(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := t.Exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return n, t.readClock(ctx)
}

// A Row is a row that transactions change before anything else, so that they
// follow one another.
type Row struct{ Table, Set, Where, Columns string }

// LockRow changes a row, for which other transactions may have to be waited for,
// and reads some of its columns and the clock: in one statement where the engine
// can. args are those of Set and of Where, of which the last n are of Where. It
// returns [sql.ErrNoRows] if there is no such row.
func (t *Tx) LockRow(ctx context.Context, r *Row, dest []any, n int, args ...any) error {
	update := "UPDATE " + r.Table + " SET " + r.Set + " WHERE " + r.Where
	read := r.Columns + ", " + t.dialect.Clock()
	dest = append(slices.Clip(dest), &t.now)
	switch t.dialect {
	case MySQL:
		if _, err := t.Exec(ctx, update, args...); err != nil {
			return err
		}
		return t.Row(ctx, "SELECT "+read+" FROM "+r.Table+" WHERE "+r.Where, args[len(args)-n:]...).Scan(dest...)
	case PostgreSQL:
		return t.Row(ctx, update+" RETURNING "+read+", "+settings, args...).Scan(append(dest, new(string))...)
	}
	return t.Row(ctx, update+" RETURNING "+read, args...).Scan(dest...)
}

// Exec executes a statement and returns the number of rows that it changed.
// On MySQL a row that was set to what it held already may not count.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.session.ExecContext(ctx, t.dialect.Bind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query executes a query. The caller closes the rows before the next statement:
// a transaction has one connection.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.session.QueryContext(ctx, t.dialect.Bind(query), args...)
}

// Row executes a query for one row.
func (t *Tx) Row(ctx context.Context, query string, args ...any) *sql.Row {
	return t.session.QueryRowContext(ctx, t.dialect.Bind(query), args...)
}

// Tx runs f in a transaction and commits it. When the engine asks for it, the
// connection from the pool turns out to be dead, or its server does not let write
// any more, the whole is run once more, so f starts from nothing each time and has no
// effect outside the database. After an error of the commit nobody knows whether it
// took place; f must be fit to be called again by the caller.
//
// With a driver that ends a statement when its context ends, as pgx and
// go-sql-driver/mysql do by closing the connection, nothing takes longer than ctx
// and a second.
func (db *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	return db.tx(ctx, func(t *Tx) error {
		if err := t.begin(ctx); err != nil {
			return err
		}
		return f(t)
	})
}

// Locked is Tx for an f that takes a [Tx.LockRow] before anything else: what Tx
// does first comes with it then, and costs no statements of its own.
func (db *DB) Locked(ctx context.Context, f func(*Tx) error) error { return db.tx(ctx, f) }

func (db *DB) tx(ctx context.Context, f func(*Tx) error) error {
	return db.repeat(ctx, func() error {
		if db.dialect == SQLite {
			return db.share(ctx, f)
		}
		return db.once(ctx, f)
	})
}

// repeat repeats what the engine wants to have repeated.
func (db *DB) repeat(ctx context.Context, try func() error) error {
	began, pause := time.Now(), firstPause
	for repeats := 0; ; repeats++ {
		db.testIdle(ctx)
		err := try()
		db.suspect(ctx, err)
		_, unbegun := errors.AsType[notBegun](err)
		again := Repeatable(err) || lost(err) || moved(err) || unbegun && repeats < maxBegins && ctx.Err() == nil
		if !again || repeats == maxRepeats || time.Since(began) > maxRepeated {
			return err
		}
		// Jitter, or those who collided collide again.
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		}
		pause = min(2*pause, longest)
	}
}

// begin reads the clock. On SQLite it first makes the transaction one that
// writes: a transaction that reads and then wants to write fails if another
// has written meanwhile. On PostgreSQL it says how long a server may do nothing
// in the middle of it; a machine that is gone would hold its locks for hours.
func (t *Tx) begin(ctx context.Context) error {
	switch t.dialect {
	case SQLite:
		if _, err := t.session.ExecContext(ctx, lockSQLite); err != nil && !noTable(err) {
			return err
		}
	case PostgreSQL:
		return t.session.QueryRowContext(ctx, "SELECT "+settings+", "+t.dialect.Clock()).Scan(new(string), &t.now)
	}
	return t.readClock(ctx)
}

func (t *Tx) readClock(ctx context.Context) error {
	return t.session.QueryRowContext(ctx, "SELECT "+t.dialect.Clock()).Scan(&t.now)
}
