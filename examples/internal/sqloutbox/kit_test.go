//go:build unix

package sqloutbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/storetest"
)

// Each engine passes the kit that the store in memory passes, on a clock that
// the test moves.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			storetest.Run(t, false, func(t *testing.T) storetest.Backend {
				t.Helper()
				db, driver, dsn := e.Open(t)
				var clock realdb.Clock
				open := func() *outbox.Store {
					s, err := outbox.NewSQLStore(t.Context(), clock.OpenWith(t, driver, dsn), e.Name)
					require.NoError(t, err)
					return s
				}
				vanish := func() {
					_, err := db.ExecContext(t.Context(), "DELETE FROM outbox_routes")
					require.NoError(t, err)
				}
				return storetest.Backend{Shared: true, Advance: clock.Advance, Open: open, Vanish: vanish}
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
