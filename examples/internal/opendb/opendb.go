// Package opendb opens the database that a setting names: a file, or a server
// of PostgreSQL or MySQL.
package opendb

import (
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the drivers
	_ "modernc.org/sqlite"
)

// A Database is what was named. It holds a password and is never printed.
type Database struct {
	Dialect string // "sqlite", "postgres" or "mysql", as the stores want it

	driver, dsn string
}

// sqliteSettings make a file durable at each commit and let another process
// read it meanwhile.
const sqliteSettings = "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// Parse reads the name of a file or the URL of a server. Its errors do not
// quote it.
func Parse(s string) (Database, error) {
	scheme, _, isURL := strings.Cut(s, "://")
	switch {
	case !isURL && (strings.HasPrefix(s, "file:") || s == ":memory:"):
		return Database{}, errors.New("want the name of a file, without file: before it")
	case !isURL:
		// What a URI would take for its end is spelled so that it is not.
		path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(s)
		return Database{"sqlite", "sqlite", "file:" + path + sqliteSettings}, nil
	case scheme == "postgres" || scheme == "postgresql":
		if _, err := url.Parse(s); err != nil {
			return Database{}, errors.New("not a URL; characters such as @ and / in a password are written as %40 and %2F")
		}
		return Database{"postgres", "pgx", s}, nil
	case scheme == "mysql" || scheme == "mariadb":
		dsn, err := mysqlDSN(s)
		return Database{"mysql", "mysql", dsn}, err
	}
	return Database{}, errors.New("want the name of a file, postgres://… or mysql://…")
}

// mysqlDSN returns a URL as the driver wants it, which is not a URL: in it,
// nothing of a password is escaped.
func mysqlDSN(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.New("not a URL; characters such as @ and / in a password are written as %40 and %2F")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") {
		return "", errors.New("want mysql://user:password@host:3306/database")
	}
	c, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return "", errors.New("what stands behind the question mark is not of the driver's parameters")
	}
	c.Net, c.Addr, c.DBName = "tcp", u.Host, name
	if u.Port() == "" {
		c.Addr = u.Host + ":3306"
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	dsn := c.FormatDSN()
	if back, err := mysql.ParseDSN(dsn); err != nil || back.User != c.User || back.Passwd != c.Passwd || back.DBName != c.DBName {
		return "", errors.New("the driver cannot be told this user name")
	}
	return dsn, nil
}

// Open opens the database. Nothing is connected yet.
func (d Database) Open() (*sql.DB, error) {
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		return nil, errors.New("the driver does not take it")
	}
	db.SetMaxOpenConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}
