package opendb_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		do         func(t *testing.T, path string)
	}{
		{"nothing", "", func(*testing.T, string) {}},
		{"deleted", "deleted or moved", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }},
		{"moved", "deleted or moved", func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) }},
		{"replaced by a copy", "another file", func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+".new", content, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		}},
		{"replaced by a directory", "another file", func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}},
		{"emptied", "cut off", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) }},
		{"cut in the middle", "cut off", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 8192)) }},
		{"without its log", "-wal", func(t *testing.T, path string) { require.NoError(t, os.Remove(path+"-wal")) }},
		{"directory moved", "deleted or moved", func(t *testing.T, path string) {
			require.NoError(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".old"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := opendb.File(filepath.Join(t.TempDir(), "here", "hush.db"))
			require.NoError(t, os.Mkdir(filepath.Dir(d.Path), 0o700))
			db, err := d.Open()
			require.NoError(t, err)
			t.Cleanup(func() { _ = db.Close() })
			store, err := outbox.NewSQLStore(t.Context(), db, d.Dialect)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			require.NoError(t, err)
			intact := d.Watch(db)
			require.NoError(t, intact(t.Context()))
			fill(t, store)
			_, err = db.ExecContext(t.Context(), "VACUUM")
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			require.NoError(t, err)
			require.NoError(t, intact(t.Context()), "a smaller file is no shorter one")
			tt.do(t, d.Path)
			err = intact(t.Context())
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

// fill makes a file large and leaves little in it.
func fill(t *testing.T, store *outbox.Store) {
	t.Helper()
	box, err := outbox.Open(store, nil)
	require.NoError(t, err)
	require.NoError(t, box.Route("route", alert.SenderFunc(func(context.Context, ...alert.Alert) error { return nil }), nil))
	require.NoError(t, box.Send(t.Context(), make([]alert.Alert, 400)...))
	_, err = box.DropPending(t.Context(), "route", outbox.Selection{})
	require.NoError(t, err)
}

// Servers and memory have no file.
func TestWatchNothing(t *testing.T) {
	t.Parallel()
	require.NoError(t, opendb.Memory().Watch(nil)(t.Context()))
}
