//go:build unix

package sqloutbox_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/autocall"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// PgBouncer may pool transactions between the stores and the server, if the driver
// prepares nothing on a connection that is another one the next time.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	e := realdb.Postgres(t)
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			_, driver, dsn := e.Open(t)
			through := e.PgBouncer(t, dsn) + "&default_query_exec_mode=" + mode
			var starting sync.WaitGroup
			for range 4 { // whose schemas follow one another
				raw := open(t, driver, through)
				starting.Go(func() {
					if _, err := outbox.NewSQLStore(t.Context(), raw, e.Name); err != nil {
						t.Error(err)
					}
				})
			}
			starting.Wait()
			raw := open(t, driver, through)
			b, far, log := running(t, raw, e.Name, nil)
			var sending sync.WaitGroup
			for n := range 20 {
				sending.Go(func() {
					if err := b.Send(t.Context(), event(n), event(n)); err != nil {
						t.Error(err)
					}
				})
			}
			sending.Wait()
			delivered(t, far, 20)
			_, err := b.Counts(t.Context())
			require.NoError(t, err)
			require.NotContains(t, log.String(), "level=WARN")

			q, err := autocall.NewSQLQueue(t.Context(), raw, e.Name, nil)
			require.NoError(t, err)
			for n := range 5 {
				_, _, err := q.Enqueue(t.Context(), autocall.Call{Key: fmt.Sprint(n), People: []autocall.Person{{Number: "13900000001"}}})
				require.NoError(t, err)
			}
			h, err := q.Next(t.Context(), autocall.Phone{Name: "phone"})
			require.NoError(t, err)
			require.False(t, h.IsZero())
		})
	}
}
