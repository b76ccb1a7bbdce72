//go:build unix

package sqloutbox_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// millionRows inserts a million alerts that wait, of a thousand Keys and half of
// them critical, by statements that all engines know.
func millionRows(d sqldb.Dialect) string {
	digits := strings.TrimSuffix(strings.Repeat("SELECT %d AS d UNION ALL ", 10), "UNION ALL ")
	digits = fmt.Sprintf(digits, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	var from, number []string
	for i, unit := 0, 1; i < 6; i, unit = i+1, 10*unit {
		from = append(from, fmt.Sprintf("(%s) t%d", digits, i))
		number = append(number, fmt.Sprintf("%d * t%d.d", unit, i))
	}
	n := strings.Join(number, " + ")
	return d.Bind(`INSERT INTO outbox_jobs (id, route, stage, lane, due, accepted, attempts, most, crashes, problem, cause, error, doc)
		SELECT 1000 + ` + n + `, (SELECT MIN(id) FROM outbox_routes), 0, t0.d / 5, 1000, 1000 + ` + n + `, 0, 0, 0, NULL, '', ?, ? FROM ` + strings.Join(from, ", "))
}

// BenchmarkScrape makes the page for Prometheus over a million alerts that wait.
// The floor counts them as one would by hand.
func BenchmarkScrape(b *testing.B) {
	for name, start := range engines() {
		b.Run(name, func(b *testing.B) {
			e := start(b)
			db, _, _ := e.Open(b)
			dialect, err := sqldb.ParseDialect(e.Name)
			require.NoError(b, err)
			store, err := outbox.NewSQLStore(b.Context(), db, e.Name)
			require.NoError(b, err)
			box, err := outbox.Open(store, nil)
			require.NoError(b, err)
			require.NoError(b, box.Route("route", alert.SenderFunc(nil), nil))
			require.NoError(b, box.Health(b.Context()))
			query := millionRows(dialect)
			if e.Name == "mysql" {
				query = strings.ReplaceAll(query, "t0.d / 5", "t0.d DIV 5")
			}
			_, err = db.ExecContext(b.Context(), query, []byte{}, bytes.Repeat([]byte("x"), 300))
			require.NoError(b, err)
			b.Run("floor", func(b *testing.B) {
				for b.Loop() {
					var n, oldest int64
					require.NoError(b, db.QueryRowContext(b.Context(), "SELECT COUNT(*), MIN(accepted) FROM outbox_jobs WHERE stage = 0").Scan(&n, &oldest))
					require.EqualValues(b, 1_000_000, n)
				}
			})
			b.Run("tocsin", func(b *testing.B) {
				scrape := func() string {
					var page bytes.Buffer
					require.NoError(b, box.WriteMetrics(b.Context(), &page))
					return page.String()
				}
				for strings.Contains(scrape(), "tocsin_outbox_counted_in_part{route=\"route\"} 1\n") { //nolint:revive // as Run does
				}
				for b.Loop() {
					require.Contains(b, scrape(), "tocsin_outbox_pending_alerts{route=\"route\"} 1e+06\n")
				}
			})
			b.Run("health", func(b *testing.B) {
				for b.Loop() {
					_ = box.Health(b.Context()) // nobody delivers, which is not the question here
				}
			})
		})
	}
}
