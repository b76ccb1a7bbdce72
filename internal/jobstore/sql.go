package jobstore

import (
	"context"
	"database/sql"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// OpenSQL returns a store in a database, whose tables it makes. An error is final
// if the arguments are wrong.
func OpenSQL(ctx context.Context, db *sql.DB, dialect string) (s Store, final bool, err error) {
	d, err := sqldb.ParseDialect(dialect)
	if err != nil {
		return nil, true, err
	}
	shared, err := sqldb.New(db, d)
	if err != nil {
		return nil, true, err
	}
	if err := shared.Migrate(ctx, "outbox", sqlSchema); err != nil {
		return nil, false, err
	}
	return &sqlStore{db: shared, settled: settledJobs{of: make(map[int64]int)}}, false, nil
}

// A sqlStore keeps jobs in a database.
type sqlStore struct {
	db      *sqldb.DB
	settled settledJobs
}

// Do runs f in a transaction.
func (s *sqlStore) Do(ctx context.Context, f func(Txn) error) error {
	return s.db.Tx(ctx, func(tx *sqldb.Tx) error { return s.run(ctx, tx, f) })
}

// Locked runs f in a transaction that begins with a lock.
func (s *sqlStore) Locked(ctx context.Context, f func(Txn) error) error {
	return s.db.Locked(ctx, func(tx *sqldb.Tx) error { return s.run(ctx, tx, f) })
}

func (s *sqlStore) run(ctx context.Context, tx *sqldb.Tx, f func(Txn) error) error {
	t := &sqlTxn{ctx: ctx, tx: tx, settled: &s.settled, marks: make(map[int64]*mark)}
	if err := f(t); err != nil {
		return err
	}
	return t.keep()
}

// Unhurried returns a context for transactions that nobody waits for: they may wait
// for one of those that accept, to share its commit.
func Unhurried(ctx context.Context) context.Context { return sqldb.Unhurried(ctx) }
