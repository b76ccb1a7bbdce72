package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
)

// Repeatable reports whether err says that the engine has rolled a transaction
// back and asks for it once more: a serialisation failure, a deadlock, a lock
// that somebody else holds. The drivers are the user's and not imported here;
// they say it by a method, and MySQL's by the text that its server sends.
func Repeatable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		switch e.SQLState() {
		case "40001", "40P01", "55P03":
			return true
		}
		return false
	}
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()&0xff == 5 || e.Code()&0xff == 6 // SQLITE_BUSY, SQLITE_LOCKED
	}
	return repeatableText(err.Error())
}

// repeatableText knows the errors by which MySQL, and drivers of SQLite that
// have no method for it, say the same.
func repeatableText(text string) bool {
	return containsAny(text,
		"Error 1213 ", // deadlock
		"Error 1205 ", // lock wait timeout
		"Error 1020 ", // MariaDB: record has changed since last read
		"Error 1180 ", // error during commit, as Galera says a conflict
		"Error 1412 ", // table definition has changed
		"Error 8002 ", // TiDB: conflict
		"Error 9007 ", // TiDB: write conflict
		"Error 6002 ", // OceanBase: transaction rolled back
		"Error 6005 ", // OceanBase: row is locked
		"database is locked",
		"database table is locked",
	)
}

func containsAny(text string, signs ...string) bool {
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
}

// moved reports whether err says that the server does not let write, as one does
// that was the primary before a fail-over. Nothing was executed.
func moved(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState() == "25006"
	}
	return containsAny(err.Error(),
		"Error 1290 ", // the server runs with --read-only
		"Error 1792 ", // a READ ONLY transaction
		"Error 1836 ", // read only mode
	)
}

// Duplicate reports whether err is that of MySQL for a row that is there already.
// The statement had no effect, and its transaction goes on.
func Duplicate(err error) bool { return err != nil && strings.Contains(err.Error(), "Error 1062 ") }

// lost reports whether err means that the connection was already dead when it
// was used, and nothing was executed.
func lost(err error) bool { return errors.Is(err, driver.ErrBadConn) }
