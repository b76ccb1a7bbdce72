package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// sqlAccept does on PostgreSQL what accept does, in one statement and so in one
// round trip instead of six. It inserts no row before it has the row of turn,
// since each that it inserts is made with it: whatever it has to wait for, its
// numbers and its clock come after. Whether an event is known the unique index
// decides, which knows more than the snapshot that was taken before the wait.
const sqlAccept = `WITH turn AS (UPDATE outbox_guard SET turn = turn + CAST(? AS BIGINT) WHERE id = 1 RETURNING turn AS last, %s AS clock),
	letters (place, event, problem, lane, doc) AS (VALUES %s),
	fresh AS (INSERT INTO outbox_seen (event, until)
		SELECT l.event, t.clock + CAST(? AS BIGINT) FROM turn t, letters l ON CONFLICT DO NOTHING RETURNING event),
	jobs AS (INSERT INTO outbox_jobs (id, route, stage, lane, due, accepted, attempts, problem, cause, error, doc)
		SELECT t.last - r.back, r.route, 0, l.lane, t.clock, t.clock, 0, l.problem, '', CAST('' AS BYTEA), l.doc
		FROM turn t, letters l, (VALUES %s) AS r (place, back, route)
		WHERE r.place = l.place AND l.event IN (SELECT event FROM fresh))
	SELECT (SELECT COUNT(*) FROM turn), (SELECT COUNT(*) FROM fresh)`

// accept leaves to a transaction what is too much for one statement.
func (s *sqlStore) accept(ctx context.Context, letters []letter, window int64) (fresh int, done bool, err error) {
	letters = distinct(letters)
	jobs, size := 0, 0
	for i := range letters {
		jobs, size = jobs+len(letters[i].routes), size+len(letters[i].doc)
	}
	if s.db.Dialect() != sqldb.PostgreSQL || jobs == 0 || len(letters) > rowsAtOnce || jobs > 2*rowsAtOnce || size > bytesAtOnce {
		return 0, false, nil
	}
	values, args := make([]string, len(letters)), []any{jobs}
	for i := range letters {
		l := &letters[i]
		values[i] = fmt.Sprintf("(%d, CAST(? AS BYTEA), CAST(? AS BYTEA), CAST(? AS SMALLINT), CAST(? AS BYTEA))", i)
		args = append(args, []byte(l.event), l.problem.column(), int(l.lane), l.doc)
	}
	args = append(args, window)
	var places []string
	for i := range letters {
		for _, route := range letters[i].routes {
			places = append(places, fmt.Sprintf("(%d, %d, CAST(? AS BIGINT))", i, jobs-1-len(places)))
			args = append(args, route)
		}
	}
	query := fmt.Sprintf(sqlAccept, s.db.Dialect().Clock(), strings.Join(values, ", "), strings.Join(places, ", "))
	turns := 0
	err = s.db.Once(ctx, query, args, &turns, &fresh)
	if err == nil && turns != 1 {
		err = errNoGuard
	}
	return fresh, true, err
}

// errNoGuard says that the outbox has been tampered with.
var errNoGuard = errors.New("the row of table outbox_guard is gone: nothing would keep two processes apart")

// distinct returns the first letter of each event.
func distinct(letters []letter) []letter {
	seen := make(map[hash]bool, len(letters))
	first := make([]letter, 0, len(letters))
	for i := range letters {
		if e := letters[i].event; !seen[e] {
			seen[e] = true
			first = append(first, letters[i])
		}
	}
	return first
}

// column returns a hash as an argument; there may be none.
func (h hash) column() any {
	if h == "" {
		return nil
	}
	return []byte(h)
}
