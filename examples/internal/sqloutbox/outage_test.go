//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// open opens a database as another program would.
func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A database that is away is an error that says so and that it may pass, within
// the caller's time. When it is back everything goes on by itself, and a message
// whose outcome could not be told meanwhile is not sent again.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *realdb.Engine{"PostgreSQL": realdb.Postgres, "MariaDB": realdb.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			t.Run("hangs", func(t *testing.T) { testOutage(t, e, e.Pause, e.Resume) })
			t.Run("is dead", func(t *testing.T) { testOutage(t, e, e.Kill, func() { e.Start(t) }) })
		})
	}
}

func testOutage(t *testing.T, e *realdb.Engine, down, up func()) {
	raw, _, _ := e.Open(t)
	testAway(t, raw, e.Name, down, up)
}

// A file that another program has locked is the same. While the engine itself
// waits for a lock it does not look at contexts, so its patience is to be short;
// the store repeats for as long as the context lasts.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	e := realdb.SQLite(t)
	_, driver, dsn := e.Open(t)
	impatient := strings.Replace(dsn, "busy_timeout(10000)", "busy_timeout(100)", 1)
	require.NotEqual(t, dsn, impatient)
	raw, other := open(t, driver, impatient), open(t, driver, dsn)
	var tx *sql.Tx
	testAway(t, raw, e.Name, func() {
		var err error
		tx, err = other.BeginTx(t.Context(), nil) // immediate: takes the lock
		require.NoError(t, err)
	}, func() { require.NoError(t, tx.Rollback()) })
}

// testAway lets a database be away while a message is under way.
func testAway(t *testing.T, raw *sql.DB, dialect string, down, up func()) {
	b, far, answer := underWay(t, raw, dialect)
	ctx := t.Context()
	down()
	close(answer)
	for op, f := range map[string]func(context.Context) error{
		"send":  func(ctx context.Context) error { return b.Send(ctx, event(1)) },
		"list":  func(ctx context.Context) error { _, err := b.Dead(ctx, "route", 0, 1); return err },
		"count": func(ctx context.Context) error { _, err := b.Counts(ctx); return err },
	} {
		limited, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		err := f(limited)
		cancel()
		failed, ok := errors.AsType[*outbox.Error](err)
		require.True(t, ok, "%s: %v", op, err)
		require.Equal(t, op, failed.Op)
		require.True(t, alert.Retryable(err), "%s: %v", op, err)
	}
	up()
	for n := range 3 {
		require.NoError(t, b.Send(ctx, event(n)))
	}
	for deadline := time.Now().Add(time.Minute); len(far.Accepted()) < 3; {
		require.True(t, time.Now().Before(deadline), "delivered only %d", len(far.Accepted()))
		<-time.After(10 * time.Millisecond)
	}
	for i, a := range far.Accepted() {
		require.Equal(t, fmt.Sprint(i), a.ID)
	}
	dead, err := b.Dead(ctx, "route", 0, 10)
	require.NoError(t, err)
	require.Empty(t, dead, "the outcome was remembered until it could be told")
}

// underWay returns an outbox that runs, over a database, and has a first message
// under way until answer is closed.
func underWay(t *testing.T, raw *sql.DB, dialect string) (b *outbox.Outbox, far *alerttest.Recorder, answer chan struct{}) {
	t.Helper()
	store, err := outbox.NewSQLStore(t.Context(), raw, dialect)
	require.NoError(t, err)
	b, err = outbox.Open(store, &outbox.Options{Poll: 10 * time.Millisecond})
	require.NoError(t, err)
	far = new(alerttest.Recorder)
	sending, answer := make(chan struct{}), make(chan struct{})
	far.Next(func(context.Context, ...alert.Alert) error {
		close(sending)
		<-answer
		return nil
	})
	require.NoError(t, b.Route("route", far, &outbox.RouteOptions{NeverTwice: true}))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	require.NoError(t, b.Send(ctx, event(0)))
	<-sending
	return b, far, answer
}

func event(n int) alert.Alert { return alert.Alert{Source: "test", ID: fmt.Sprint(n)} }
