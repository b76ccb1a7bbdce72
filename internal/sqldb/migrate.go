package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

const (
	createVersions = `CREATE TABLE IF NOT EXISTS tocsin_schema (component $WORD NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`
	lockSQLite     = `DELETE FROM tocsin_schema WHERE component = ''` // there is none: takes the lock and does nothing
)

// noTable reports whether err says that there is no schema yet.
func noTable(err error) bool { return strings.Contains(err.Error(), "no such table") }

// Migrate brings the tables of a component to the newest version: steps[i] is
// one statement, in the words of [Dialect.Schema], that leads from version i to
// i+1. Steps are never changed once they were released, only added. Programs
// that start at the same time follow one another. Each step is recorded with it, but
// for MySQL, whose schema statements commit by themselves: there a step must be
// fit to be run again, as CREATE TABLE IF NOT EXISTS is.
//
// A database with a version beyond the last step belongs to a newer program
// and is refused. One that is up to date is only read, so that a program can
// start while others keep the database busy.
func (db *DB) Migrate(ctx context.Context, component string, steps []string) error {
	if db.upToDate(ctx, component, len(steps)) {
		return nil
	}
	unlock, err := db.lockSchema(ctx)
	if err != nil {
		return fmt.Errorf("schema of %s: lock: %w", component, err)
	}
	defer unlock()
	if err := db.createVersions(ctx); err != nil {
		return fmt.Errorf("schema of %s: %w", component, err)
	}
	for {
		done, err := db.step(ctx, component, steps)
		if err != nil {
			return fmt.Errorf("schema of %s: %w", component, err)
		}
		if done {
			return nil
		}
	}
}

// upToDate reports whether the database has a version, for all one can see
// without a lock. Versions only grow, and one is recorded after its step.
func (db *DB) upToDate(ctx context.Context, component string, want int) bool {
	version := 0
	query := db.dialect.Bind(`SELECT version FROM tocsin_schema WHERE component = ?`)
	err := db.sql.QueryRowContext(ctx, query, component).Scan(&version)
	return err == nil && version == want
}

// lockSchema keeps other programs from migrating until unlock is called, on MySQL,
// where it belongs to the connection. SQLite needs no more than its one writer, and on
// PostgreSQL each transaction takes the lock, which a pooler can stand between.
func (db *DB) lockSchema(ctx context.Context) (unlock func(), err error) {
	if db.dialect != MySQL {
		return func() {}, nil
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullString
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK('tocsin_schema', 60)").Scan(&got); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if got.String != "1" {
		return nil, errors.Join(errors.New("another program has held it for a minute"), conn.Close())
	}
	return func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
		defer cancel()
		if _, err := conn.ExecContext(release, "SELECT RELEASE_LOCK('tocsin_schema')"); err != nil {
			discard(conn) // the end of the session does it too
		}
		_ = conn.Close()
	}, nil
}

// migrating is Tx with the lock that belongs to the transaction, on PostgreSQL. Its
// number is "tocsin" in ASCII.
func (db *DB) migrating(ctx context.Context, f func(*Tx) error) error {
	return db.Tx(ctx, func(t *Tx) error {
		if t.dialect == PostgreSQL {
			if err := t.Row(ctx, "SELECT CAST(pg_advisory_xact_lock(CAST(x'746f6373696e' AS BIGINT)) AS TEXT)").Scan(new(string)); err != nil {
				return err
			}
		}
		return f(t)
	})
}

// createVersions makes the table of versions. On SQLite two programs may try
// at once, which Tx repeats.
func (db *DB) createVersions(ctx context.Context) error {
	return db.migrating(ctx, func(t *Tx) error {
		_, err := t.Exec(ctx, db.dialect.Schema(createVersions))
		return err
	})
}

// step takes one step, and reports whether there is none left.
func (db *DB) step(ctx context.Context, component string, steps []string) (done bool, err error) {
	err = db.migrating(ctx, func(t *Tx) error {
		version := 0
		err := t.Row(ctx, `SELECT version FROM tocsin_schema WHERE component = ?`, component).Scan(&version)
		fresh := errors.Is(err, sql.ErrNoRows)
		if err != nil && !fresh {
			return err
		}
		if version > len(steps) {
			return fmt.Errorf("the database has version %d and this program knows %d: it was written by a newer one", version, len(steps))
		}
		if done = version == len(steps); done {
			return nil
		}
		if _, err := t.Exec(ctx, db.dialect.Schema(steps[version])); err != nil {
			return fmt.Errorf("step %d: %w", version+1, err)
		}
		record := `UPDATE tocsin_schema SET version = ? WHERE component = ?`
		if fresh {
			record = `INSERT INTO tocsin_schema (version, component) VALUES (?, ?)`
		}
		_, err = t.Exec(ctx, record, version+1, component)
		return err
	})
	return done, err
}
