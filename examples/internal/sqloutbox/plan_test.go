//go:build unix

package sqloutbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/realdb"
)

// Nothing that a worker asks of PostgreSQL reads much more than what it claims:
// behind dead letters of the same Key, and when the tables filled up after the
// statements were planned and nobody has analysed them. Another session holds a
// snapshot.
func TestPlans(t *testing.T) {
	t.Parallel()
	e := realdb.Postgres(t)
	for _, dead := range []bool{true, false} {
		t.Run(map[bool]string{true: "dead letters", false: "planned while empty"}[dead], func(t *testing.T) {
			t.Parallel()
			testPlans(t, e, dead)
		})
	}
}

func testPlans(t *testing.T, e *realdb.Engine, dead bool) {
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	raw := clock.OpenWith(t, driver, dsn)
	b, far, _ := running(t, raw, e.Name, nil)
	require.NoError(t, b.Send(t.Context(), event(0)))
	delivered(t, far, 1)
	require.Eventually(t, func() bool { return b.Stats().Routes["route"].Delivered == 1 }, time.Minute, 5*time.Millisecond) // and settled

	conn, prepared := prepare(t, raw, &clock) // while the tables are empty
	store, err := outbox.NewSQLStore(t.Context(), raw, e.Name)
	require.NoError(t, err)
	other, err := outbox.Open(store, nil)
	require.NoError(t, err)
	require.NoError(t, other.Route("other", new(alerttest.Recorder), nil))
	next := 0
	for range 20 {
		send(t, other, &next, 500)
	}
	if dead { // which a vacuum plans anew for
		for _, statement := range []string{"UPDATE outbox_jobs SET stage = 1", "VACUUM outbox_jobs"} {
			_, err = raw.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}
	}
	defer hold(t, raw)()
	send(t, other, &next, 500)
	var route, last int64
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT MAX(route), MAX(id) FROM outbox_jobs").Scan(&route, &last))
	for i, statement := range prepared {
		rows, pages := explain(t, conn, fmt.Sprintf("s%d(%s)", i, strings.Join(arguments(statement, route, 0, last), ", ")))
		require.Less(t, rows, 200, statement)
		require.Less(t, pages, 500, statement)
	}
}

// While another session holds a snapshot, what is removed stays in the indices. A claim
// does not walk through it.
func TestPlansBehindRemoved(t *testing.T) {
	t.Parallel()
	e := realdb.Postgres(t)
	var clock realdb.Clock
	_, driver, dsn := e.Open(t)
	raw := clock.OpenWith(t, driver, dsn)
	b, far, _ := running(t, raw, e.Name, nil)
	next := 0
	send(t, b, &next, 1)
	delivered(t, far, 1)
	defer hold(t, raw)()
	for n := 500; n <= 3500; n += 500 {
		send(t, b, &next, 500)
		delivered(t, far, n+1)
	}
	require.NoError(t, b.Pause(t.Context(), "route"))
	send(t, b, &next, 500)
	conn, prepared := prepare(t, raw, &clock)
	var route, low, last int64
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT id, low FROM outbox_routes").Scan(&route, &low))
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT last_id FROM outbox_guard").Scan(&last))
	for i, statement := range prepared {
		if !strings.HasPrefix(statement, "DELETE") {
			_, pages := explain(t, conn, fmt.Sprintf("s%d(%s)", i, strings.Join(arguments(statement, route, low, last), ", ")))
			require.Less(t, pages, 300, statement)
		}
	}
}

// prepare prepares the statements about jobs that were executed so far, as s0, s1 and so
// on, in a session that has the settings of ours.
func prepare(t *testing.T, raw *sql.DB, clock *realdb.Clock) (conn *sql.Conn, prepared []string) {
	t.Helper()
	conn, err := raw.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for setting, value := range settings(t, clock) {
		_, err = conn.ExecContext(t.Context(), fmt.Sprintf("SET %s = %s", setting, value))
		require.NoError(t, err)
	}
	_, err = conn.ExecContext(t.Context(), "SET plan_cache_mode = force_generic_plan")
	require.NoError(t, err)
	for _, statement := range clock.Statements() {
		if strings.Contains(statement, "outbox_jobs") && (strings.Contains(statement, "SELECT j.id") || strings.HasPrefix(statement, "DELETE")) {
			_, err = conn.ExecContext(t.Context(), fmt.Sprintf("PREPARE s%d AS %s", len(prepared), statement))
			require.NoError(t, err)
			prepared = append(prepared, statement)
		}
	}
	require.GreaterOrEqual(t, len(prepared), 2, "%q", prepared)
	return conn, prepared
}

// settings returns those that a transaction sets first.
func settings(t *testing.T, clock *realdb.Clock) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, statement := range clock.Statements() {
		for _, m := range regexp.MustCompile(`set_config\('(enable_\w+)', '(\w+)', true\)`).FindAllStringSubmatch(statement, -1) {
			all[m[1]] = m[2]
		}
	}
	require.NotEmpty(t, all)
	return all
}

// send sends alerts of one Key.
func send(t *testing.T, b *outbox.Outbox, next *int, n int) {
	t.Helper()
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		*next++
		alerts[i] = alert.Alert{Source: "test", ID: fmt.Sprint("plan-", *next), Key: "the same"}
	}
	require.NoError(t, b.Send(t.Context(), alerts...))
}

// arguments returns those of a prepared statement, by what stands before each: a batch of
// 16 at the end of all.
func arguments(statement string, route, low, last int64) (args []string) {
	if strings.HasPrefix(statement, "DELETE") {
		for k := range strings.Count(statement, "$") {
			args = append(args, fmt.Sprint(last-int64(k)))
		}
		return args
	}
	for _, m := range regexp.MustCompile(`(route =|id >=|LIMIT|\S+) \$\d+`).FindAllStringSubmatch(statement, -1) {
		switch m[1] {
		case "route =":
			args = append(args, fmt.Sprint(route))
		case "id >=":
			args = append(args, fmt.Sprint(low))
		case "LIMIT":
			args = append(args, "16")
		default:
			args = append(args, "9000000000000") // the time
		}
	}
	return args
}

// explain executes a prepared statement and returns how many rows were read, by all
// nodes of its plan, and pages.
func explain(t *testing.T, conn *sql.Conn, prepared string) (read, pages int) {
	t.Helper()
	rows, err := conn.QueryContext(context.WithoutCancel(t.Context()), "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) EXECUTE "+prepared)
	require.NoError(t, err)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan = append(plan, line)
		if m := regexp.MustCompile(`actual rows=(\d+) loops=(\d+)`).FindStringSubmatch(line); m != nil {
			read += atoi(t, m[1]) * atoi(t, m[2])
		}
		if m := regexp.MustCompile(`Rows Removed by (?:Join )?Filter: (\d+)`).FindStringSubmatch(line); m != nil {
			read += atoi(t, m[1])
		}
		if m := regexp.MustCompile(`^  Buffers: shared (.*)`).FindStringSubmatch(line); m != nil && pages == 0 { // of all nodes
			for _, n := range regexp.MustCompile(`(?:hit|read)=(\d+)`).FindAllStringSubmatch(m[1], -1) {
				pages += atoi(t, n[1])
			}
		}
		require.NotContains(t, line, "Seq Scan", strings.Join(plan, "\n"))
	}
	require.NoError(t, rows.Err())
	t.Log(strings.Join(plan, "\n"))
	return read, pages
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
