package jobstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// sqlAccept does on PostgreSQL what accept does, in one statement and so in one
// round trip instead of six. It inserts no row before it has the row of outbox_guard,
// since each that it inserts is made with it: whatever it has to wait for, its
// numbers and its clock come after. Whether an event is known the unique index
// decides, which knows more than the snapshot that was taken before the wait.
const sqlAccept = `WITH guard AS (UPDATE outbox_guard SET last_id = last_id + CAST(? AS BIGINT) WHERE id = 1 AND %s RETURNING last_id AS last, %s AS clock),
	entries (place, event, problem, lane, doc) AS (VALUES %s),
	fresh AS (INSERT INTO outbox_seen (event, until)
		SELECT l.event, t.clock + CAST(? AS BIGINT) FROM guard t, entries l ON CONFLICT DO NOTHING RETURNING event),
	jobs AS (INSERT INTO outbox_jobs (id, route, stage, lane, due, accepted, attempts, problem, cause, error, doc)
		SELECT t.last - r.back, r.route, 0, l.lane, t.clock, t.clock, 0, l.problem, '', CAST('' AS BYTEA), l.doc
		FROM guard t, entries l, (VALUES %s) AS r (place, back, route)
		WHERE r.place = l.place AND l.event IN (SELECT event FROM fresh))
	SELECT (SELECT COUNT(*) FROM guard), (SELECT COUNT(*) FROM fresh)`

// Accept leaves to a transaction what is too much for one statement, and what depends
// on the problems that are open.
func (s *sqlStore) Accept(ctx context.Context, entries []Entry, window int64) (fresh int, done bool, err error) {
	entries = distinct(entries)
	jobs, size, watched := 0, 0, false
	for i := range entries {
		watched = watched || len(entries[i].Watches) > 0
		jobs, size = jobs+len(entries[i].Routes), size+len(entries[i].Doc)
	}
	if s.db.Dialect() != sqldb.PostgreSQL || jobs == 0 || len(entries) > rowsAtOnce || watched || jobs > 2*rowsAtOnce || size > bytesAtOnce {
		return 0, false, nil
	}
	values, args := make([]string, len(entries)), []any{jobs}
	for i := range entries {
		l := &entries[i]
		values[i] = fmt.Sprintf("(%d, CAST(? AS BYTEA), CAST(? AS BYTEA), CAST(? AS SMALLINT), CAST(? AS BYTEA))", i)
		args = append(args, []byte(l.Event), l.Problem.column(), int(l.Lane), l.Doc)
	}
	args = append(args, window)
	var places []string
	for i := range entries {
		for _, route := range entries[i].Routes {
			places = append(places, fmt.Sprintf("(%d, %d, CAST(? AS BIGINT))", i, jobs-1-len(places)))
			args = append(args, route)
		}
	}
	query := fmt.Sprintf(sqlAccept, allThere(routesOf(entries)), s.db.Dialect().Clock(), strings.Join(values, ", "), strings.Join(places, ", "))
	guards := 0
	err = s.db.Once(ctx, query, args, &guards, &fresh)
	return fresh, guards > 0 || err != nil, err // else the transaction finds out what is missing
}

// routesOf returns the routes of entries, each once, in order.
func routesOf(entries []Entry) (routes []int64) {
	for i := range entries {
		routes = append(routes, entries[i].Routes...)
	}
	slices.Sort(routes)
	return slices.Compact(routes)
}

// errNoGuard says that the outbox has been tampered with.
var errNoGuard = errors.New("the row of table outbox_guard is gone: nothing would keep two processes apart")

// distinct returns the first entry of each event.
func distinct(entries []Entry) []Entry {
	seen := make(map[Hash]bool, len(entries))
	first := make([]Entry, 0, len(entries))
	for i := range entries {
		if e := entries[i].Event; !seen[e] {
			seen[e] = true
			first = append(first, entries[i])
		}
	}
	return first
}

// column returns a hash as an argument; there may be none.
func (h Hash) column() any {
	if h == "" {
		return nil
	}
	return []byte(h)
}
