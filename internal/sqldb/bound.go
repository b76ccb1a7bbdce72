package sqldb

import (
	"context"
	"database/sql"
	"sync"
)

// boundIdleMariaDB says how long, in seconds, a transaction may do nothing between
// two statements; a machine that is gone would hold its locks for hours. MySQL reads
// the comment as one, and has no such bound.
const boundIdleMariaDB = "SET /*M!100300 idle_transaction_timeout = 10, */ @tocsin = 1"

// maxBounded is how many connections are remembered.
const maxBounded = 256

// bounded are the connections that were told.
type bounded struct {
	mu    sync.Mutex
	conns map[any]bool
}

// boundIdle tells a server, once on each connection: once in each transaction would
// be one round trip more.
func (b *bounded) boundIdle(ctx context.Context, conn *sql.Conn) error {
	known := false
	err := conn.Raw(func(c any) error {
		known = b.knows(c)
		return nil
	})
	if err != nil || known {
		return err
	}
	_, err = conn.ExecContext(ctx, boundIdleMariaDB)
	return err
}

// knows reports whether a connection of the driver is remembered, and remembers it.
func (b *bounded) knows(c any) (known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		if recover() != nil { // a driver's connection that cannot be compared is told each time
			known = false
		}
	}()
	if known = b.conns[c]; known {
		return true
	}
	if b.conns == nil || len(b.conns) >= maxBounded {
		b.conns = make(map[any]bool) // most of these are closed by now
	}
	b.conns[c] = true
	return false
}
