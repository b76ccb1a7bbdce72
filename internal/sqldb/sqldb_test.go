package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/sqldb"
)

// The engines themselves are met in the tests of examples, which may have
// drivers.

func TestParseDialect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		word string
		want sqldb.Dialect
	}{
		{"sqlite", sqldb.SQLite}, {"SQLite3", sqldb.SQLite},
		{"postgres", sqldb.PostgreSQL}, {"postgresql", sqldb.PostgreSQL}, {"pgx", sqldb.PostgreSQL},
		{"mysql", sqldb.MySQL}, {"MariaDB", sqldb.MySQL},
	} {
		t.Run(tt.word, func(t *testing.T) {
			t.Parallel()
			d, err := sqldb.ParseDialect(tt.word)
			require.NoError(t, err)
			require.Equal(t, tt.want, d)
			require.True(t, d.Valid())
			again, err := sqldb.ParseDialect(d.String())
			require.NoError(t, err)
			require.Equal(t, d, again)
		})
	}
	_, err := sqldb.ParseDialect("oracle")
	require.EqualError(t, err, `unknown SQL dialect "oracle" (want sqlite, postgres or mysql)`)
	require.False(t, sqldb.Dialect(0).Valid())
	require.Equal(t, "Dialect(9)", sqldb.Dialect(9).String())
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := sqldb.New(nil, sqldb.SQLite)
	require.EqualError(t, err, "no database")
}

func TestBind(t *testing.T) {
	t.Parallel()
	const query = `UPDATE t SET a = ?, b = ? WHERE c IN (?,?)`
	require.Equal(t, query, sqldb.SQLite.Bind(query))
	require.Equal(t, query, sqldb.MySQL.Bind(query))
	require.Equal(t, `UPDATE t SET a = $1, b = $2 WHERE c IN ($3,$4)`, sqldb.PostgreSQL.Bind(query))
	require.Equal(t, `SELECT 1`, sqldb.PostgreSQL.Bind(`SELECT 1`))
	require.Equal(t, "?,?,?", sqldb.Marks(3))
	require.Empty(t, sqldb.Marks(0))
}

func TestSchema(t *testing.T) {
	t.Parallel()
	const create = `CREATE TABLE t (id $KEY, h $HASH, b $BLOB, w $WORD)$KEYED`
	require.Equal(t, `CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, h BLOB, b BLOB, w VARCHAR(64)) WITHOUT ROWID`, sqldb.SQLite.Schema(create))
	require.Equal(t, `CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, h BYTEA, b BYTEA, w VARCHAR(64) COLLATE "C")`, sqldb.PostgreSQL.Schema(create))
	require.Equal(t, `CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, h BINARY(32), b MEDIUMBLOB, `+
		`w VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin) ENGINE=InnoDB`, sqldb.MySQL.Schema(create))
	require.Equal(t, `CREATE INDEX i ON t (h)`, sqldb.MySQL.Schema(`CREATE INDEX i ON t (h)`))
}

func TestHash(t *testing.T) {
	t.Parallel()
	require.Len(t, sqldb.Hash(), 32)
	seen := map[string][]string{}
	for _, texts := range [][]string{nil, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"ABC"}, {"abc "}, {"\x00"}} {
		h := string(sqldb.Hash(texts...))
		require.NotContains(t, seen, h, "%q", texts)
		require.Equal(t, h, string(sqldb.Hash(texts...)))
		seen[h] = texts
	}
}

// The errors of the drivers, as far as they show themselves.
type (
	stateError string
	codeError  int
)

func (e stateError) Error() string    { return "ERROR: SQLSTATE " + string(e) }
func (e stateError) SQLState() string { return string(e) }
func (e codeError) Error() string     { return fmt.Sprintf("sqlite: %d", int(e)) }
func (e codeError) Code() int         { return int(e) }

func TestDuplicate(t *testing.T) {
	t.Parallel()
	require.True(t, sqldb.Duplicate(fmt.Errorf("x: %w", errors.New("Error 1062 (23000): Duplicate entry '1' for key 'PRIMARY'"))))
	require.False(t, sqldb.Duplicate(errors.New("Error 1213 (40001): Deadlock found when trying to get lock")))
	require.False(t, sqldb.Duplicate(nil))
}

func TestRepeatable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"PostgreSQL: serialisation", stateError("40001"), true},
		{"PostgreSQL: deadlock", stateError("40P01"), true},
		{"PostgreSQL: no lock", stateError("55P03"), true},
		{"PostgreSQL: unique", stateError("23505"), false},
		{"PostgreSQL: whose text says otherwise", fmt.Errorf("database is locked: %w", stateError("23505")), false},
		{"SQLite: busy", codeError(5), true},
		{"SQLite: busy snapshot", codeError(5 | 2<<8), true},
		{"SQLite: locked", codeError(6), true},
		{"SQLite: constraint", codeError(19), false},
		{"SQLite: by text", errors.New("database is locked"), true},
		{"SQLite: table, by text", errors.New("database table is locked: x"), true},
		{"MySQL: deadlock", errors.New("Error 1213 (40001): Deadlock found when trying to get lock"), true},
		{"MySQL: lock wait", errors.New("Error 1205 (HY000): Lock wait timeout exceeded"), true},
		{"MySQL: duplicate", errors.New("Error 1062 (23000): Duplicate entry"), false},
		{"MariaDB: changed", errors.New("Error 1020 (HY000): Record has changed since last read"), true},
		{"wrapped", fmt.Errorf("claim: %w", stateError("40001")), true},
		{"joined", errors.Join(errors.New("x"), codeError(5)), true},
		{"context", fmt.Errorf("%w: database is locked", context.DeadlineExceeded), false},
		{"other", errors.New("no such host"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, sqldb.Repeatable(tt.err))
		})
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"PostgreSQL: read-only", fmt.Errorf("claim: %w", stateError("25006")), true},
		{"PostgreSQL: serialisation", stateError("40001"), false},
		{"MySQL: option", errors.New("Error 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement"), true},
		{"MySQL: transaction", errors.New("Error 1792 (25006): Cannot execute statement in a READ ONLY transaction"), true},
		{"MySQL: mode", errors.New("Error 1836 (HY000): Running in read-only mode"), true},
		{"MySQL: deadlock", errors.New("Error 1213 (40001): Deadlock found when trying to get lock"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, sqldb.Moved(tt.err))
			require.False(t, tt.want && sqldb.Repeatable(tt.err), "on the same connection")
		})
	}
}
