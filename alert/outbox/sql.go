package outbox

import (
	"context"
	"database/sql"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// NewSQLStore returns a store in a database, so that nothing accepted is lost
// with the process. Several processes may share it, and any of them may die at
// any moment.
//
// The driver is yours, and dialect is the engine that it leads to: "sqlite",
// "postgres" or "mysql" (MariaDB too); the usual names of drivers, such as
// "sqlite3" and "pgx", do as well. Tables are made, and brought up to date, in
// the database's default schema; their names begin with outbox_, but for
// tocsin_schema, which holds the version. A database that a newer program has
// changed is refused. The store never closes db.
//
// What is durable is what the engine makes durable at a commit; docs/outbox.md
// has the settings. Alerts stand in the database in clear, as JSON.
func NewSQLStore(ctx context.Context, db *sql.DB, dialect string) (*Store, error) {
	d, err := sqldb.ParseDialect(dialect)
	if err != nil {
		return nil, &Error{Op: "open store", Err: err, final: true}
	}
	shared, err := sqldb.New(db, d)
	if err != nil {
		return nil, &Error{Op: "open store", Err: err, final: true}
	}
	if err := shared.Migrate(ctx, "outbox", sqlSchema); err != nil {
		return nil, failure(ctx, "open store", err)
	}
	return &Store{&sqlStore{db: shared}}, nil
}

// A sqlStore keeps jobs in a database.
type sqlStore struct{ db *sqldb.DB }

// do runs f in a transaction.
func (s *sqlStore) do(ctx context.Context, f func(txn) error) error {
	return s.db.Tx(ctx, func(tx *sqldb.Tx) error { return f(&sqlTxn{ctx: ctx, tx: tx}) })
}

func (s *sqlStore) locked(ctx context.Context, f func(txn) error) error {
	return s.db.Locked(ctx, func(tx *sqldb.Tx) error { return f(&sqlTxn{ctx: ctx, tx: tx}) })
}
