package relaying

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
)

// fileName is the database that stands beside the program if -db is not set.
const fileName = "tocsin-relay.db"

// A database is what -db names.
type database struct {
	opendb.Database

	beside bool // the file stands beside the program, since nobody said where
}

// judgeDatabase reads -db.
func (c *Config) judgeDatabase(f *form) (err error) {
	if !f.db.Given() {
		c.db, err = besideProgram(os.Executable())
		return err
	}
	if c.db.Database, err = opendb.ParseOrMemory(f.db.Text("")); err != nil {
		return f.db.Refuse("%w", err)
	}
	return nil
}

// besideProgram is the database of an operator who did not say where.
func besideProgram(program string, err error) (database, error) {
	if err != nil {
		return database{}, cli.UsageError{Err: errors.New("where this program stands is not known: set -db")}
	}
	return database{opendb.File(filepath.Join(filepath.Dir(program), fileName)), true}, nil
}

// cannotOpen says what to do about a file that cannot be made.
func (d *database) cannotOpen(err error) error {
	if d.beside {
		err = fmt.Errorf("no database can be made beside this program, in %s (%w): set -db", filepath.Dir(d.Path), err)
	}
	return fmt.Errorf("-db: %w", err)
}
