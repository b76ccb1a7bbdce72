package sqldb

import (
	"context"
	"database/sql"
	"sync"
)

// mostPrepared bounds the statements that are kept prepared: more than the stores
// have.
const mostPrepared = 100

// statements are prepared statements by their text, for SQLite. To read a text takes it
// longer than to do what it says.
type statements struct {
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	wanted map[string]bool // were executed and are to be prepared
}

// get returns a statement if it is prepared, and takes note of it if not.
func (s *statements) get(query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.ready[query]
	if found == nil && len(s.ready)+len(s.wanted) < mostPrepared {
		s.wanted[query] = true
	}
	return found
}

// prepare prepares what was executed since the last call. Within a transaction it
// would wait for a second connection, which there may never be.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for query := range s.wanted {
		if statement, err := db.PrepareContext(ctx, query); err == nil {
			s.ready[query] = statement
		}
	}
	clear(s.wanted)
}

// A preparedSession executes the statements of a transaction that are prepared as
// such.
type preparedSession struct {
	*sql.Tx

	statements *statements
}

func (p preparedSession) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := p.statements.get(query); s != nil {
		return p.StmtContext(ctx, s).ExecContext(ctx, args...)
	}
	return p.Tx.ExecContext(ctx, query, args...)
}

func (p preparedSession) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.statements.get(query); s != nil {
		return p.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return p.Tx.QueryContext(ctx, query, args...)
}

func (p preparedSession) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.statements.get(query); s != nil {
		return p.StmtContext(ctx, s).QueryRowContext(ctx, args...)
	}
	return p.Tx.QueryRowContext(ctx, query, args...)
}
