package jobstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

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
