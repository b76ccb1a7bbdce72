package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"
)

// goodbyeTime is what a connection gets to show that it is alive, or to roll back.
const goodbyeTime = time.Second

// What is known of the connections that lie idle.
const (
	doubtNone  = iota
	doubtAlive // one like them had no answer in time
	doubtMoved // one like them leads to a server that does not let write
)

// A session is what the statements of a transaction are executed on.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// once runs f in one transaction.
func (db *DB) once(ctx context.Context, f func(*Tx) error) (err error) {
	db.prepared.prepare(ctx, db.sql)
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return notBegun{err}
	}
	defer conn.Close() //nolint:errcheck // it says that a connection was discarded
	s, end, err := db.begin(ctx, conn)
	if err != nil {
		discard(conn)
		return notBegun{err}
	}
	committed := false
	defer func() {
		if committed { // else f failed or panicked, or the commit did
			return
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
		defer cancel()
		failed := end(last, false)
		if failed != nil && db.dialect != SQLite { // no answer, though ctx may not have ended yet
			db.doubt.CompareAndSwap(doubtNone, doubtAlive)
		}
		if failed != nil || moved(err) {
			discard(conn) // its end rolls back
		}
	}()
	if err := f(&Tx{session: s, dialect: db.dialect}); err != nil {
		return err
	}
	err = end(ctx, true)
	committed = err == nil
	return err
}

// begin begins a transaction, and returns how it is ended.
func (db *DB) begin(ctx context.Context, conn *sql.Conn) (s session, end func(ctx context.Context, commit bool) error, err error) {
	if db.dialect == MySQL {
		if err := db.bounded.boundIdle(ctx, conn); err != nil {
			return nil, nil, err
		}
		return beginByHand(ctx, conn)
	}
	opts := &sql.TxOptions{}
	if db.dialect != SQLite { // which knows no levels and is serializable
		opts.Isolation = sql.LevelReadCommitted
	}
	tx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	s = tx
	if db.dialect == SQLite {
		s = preparedSession{tx, &db.prepared}
	}
	return s, func(_ context.Context, commit bool) error {
		if commit {
			return tx.Commit()
		}
		if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
			return err
		}
		return nil
	}, nil
}

// beginByHand does it by statements. The driver of MySQL takes no context for the
// commit of a sql.Tx, and waits for its answer for ever.
func beginByHand(ctx context.Context, conn *sql.Conn) (session, func(context.Context, bool) error, error) {
	for _, statement := range [...]string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return nil, nil, err
		}
	}
	return conn, func(ctx context.Context, commit bool) error {
		statement := "ROLLBACK"
		if commit {
			statement = "COMMIT"
		}
		_, err := conn.ExecContext(ctx, statement)
		return err
	}, nil
}

// discard keeps a connection out of the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// suspect takes note of what an error says about the connections that lie idle.
func (db *DB) suspect(ctx context.Context, err error) {
	_, unbegun := errors.AsType[notBegun](err)
	switch {
	case err == nil || db.dialect == SQLite:
	case moved(err):
		db.doubt.Store(doubtMoved)
	case unbegun, lost(err), errors.Is(ctx.Err(), context.DeadlineExceeded):
		db.doubt.CompareAndSwap(doubtNone, doubtAlive)
	}
}

// testIdle closes the connections of the pool that give no sign of life, if there
// is a doubt. What a firewall has forgotten swallows what is sent to it: to find
// them out one by one, by a transaction each, would take minutes. After a fail-over
// all of them lead to the wrong server.
func (db *DB) testIdle(ctx context.Context) {
	doubt := db.doubt.Swap(doubtNone)
	if doubt == doubtNone {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, goodbyeTime)
	defer cancel()
	var mu sync.Mutex
	var tested []*sql.Conn // given back all at once, or one would be tested twice
	var tests sync.WaitGroup
	for range db.sql.Stats().Idle {
		tests.Go(func() {
			conn, err := db.sql.Conn(ctx)
			if err != nil {
				return
			}
			if conn.PingContext(ctx) != nil || doubt == doubtMoved {
				discard(conn)
			}
			mu.Lock()
			defer mu.Unlock()
			tested = append(tested, conn)
		})
	}
	tests.Wait()
	for _, conn := range tested {
		_ = conn.Close() // which says that it was discarded
	}
}
