package autocall

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// NewSQLQueue returns a queue that a database keeps, so that nothing accepted
// is lost with the process. Several servers may share one database, and any of
// them may die at any moment.
//
// The driver is yours, and dialect is the engine that it leads to: "sqlite",
// "postgres" or "mysql" (MariaDB too); the usual names of drivers, such as
// "sqlite3" and "pgx", do as well. Tables are made, and brought up to date, in
// the database's default schema; their names begin with autocall_, but for
// tocsin_schema, which holds the version. A database that a newer program has
// changed is refused. The queue never closes db.
//
// What is durable is what the engine makes durable at a commit:
//
//   - SQLite: open it with the journal mode WAL, synchronous=FULL, a
//     busy_timeout of some 200 ms and _txlock=immediate. With synchronous=NORMAL,
//     which many advise for WAL, a power failure may take back the last
//     answers, and people are rung again. Several processes of one machine may
//     share a file; a network file system must not hold it.
//   - PostgreSQL: fsync and synchronous_commit on, as by default. With a
//     fail-over to a standby that is not synchronous, the last transactions
//     may be lost. PgBouncer may stand between, pooling transactions, with
//     default_query_exec_mode=exec in the URL of pgx.
//   - MySQL and MariaDB: InnoDB with innodb_flush_log_at_trx_commit=1, as by
//     default, and binlog_format ROW or MIXED.
//
// Tried are SQLite, PostgreSQL 15 and MariaDB 10.11. Not tried are MySQL
// itself, Galera, OceanBase and TiDB. They need no more than the above: READ
// COMMITTED, unique indices that take several NULLs, and that of two
// transactions which change the same row at once the second one waits or
// fails; no FOR UPDATE, no counter of the engine and no named lock but
// GET_LOCK at the start.
//
// All servers go by the clock of the database. Each change takes the lock, one
// after the other for the whole queue, which costs one commit for each poll of
// a phone: hundreds a second, where a phone polls every ten. If a server dies in
// the middle of its transaction, the others go on at once. If its machine or network
// does, PostgreSQL gives the lock to the next one after ten seconds, as every
// transaction here tells it to; MariaDB does so after idle_transaction_timeout
// and MySQL after wait_timeout, which you should set to some seconds, for
// example in the data source name.
//
// Telephone numbers, names, messages and the audit trail stand in the database
// in clear, since they are needed to ring; protect it accordingly. A call goes
// Keep after its end, with its hand-outs. Phones stay: their names, models and
// when they last polled.
func NewSQLQueue(ctx context.Context, db *sql.DB, dialect string, opts *QueueOptions) (*Dispatcher, error) {
	d, err := sqldb.ParseDialect(dialect)
	if err != nil {
		return nil, &Error{Op: "new queue", Err: err, final: true}
	}
	shared, err := sqldb.New(db, d)
	if err != nil {
		return nil, &Error{Op: "new queue", Err: err, final: true}
	}
	store := &sqlStore{db: shared}
	queue, err := newDispatcher(store, opts)
	if err != nil {
		return nil, err
	}
	store.logger = queue.opts.Logger
	if err := shared.Migrate(ctx, "autocall", sqlSchema); err != nil {
		return nil, &Error{Op: "new queue", Err: err}
	}
	return queue, nil
}

// A sqlStore keeps items in a database.
type sqlStore struct {
	db     *sqldb.DB
	logger *slog.Logger
}

var _ store = (*sqlStore)(nil)

// do runs f in a transaction. Those that change something follow one another,
// by the lock that sqlTxn takes; those that only read, as its methods tell,
// wait for nobody. One that turns out to change something after it has read is
// run again, as one of the first kind.
func (s *sqlStore) do(ctx context.Context, f func(txn) error) error {
	err := s.try(ctx, f, false)
	if errors.Is(err, errUnlocked) {
		err = s.try(ctx, f, true)
	}
	return err
}

// try runs f in a transaction that takes the lock first, if asked to.
func (s *sqlStore) try(ctx context.Context, f func(txn) error, lockFirst bool) error {
	var t *sqlTxn
	err := s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		t = &sqlTxn{ctx: ctx, tx: tx, mids: make(map[string]bool)}
		if lockFirst {
			if err := t.lock(); err != nil {
				return err
			}
		}
		return f(t)
	})
	if err != nil {
		return err
	}
	for _, seq := range t.closed {
		s.logger.LogAttrs(ctx, slog.LevelError, "a call in the database cannot be read: it was closed, and nobody is rung", slog.Int64("row", seq))
	}
	return nil
}
