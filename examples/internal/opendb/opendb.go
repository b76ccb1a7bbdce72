// Package opendb opens the database that a setting names: a file, or a server
// of PostgreSQL or MySQL.
package opendb

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Database is what was named. A password is held by functions only, so that
// nothing prints it.
type Database struct {
	// Dialect is "sqlite", "postgres" or "mysql", as the stores want it; empty:
	// memory, which is not opened.
	Dialect string

	Shown string // for people: no password
	Path  string // of a file

	connect func() (*sql.DB, error) // to a server; nil: a file
	secrets func() []string         // which its errors must not quote
}

// Memory is the database that is gone with the program.
func Memory() Database { return Database{Shown: "memory"} }

// File is a database in a file.
func File(path string) Database { return Database{Dialect: "sqlite", Shown: path, Path: path} }

// Shared reports whether programs on several machines may stand in front of the
// database.
func (d Database) Shared() bool { return d.connect != nil }

// What is none of the forms is told which there are.
var (
	errForm         = errors.New("want the name of a file, sqlite:FILE, postgres://… or mysql://…")
	errFormOrMemory = errors.New("want the name of a file, sqlite:FILE, postgres://…, mysql://… or memory")
)

// Parse reads the name of a file or the URL of a server. Its errors do not
// quote it.
func Parse(s string) (Database, error) {
	if s == "memory" {
		return Database{}, errForm // as other programs mean it; a file is ./memory
	}
	return parse(s, errForm)
}

// ParseOrMemory does so for a program that can do without a database, and takes
// the word "memory" too.
func ParseOrMemory(s string) (Database, error) {
	if s == "memory" {
		return Memory(), nil
	}
	return parse(s, errFormOrMemory)
}

// parse returns want for what is none of the forms.
func parse(s string, want error) (Database, error) {
	scheme, _, isURL := strings.Cut(s, "://")
	path, isFile := strings.CutPrefix(s, "sqlite:")
	switch {
	case scheme == "postgres" && isURL, scheme == "postgresql" && isURL:
		return parsePostgres(s)
	case scheme == "mysql" && isURL, scheme == "mariadb" && isURL:
		return parseMySQL(s)
	case isURL || s == "" || path == "" || strings.HasPrefix(path, "file:") || strings.HasPrefix(path, ":memory:"):
		return Database{}, want
	case !isFile && strings.ContainsAny(s, "=@"):
		// So does a connection string with a password, and the name of a file is
		// printed.
		return Database{}, fmt.Errorf("%w; a file with = or @ in its name is written sqlite:FILE", want)
	}
	return File(path), nil
}

// Open opens the database. A server is not connected yet; a file is made if it
// is not there, and closed to all but its owner.
func (d Database) Open() (*sql.DB, error) {
	switch {
	case d.Dialect == "":
		return nil, errors.New("memory is not opened")
	case d.connect == nil:
		return d.openFile()
	}
	db, err := d.connect()
	if err != nil {
		return nil, d.Withheld(err)
	}
	db.SetMaxOpenConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute) // an address may lead somewhere else by then
	return db, nil
}

// Withheld keeps back the text of an error that quotes the password. No driver is
// known to do so.
func (d Database) Withheld(err error) error {
	if d.secrets == nil {
		return err
	}
	for _, secret := range d.secrets() {
		if secret != "" && strings.Contains(err.Error(), secret) {
			return errors.New("the database cannot be used, and the driver says why in words that hold the password")
		}
	}
	return err
}
