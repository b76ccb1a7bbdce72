package opendb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// What has become of a file. An engine that has it open goes on without a word.
var (
	errGone      = errors.New("the database file was deleted or moved: what is kept now is lost when this program ends")
	errReplaced  = errors.New("another file stands in the place of the database file: what is kept now is lost when this program ends")
	errTruncated = errors.New("the database file was cut off by somebody else: what it held is lost")
	errLogGone   = errors.New("the file -wal beside the database was deleted: what is kept now is lost when this program ends")
)

// Watch returns a function that reports whether the file of an open database is
// still the one that was opened, by its identity in the file system, and as long as
// the database needs it. Watch is called when the tables are there. The function is
// safe for concurrent use. It opens nothing: closing the file again would end the
// locks of the engine. Of a server, and of memory, it knows nothing and returns nil.
func (d Database) Watch(db *sql.DB) func(context.Context) error {
	if d.Path == "" {
		return func(context.Context) error { return nil }
	}
	w := &fileWatch{path: d.Path, db: db}
	w.opened, w.err = os.Stat(d.Path)
	if w.err == nil {
		w.size = w.opened.Size()
	}
	_, err := os.Stat(d.Path + walSuffix)
	w.logged = err == nil
	return w.check
}

// walSuffix is that of the file in which SQLite keeps the last commits.
const walSuffix = "-wal"

// A fileWatch is the file of a database.
type fileWatch struct {
	path   string
	db     *sql.DB
	opened os.FileInfo
	err    error // of opened
	logged bool  // there was a -wal file

	mu   sync.Mutex
	size int64 // when it was in order
}

func (w *fileWatch) check(ctx context.Context) error {
	now, err := os.Stat(w.path)
	switch {
	case w.err != nil:
		return cli.WithoutPath(w.err)
	case errors.Is(err, os.ErrNotExist):
		return errGone
	case err != nil:
		return fmt.Errorf("the database file: %w", cli.WithoutPath(err))
	case !os.SameFile(w.opened, now):
		return errReplaced
	}
	if _, err := os.Stat(w.path + walSuffix); w.logged && errors.Is(err, os.ErrNotExist) {
		return errLogGone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Size() < w.size {
		// VACUUM makes a file smaller too, but not smaller than its pages.
		var pages int64
		if err := w.db.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`).Scan(&pages); err != nil || now.Size() < pages {
			return errTruncated
		}
	}
	w.size = now.Size()
	return nil
}
