//go:build unix

package sqlqueue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/queuetest"
)

// Each engine passes the kit that the queue in memory passes, on a clock that
// the test moves.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			queuetest.Run(t, false, func(t *testing.T) queuetest.Backend {
				t.Helper()
				_, driver, dsn := e.Open(t)
				var clock realdb.Clock
				return queuetest.Backend{Shared: true, Advance: clock.Advance, Open: func(o *autocall.QueueOptions) queuetest.Queue {
					q, err := autocall.NewSQLQueue(t.Context(), clock.OpenWith(t, driver, dsn), e.Name, o)
					require.NoError(t, err)
					return q
				}}
			})
		})
	}
}

// engines returns all engines.
func engines() map[string]func(testing.TB) *realdb.Engine {
	return map[string]func(testing.TB) *realdb.Engine{
		"SQLite": realdb.SQLite, "PostgreSQL": realdb.Postgres, "MariaDB": realdb.MariaDB,
	}
}
