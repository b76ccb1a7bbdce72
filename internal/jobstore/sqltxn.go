package jobstore

import (
	"context"
	"database/sql"
	"encoding/json"
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

func (t *sqlTxn) Enroll(name string) (number int64, err error) {
	err = t.tx.Row(t.ctx, sqlRouteByName, []byte(HashOf(name))).Scan(&number)
	if !errors.Is(err, sql.ErrNoRows) {
		return number, err
	}
	if number, err = t.Reserve(1); err != nil {
		return 0, err
	}
	return number, t.addRoute(number, &RouteRecord{Name: name})
}

func (t *sqlTxn) addRoute(number int64, r *RouteRecord) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(t.ctx, sqlAddRoute, number, []byte(HashOf(r.Name)), doc)
	return err
}

func (t *sqlTxn) Restore(number int64, name string, until int64) (gone bool, err error) {
	var known int64
	err = t.tx.Row(t.ctx, sqlRouteByName, []byte(HashOf(name))).Scan(&known)
	switch {
	case err == nil && known != number:
		return false, ErrRenumbered
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	// A database that was restored may have forgotten that the number was given out.
	last, err := t.Reserve(1)
	if err == nil && last < number {
		_, err = t.Reserve(int(number - last))
	}
	if err != nil {
		return false, err
	}
	return true, t.addRoute(number, vanished(name, t.Now(), until))
}

// vanished returns the record of a route that is restored. Its epoch is greater than
// all before it.
func vanished(name string, now, until int64) *RouteRecord {
	return &RouteRecord{Name: name, Owner: Vanished, Epoch: now, Expires: until, Lease: until - now, Seen: now}
}

func (t *sqlTxn) Orphans() (numbers []int64, err error) {
	names, err := t.Routes()
	for number := int64(0); err == nil; {
		if err = t.tx.Row(t.ctx, sqlNextRoute, number).Scan(&number); err != nil || number == 0 {
			break
		}
		if _, known := names[number]; !known {
			numbers = append(numbers, number)
		}
	}
	return numbers, err
}

func (t *sqlTxn) Size() (n int64, err error) {
	query := sqlSize
	switch t.tx.Dialect() {
	case sqldb.PostgreSQL:
		query = sqlSizePostgreSQL
	case sqldb.MySQL:
		query = sqlSizeMySQL
	}
	err = t.tx.Row(t.ctx, query).Scan(&n)
	return n, err
}

func (t *sqlTxn) Look(route int64) (*RouteRecord, error) {
	var doc []byte
	var m mark
	err := t.tx.Row(t.ctx, sqlRoute, route).Scan(append(m.columns(), &doc)...)
	if known := t.marks[route]; err == nil && (known == nil || !known.locked) {
		t.marks[route] = &m
	}
	return record(route, doc, err)
}

// record reads the record of a route.
func record(route int64, doc []byte, err error) (*RouteRecord, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoRoute
	}
	if err != nil {
		return nil, err
	}
	r := new(RouteRecord)
	if err := json.Unmarshal(doc, r); err != nil || r.Name == "" {
		return nil, fmt.Errorf("route %d: %w", route, ErrUnreadable)
	}
	return r, nil
}

func (t *sqlTxn) Lock(route int64) (*RouteRecord, error) {
	var doc []byte
	m := mark{locked: true}
	row := sqldb.Row{Table: "outbox_routes", Set: "locks = locks + 1", Where: "id = ?", Columns: sqlRouteColumns}
	err := t.tx.LockRow(t.ctx, &row, append(m.columns(), &doc), 1, route)
	if known := t.marks[route]; err == nil && (known == nil || !known.locked) {
		t.marks[route] = &m
	}
	return record(route, doc, err)
}

func (t *sqlTxn) Put(route int64, r *RouteRecord) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return err
	}
	m, err := t.held(route)
	if err != nil || m == nil {
		return err
	}
	_, err = t.tx.Exec(t.ctx, sqlPutRoute, append([]any{doc}, m.values(route)...)...)
	m.changed = false
	return err
}

func (t *sqlTxn) Routes() (map[int64]string, error) {
	names := make(map[int64]string)
	err := t.rows(sqlRoutes, nil, func(scan func(...any) error) error {
		var number int64
		var doc []byte
		if err := scan(&number, &doc); err != nil {
			return err
		}
		if r, err := record(number, doc, nil); err == nil {
			names[number] = r.Name
		}
		return nil
	})
	return names, err
}
