//go:build unix

package sqloutbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// A journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// running returns an outbox over a database that runs until the test ends.
func running(t *testing.T, raw *sql.DB, dialect string, opts *outbox.Options) (*outbox.Outbox, *alerttest.Recorder, *journal) {
	t.Helper()
	log := new(journal)
	if opts == nil {
		opts = new(outbox.Options)
	}
	opts.Poll, opts.Logger = 10*time.Millisecond, slog.New(slog.NewTextHandler(log, nil))
	store, err := outbox.NewSQLStore(t.Context(), raw, dialect)
	require.NoError(t, err)
	b, err := outbox.Open(store, opts)
	require.NoError(t, err)
	far := new(alerttest.Recorder)
	require.NoError(t, b.Route("route", far, nil))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return b, far, log
}

// delivered waits until so many alerts have arrived.
func delivered(t *testing.T, far *alerttest.Recorder, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(far.Accepted()) < n; {
		require.True(t, time.Now().Before(deadline), "delivered only %d of %d", len(far.Accepted()), n)
		<-time.After(10 * time.Millisecond)
	}
	require.Len(t, far.Accepted(), n)
}

// settled waits until nothing is in the store any more.
func settled(t *testing.T, b *outbox.Outbox) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		waiting, err := b.Pending(t.Context(), "route", 0, 1)
		require.NoError(t, err)
		if len(waiting) == 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "not settled")
	}
}

// fillPool fills a pool with n idle connections.
func fillPool(t *testing.T, raw *sql.DB, n int) {
	t.Helper()
	conns := make([]*sql.Conn, n)
	for i := range conns {
		var err error
		conns[i], err = raw.Conn(t.Context())
		require.NoError(t, err)
	}
	for _, conn := range conns {
		require.NoError(t, conn.Close())
	}
}

// servers are the engines that one has a connection to.
func servers() map[string]func(testing.TB) *realdb.Engine {
	return map[string]func(testing.TB) *realdb.Engine{"PostgreSQL": realdb.Postgres, "MariaDB": realdb.MariaDB}
}

// Connections that swallow everything, as a firewall leaves them behind, hold up
// neither who accepts nor who delivers, and the log says so. Nobody has set a
// deadline.
func TestSwallowedConnections(t *testing.T) {
	t.Parallel()
	for name, start := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			_, driver, dsn := e.Open(t)
			proxy, through := e.Proxy(t, dsn)
			raw := open(t, driver, through)
			raw.SetMaxIdleConns(8)
			b, far, log := running(t, raw, e.Name, nil)
			for n := range 3 {
				require.NoError(t, b.Send(t.Context(), event(n)))
			}
			delivered(t, far, 3)
			settled(t, b)
			fillPool(t, raw, 8) // so that all who come get one that is swallowed
			proxy.Swallow()
			sent := make(chan error, 8)
			for n := range cap(sent) {
				go func() { sent <- b.Send(context.WithoutCancel(t.Context()), event(10+n)) }()
			}
			limit := time.NewTimer(30 * time.Second)
			defer limit.Stop()
			for range cap(sent) {
				select {
				case err := <-sent:
					require.NoError(t, err)
				case <-limit.C:
					require.Fail(t, "a Send hangs")
				}
			}
			delivered(t, far, 3+cap(sent))
			require.Contains(t, log.String(), "outbox not available, retrying")
			require.Contains(t, log.String(), "accepting failed, retrying")
		})
	}
}

// After a fail-over connections lead to a server that does not let write: what is
// sent is accepted and delivered all the same, by new ones.
func TestReadOnlyConnections(t *testing.T) {
	t.Parallel()
	for name, start := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			raw, _, _ := e.Open(t)
			b, far, _ := running(t, raw, e.Name, nil)
			require.NoError(t, b.Send(t.Context(), event(0)))
			delivered(t, far, 1)
			makeReadOnly(t, raw, e.Name, 4)
			for n := range 5 {
				require.NoError(t, b.Send(t.Context(), event(1+n)))
			}
			delivered(t, far, 6)
		})
	}
}

// makeReadOnly fills a pool with connections that do not let write.
func makeReadOnly(t *testing.T, raw *sql.DB, engine string, n int) {
	t.Helper()
	raw.SetMaxIdleConns(n)
	conns := make([]*sql.Conn, n)
	for i := range conns {
		var err error
		conns[i], err = raw.Conn(t.Context())
		require.NoError(t, err)
		statement := "SET default_transaction_read_only = on"
		if engine == "mysql" {
			statement = "SET SESSION TRANSACTION READ ONLY"
		}
		_, err = conns[i].ExecContext(t.Context(), statement)
		require.NoError(t, err, fmt.Sprint(i))
	}
	for _, conn := range conns {
		require.NoError(t, conn.Close())
	}
}
