package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the drivers of -db
	_ "modernc.org/sqlite"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// A database is what -db names. A password is held by functions only, so that
// nothing prints it.
type database struct {
	dialect string // as the outbox names it; empty: memory
	shown   string // for people
	path    string // of a file
	beside  bool   // the file stands beside the program, since nobody said where

	connect func() (*sql.DB, error) // to a server; nil: a file
	secrets func() []string         // which its errors must not quote
}

// fileName is the database that stands beside the program if -db is not set.
const fileName = "tocsin-relay.db"

// sqliteSettings make a file durable at each commit. While the engine itself
// waits for a lock it does not look at contexts, so its patience is short; the
// store repeats for as long as the callback has time.
const sqliteSettings = "?_txlock=immediate&_pragma=busy_timeout(200)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// inMemory is the database that is gone with the program.
func inMemory() database { return database{shown: "memory"} }

// shared reports whether several relays may stand in front of the database.
func (d *database) shared() bool { return d.connect != nil }

// judgeDatabase reads -db.
func (c *config) judgeDatabase(f *form) (err error) {
	if !f.db.Given() {
		c.db, err = besideProgram(os.Executable())
		return err
	}
	if c.db, err = parseDatabase(f.db.Text("")); err != nil {
		return f.db.Refuse("%w", err)
	}
	return nil
}

// besideProgram is the database of an operator who did not say where.
func besideProgram(program string, err error) (database, error) {
	if err != nil {
		return database{}, cli.UsageError{Err: errors.New("where this program stands is not known: set -db")}
	}
	d := file(filepath.Join(filepath.Dir(program), fileName))
	d.beside = true
	return d, nil
}

// file is a database in a file.
func file(path string) database { return database{dialect: "sqlite", shown: path, path: path} }

// errDatabase is for what is none of the forms.
var errDatabase = errors.New("want the name of a file, sqlite:FILE, postgres://…, mysql://… or memory")

// parseDatabase reads what an operator set. Its errors do not quote it.
func parseDatabase(s string) (database, error) {
	scheme, _, isURL := strings.Cut(s, "://")
	path, isFile := strings.CutPrefix(s, "sqlite:")
	switch {
	case s == "memory":
		return inMemory(), nil
	case scheme == "postgres" && isURL, scheme == "postgresql" && isURL:
		return parsePostgres(s)
	case scheme == "mysql" && isURL, scheme == "mariadb" && isURL:
		return parseMySQL(s)
	case isURL || s == "" || path == "" || strings.HasPrefix(path, "file:") || strings.HasPrefix(path, ":memory:"):
		return database{}, errDatabase
	case !isFile && strings.ContainsAny(s, "=@"):
		// So does a connection string with a password, and the name of a file is
		// printed.
		return database{}, fmt.Errorf("%w; a file with = or @ in its name is written sqlite:FILE", errDatabase)
	}
	return file(path), nil
}

// errURL is all that may be said of a URL with a password in it.
var errURL = errors.New("not a URL; characters such as @ and / in a password are written as %40 and %2F")

func parsePostgres(s string) (database, error) {
	u, err := url.Parse(s)
	if err != nil {
		return database{}, errURL
	}
	return database{
		dialect: "postgres", shown: "postgres://" + u.Host + u.Path,
		connect: func() (*sql.DB, error) { return sql.Open("pgx", s) },
		secrets: func() []string {
			password, _ := u.User.Password()
			_, escaped, _ := strings.Cut(u.User.String(), ":")
			return []string{password, escaped, u.Query().Get("password"), u.Query().Get("sslpassword")}
		},
	}, nil
}

// parseMySQL makes the driver's own settings of a URL.
func parseMySQL(s string) (database, error) {
	u, err := url.Parse(s)
	if err != nil {
		return database{}, errURL
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") {
		return database{}, errors.New("want mysql://user:password@host:3306/database")
	}
	c, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return database{}, errors.New("what stands behind the question mark is not of the driver's parameters")
	}
	c.Net, c.Addr, c.DBName = "tcp", u.Host, name
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Logger = new(mysql.NopLogger) // its errors come back as well
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return database{}, errors.New("the driver does not take the settings of this server")
	}
	return database{
		dialect: "mysql", shown: "mysql://" + c.Addr + u.Path,
		connect: func() (*sql.DB, error) { return sql.OpenDB(connector), nil },
		secrets: func() []string { return []string{c.Passwd} },
	}, nil
}

// open opens the database. A server is not connected yet.
func (d *database) open() (*sql.DB, error) {
	if d.connect == nil {
		return d.openFile()
	}
	db, err := d.connect()
	if err != nil {
		return nil, d.withheld(err)
	}
	db.SetMaxOpenConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// openFile opens a database in a file, which only its owner may read: alerts
// stand in it in clear. The files that the engine puts beside it take its mode.
func (d *database) openFile() (*sql.DB, error) {
	f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, os.ErrExist): // not opened here: closing it would end locks of this process
		err = onlyForOwner(d.path)
	}
	if err != nil && d.beside {
		return nil, fmt.Errorf("no database can be made beside this program, in %s (%w): set -db", filepath.Dir(d.path), cli.WithoutPath(err))
	}
	if err != nil {
		return nil, cli.WithoutPath(err)
	}
	// What a URI would take for its end is spelled so that it is not.
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(d.path))
	db, err := sql.Open("sqlite", "file:"+path+sqliteSettings)
	if err != nil {
		return nil, errors.New("the driver does not take the name of the file")
	}
	db.SetMaxOpenConns(1) // a second writer would only wait
	return db, nil
}

// onlyForOwner closes a file to all others.
func onlyForOwner(path string) error {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !st.Mode().IsRegular():
		return errors.New("not a file")
	case st.Mode().Perm()&0o077 == 0:
		return nil
	}
	return os.Chmod(path, 0o600)
}

// withheld keeps back the text of an error that quotes the password. No driver is
// known to do so.
func (d *database) withheld(err error) error {
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
