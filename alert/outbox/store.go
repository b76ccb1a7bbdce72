package outbox

import (
	"context"
	"database/sql"

	"github.com/tocsin-go/tocsin/internal/jobstore"
)

// MaxAlert is the most bytes that an alert may have as JSON.
const MaxAlert = jobstore.MaxAlert

// A Store keeps what was accepted until it is delivered. There are two:
// [NewMemoryStore] and [NewSQLStore]. It is safe for concurrent use, by several
// Outboxes too.
type Store struct{ store jobstore.Store }

// NewMemoryStore returns a store in the memory of this process. It is for tests
// and for programs that may lose what was accepted and not delivered: all of it is
// lost on exit. Its clock is monotonic: setting the machine's time ends no lease.
func NewMemoryStore() *Store { return &Store{jobstore.NewMemory(jobstore.Monotonic())} }

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
	s, final, err := jobstore.OpenSQL(ctx, db, dialect)
	switch {
	case final:
		return nil, &Error{Op: "open store", Err: err, final: true}
	case err != nil:
		return nil, failure(ctx, "open store", err)
	}
	return &Store{s}, nil
}
