package jobstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// rowsAtOnce bounds the rows of one statement: engines bound its parameters.
const rowsAtOnce = 200

// A sqlTxn is a transaction of a sqlStore.
type sqlTxn struct {
	ctx context.Context //nolint:containedctx // of the one call that the transaction is for, as in sql.Tx
	tx  *sqldb.Tx

	settled *settledJobs
	marks   map[int64]*mark // of the routes that were looked at
}

var _ Txn = (*sqlTxn)(nil)

func (t *sqlTxn) Now() int64 { return t.tx.Now() }

func (t *sqlTxn) Reserve(n int, routes ...int64) (first int64, err error) {
	var last int64
	guard := sqldb.Row{Table: "outbox_guard", Set: "last_id = last_id + ?", Where: "id = 1", Columns: "last_id"}
	if len(routes) > 0 { // in the same statement: this is on the way of each alert
		guard.Columns = "CASE WHEN " + allThere(routes) + " THEN last_id ELSE 0 END"
	}
	err = t.tx.LockRow(t.ctx, &guard, []any{&last}, 0, n)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, errNoGuard
	case err == nil && last == 0:
		return 0, ErrNoRoute
	}
	return last - int64(n) + 1, err
}

// errNoGuard says that the outbox has been tampered with.
var errNoGuard = errors.New("the row of table outbox_guard is gone: nothing would keep two processes apart")

// allThere returns the condition that all of some routes are there, none of them
// twice in the list.
func allThere(routes []int64) string {
	list := make([]string, len(routes))
	for i, r := range routes {
		list[i] = strconv.FormatInt(r, 10)
	}
	return fmt.Sprintf("(SELECT COUNT(*) FROM outbox_routes WHERE id IN (%s)) = %d", strings.Join(list, ","), len(list))
}

// portion returns how many of n rows go into one statement. SQLite keeps statements
// prepared and has no round trips, so there it is a power of two: few texts do for all.
func (t *sqlTxn) portion(n int) int {
	n = min(n, rowsAtOnce)
	if t.tx.Dialect() == sqldb.SQLite {
		n = 1 << (bits.Len(uint(n)) - 1)
	}
	return n
}

// rows runs a query and gives each row to f.
func (t *sqlTxn) rows(query string, args []any, f func(scan func(...any) error) error) (err error) {
	rows, err := t.tx.Query(t.ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exec executes a statement for a list of values, in chunks, and returns the rows.
// The other arguments stand before the list.
func exec[T any](t *sqlTxn, query string, list []T, args ...any) (int, error) {
	total := 0
	for len(list) > 0 {
		chunk := list[:t.portion(len(list))]
		list = list[len(chunk):]
		n, err := t.tx.Exec(t.ctx, fmt.Sprintf(query, sqldb.Marks(len(chunk))), append(slices.Clip(args), anys(chunk)...)...)
		if err != nil {
			return total, err
		}
		total += int(n)
	}
	return total, nil
}

// anys returns values as arguments.
func anys[T any](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		if h, ok := any(v).(Hash); ok {
			all[i] = []byte(h)
		} else {
			all[i] = v
		}
	}
	return all
}

func (t *sqlTxn) Remember(events []Hash, until int64) (map[Hash]bool, error) {
	fresh := make(map[Hash]bool, len(events))
	for len(events) > 0 {
		chunk := events[:t.portion(len(events))]
		events = events[len(chunk):]
		var err error
		if t.tx.Dialect() == sqldb.MySQL {
			err = t.rememberApart(chunk, until, fresh)
		} else {
			query, args := fmt.Sprintf(sqlIfNew, tuples(len(chunk), 2)), pairs(chunk, until)
			err = t.column(query, args, func(e Hash) { fresh[e] = true })
		}
		if err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// rememberApart is for MySQL, which cannot tell what it has inserted. Usually all
// is new; else it looks what is not, which the lock of outbox_guard allows.
func (t *sqlTxn) rememberApart(events []Hash, until int64, fresh map[Hash]bool) error {
	for _, e := range events {
		fresh[e] = true
	}
	_, err := t.tx.Exec(t.ctx, fmt.Sprintf(sqlRemember, tuples(len(events), 2)), pairs(events, until)...)
	if !sqldb.Duplicate(err) {
		return err
	}
	known, err := t.Remembered(events)
	if err != nil {
		return err
	}
	var missing []Hash
	for _, e := range events {
		if known[e] {
			delete(fresh, e)
		} else {
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = t.tx.Exec(t.ctx, fmt.Sprintf(sqlRemember, tuples(len(missing), 2)), pairs(missing, until)...)
	return err
}

func (t *sqlTxn) Remembered(events []Hash) (map[Hash]bool, error) {
	known := make(map[Hash]bool)
	for len(events) > 0 {
		chunk := events[:t.portion(len(events))]
		events = events[len(chunk):]
		err := t.column(fmt.Sprintf(sqlSeen, sqldb.Marks(len(chunk))), anys(chunk), func(e Hash) { known[e] = true })
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (t *sqlTxn) Forget(events []Hash) error {
	_, err := exec(t, sqlForgetSeen, events)
	return err
}

// column gives f a column of hashes.
func (t *sqlTxn) column(query string, args []any, f func(Hash)) error {
	return t.rows(query, args, func(scan func(...any) error) error {
		var e []byte
		err := scan(&e)
		f(Hash(e))
		return err
	})
}

// pairs returns events, each with a number behind it, as arguments.
func pairs(events []Hash, n int64) []any {
	args := make([]any, 0, 2*len(events))
	for _, e := range events {
		args = append(args, []byte(e), n)
	}
	return args
}

// tuples returns question marks for n rows of some columns.
func tuples(n, columns int) string {
	row := "(" + sqldb.Marks(columns) + "),"
	return strings.TrimSuffix(strings.Repeat(row, n), ",")
}
