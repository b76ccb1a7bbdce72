package opendb

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/internal/private"
)

// sqliteSettings make a file durable at each commit and let another process
// read it meanwhile. While the engine itself waits for a lock it does not look at
// contexts, so its patience is short; the stores repeat for as long as there is
// time.
const sqliteSettings = "?_txlock=immediate&_pragma=busy_timeout(200)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// openFile opens a database in a file, which only its owner may read: alerts and
// telephone numbers stand in it in clear. The files that the engine puts beside it
// take its mode.
func (d Database) openFile() (*sql.DB, error) {
	f, err := os.OpenFile(d.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, os.ErrExist): // not opened here: closing it would end locks of this process
		err = onlyForOwner(d.Path)
	}
	if err != nil {
		return nil, cli.WithoutPath(err)
	}
	// What a URI would take for its end is spelled so that it is not.
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(d.Path))
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
	case private.Readable(st) == nil:
		return nil
	}
	return os.Chmod(path, 0o600)
}
