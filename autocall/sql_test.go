package autocall_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
)

// What needs an engine is tested in the module examples, which may have
// drivers.

// A noDriver is a database that cannot be reached.
type noDriver struct{}

func (d noDriver) Driver() driver.Driver                            { return d }
func (noDriver) Open(string) (driver.Conn, error)                   { return nil, errors.New("connection refused") }
func (d noDriver) Connect(ctx context.Context) (driver.Conn, error) { return d.Open("") }

func TestNewSQLQueueRefuses(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(noDriver{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, tt := range []struct {
		name      string
		db        *sql.DB
		dialect   string
		opts      *autocall.QueueOptions
		retryable bool
		want      string
	}{
		{"dialect", db, "oracle", nil, false, `autocall: new queue: unknown SQL dialect "oracle" (want sqlite, postgres or mysql)`},
		{"no dialect", db, "", nil, false, `autocall: new queue: unknown SQL dialect "" (want sqlite, postgres or mysql)`},
		{"no database", nil, "postgres", nil, false, "autocall: new queue: no database"},
		{"options", db, "postgres", &autocall.QueueOptions{Lease: time.Second}, false,
			"autocall: new queue: lease of 1s, want at least 30s: the app does not poll during a call"},
		{"unreachable", db, "sqlite", nil, true, "autocall: new queue: schema of autocall: connection refused"},
		{"unreachable, to be locked", db, "mysql", nil, true, "autocall: new queue: schema of autocall: lock: connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q, err := autocall.NewSQLQueue(t.Context(), tt.db, tt.dialect, tt.opts)
			require.Nil(t, q)
			failed, ok := errors.AsType[*autocall.Error](err)
			require.True(t, ok)
			require.Equal(t, tt.retryable, failed.Retryable())
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestNewSQLQueueHeedsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, dialect := range []string{"sqlite", "postgres", "mysql"} {
		db := sql.OpenDB(noDriver{})
		_, err := autocall.NewSQLQueue(ctx, db, dialect, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, db.Close())
	}
}
