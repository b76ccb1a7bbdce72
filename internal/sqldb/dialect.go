package sqldb

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A Dialect is the way an engine wants to be spoken to.
type Dialect uint8

// The engines. MySQL was tried on MariaDB; OceanBase and TiDB speak it too.
const (
	SQLite Dialect = iota + 1
	PostgreSQL
	MySQL
)

// ParseDialect reads the name of an engine or of its usual drivers.
func ParseDialect(name string) (Dialect, error) {
	switch strings.ToLower(name) {
	case "sqlite", "sqlite3":
		return SQLite, nil
	case "postgres", "postgresql", "pgx":
		return PostgreSQL, nil
	case "mysql", "mariadb":
		return MySQL, nil
	}
	return 0, fmt.Errorf("unknown SQL dialect %.20q (want sqlite, postgres or mysql)", name)
}

// String returns the name of the engine.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case PostgreSQL:
		return "postgres"
	case MySQL:
		return "mysql"
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// Valid reports whether d is one of the engines.
func (d Dialect) Valid() bool { return d >= SQLite && d <= MySQL }

// Bind returns query, whose parameters are question marks, in the form of the
// engine. No statement of ours has a question mark in a literal.
func (d Dialect) Bind(query string) string {
	if d != PostgreSQL {
		return query
	}
	var b strings.Builder
	for i := 1; ; i++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(i))
		query = after
	}
}

// Marks returns n question marks for a list: "?,?,?".
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// Clock returns the expression for the clock of the database in milliseconds.
// It is that of the statement and not of the transaction, and no time zone matters:
// an hour that a zone has twice would let a lease last for an hour more.
func (d Dialect) Clock() string {
	switch d {
	case PostgreSQL:
		return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
	case MySQL:
		return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000"
	}
	return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
}

// ForUpdate returns what follows a SELECT whose rows the transaction will
// change. SQLite locks as a whole.
func (d Dialect) ForUpdate() string {
	if d == SQLite {
		return ""
	}
	return " FOR UPDATE"
}

// Schema returns a CREATE statement in the types of the engine. The words are
// $KEY for a number that is the primary key, $HASH for 32 bytes, $BLOB for up to
// 16 MiB, $WORD for a short ASCII word that is compared byte by byte, and behind a
// table $CHURN if its rows come and go, and $KEYED if its primary key is no number.
//
// $KEY and $KEYED spare SQLite a tree for each table: its own number of a row is the
// key if that is an INTEGER, and is not kept if the key is something else.
func (d Dialect) Schema(create string) string {
	types := []string{"INTEGER", "BLOB", "BLOB", "VARCHAR(64)"}
	churn, keyed, suffix := "", "", ""
	switch d {
	case SQLite:
		keyed = " WITHOUT ROWID"
	case PostgreSQL:
		types = []string{"BIGINT", "BYTEA", "BYTEA", `VARCHAR(64) COLLATE "C"`}
		// After so many rows, however many there are: what is dead is walked through.
		churn = " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000)"
	case MySQL:
		types = []string{"BIGINT", "BINARY(32)", "MEDIUMBLOB", "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin"}
		if strings.HasPrefix(create, "CREATE TABLE") {
			suffix = " ENGINE=InnoDB"
		}
	}
	return strings.NewReplacer("$KEYED", keyed, "$KEY", types[0]+" NOT NULL PRIMARY KEY", "$HASH", types[1], "$BLOB", types[2], "$WORD", types[3],
		"$CHURN", churn).Replace(create) + suffix
}

// Hash returns what stands in the database for a list of texts. Each is
// preceded by its length, so that two lists never run together alike.
func Hash(texts ...string) []byte {
	h := sha256.New()
	var size [8]byte
	for _, s := range texts {
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}
