//go:build unix

package sqloutbox_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// floorTable has the columns and indices of the table that the outbox keeps
// alerts in.
const floorTable = `CREATE TABLE floor_jobs (
	id $KEY, route BIGINT NOT NULL, stage SMALLINT NOT NULL, lane SMALLINT NOT NULL, due BIGINT NOT NULL, accepted BIGINT NOT NULL,
	attempts INTEGER NOT NULL, problem $HASH, cause $WORD NOT NULL, error $BLOB NOT NULL, doc $BLOB NOT NULL,
	UNIQUE (route, stage, lane, id, due), UNIQUE (problem, stage, id, route, lane, due))`

// BenchmarkAccept accepts alerts, one a Send, with one route. The floor is one
// caller that inserts one row into such a table and commits, on the same server
// at the same time of day. An operation is one alert in both.
func BenchmarkAccept(b *testing.B) {
	for _, engine := range []struct {
		name  string
		start func(testing.TB) *realdb.Engine
	}{{"SQLite", realdb.SQLite}, {"PostgreSQL", realdb.Postgres}, {"MariaDB", realdb.MariaDB}} {
		b.Run(engine.name, func(b *testing.B) {
			e := engine.start(b)
			for _, callers := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
					b.Run("floor", func(b *testing.B) { benchFloor(b, e) })
					b.Run("tocsin", func(b *testing.B) { benchAccept(b, e, callers) })
				})
			}
		})
	}
}

// sample is an alert of a usual size.
func sample(n int64) alert.Alert {
	return alert.Alert{
		Source: "aliyun", ID: fmt.Sprint("event-", n), Key: fmt.Sprint("rule/instance-", n%1000), Severity: alert.Critical,
		Name: "CPU usage above 90%", Summary: strings.Repeat("the details for people ", 12), Product: "ecs", Region: "cn-hangzhou",
		Instance: "i-0000", Labels: map[string]string{"metric": "CPUUtilization", "value": "97.2"},
	}
}

func benchFloor(b *testing.B, e *realdb.Engine) {
	db, _, _ := e.Open(b)
	db.SetMaxOpenConns(1)
	dialect, err := sqldb.ParseDialect(e.Name)
	require.NoError(b, err)
	_, err = db.ExecContext(b.Context(), dialect.Schema(floorTable))
	require.NoError(b, err)
	insert := dialect.Bind(`INSERT INTO floor_jobs (id, route, stage, lane, due, accepted, attempts, problem, cause, error, doc) VALUES (?, 1, 0, 0, ?, ?, 0, ?, '', ?, ?)`)
	problem, doc := sqldb.Hash("problem"), []byte(strings.Repeat("x", 560))
	n := int64(0)
	for b.Loop() {
		n++
		require.NoError(b, insertOne(b, db, insert, n, problem, doc))
	}
}

// insertOne inserts one row and commits.
func insertOne(b *testing.B, db *sql.DB, insert string, n int64, problem, doc []byte) error {
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(b.Context(), insert, n, n, n, problem, []byte{}, doc); err != nil {
		return err
	}
	return tx.Commit()
}

func benchAccept(b *testing.B, e *realdb.Engine, callers int) {
	db, _, _ := e.Open(b)
	store, err := outbox.NewSQLStore(b.Context(), db, e.Name)
	require.NoError(b, err)
	box, err := outbox.Open(store, nil)
	require.NoError(b, err)
	discard := alert.SenderFunc(nil)
	require.NoError(b, box.Route("route", discard, nil))
	require.NoError(b, box.Send(b.Context(), sample(0)))
	var next atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if err := box.Send(b.Context(), sample(n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
