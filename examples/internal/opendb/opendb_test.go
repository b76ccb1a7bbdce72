package opendb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

func TestDatabases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, given, dialect, shown, path string
		shared                            bool
	}{
		{"memory", "memory", "", "memory", "", false},
		{"file", "/var/lib/tocsin/a b?#%.db", "sqlite", "/var/lib/tocsin/a b?#%.db", "/var/lib/tocsin/a b?#%.db", false},
		{"file called memory", "./memory", "sqlite", "./memory", "./memory", false},
		{"file by its engine", "sqlite:a=b@c.db", "sqlite", "a=b@c.db", "a=b@c.db", false},
		{"postgres", "postgres://u:hush-hush@h:5433/d?sslmode=disable", "postgres", "postgres://h:5433/d", "", true},
		{"postgresql", "postgresql://h/d?password=hush-hush", "postgres", "postgres://h/d", "", true},
		{"postgres by a socket", "postgres:///d?host=/run/postgresql", "postgres", "postgres:///d", "", true},
		{"mysql", "mysql://u:hush-hush@h:3307/d", "mysql", "mysql://h:3307/d", "", true},
		{"mariadb without a port", "mariadb://u:hush-hush@h/d?tls=true", "mysql", "mysql://h:3306/d", "", true},
		{"mysql over IPv6", "mysql://u:hush-hush@[::1]/d", "mysql", "mysql://[::1]:3306/d", "", true},
		{"mysql with odd names", "mysql://a%3Ab:hush%40%2F-hush@h/d", "mysql", "mysql://h:3306/d", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := opendb.ParseOrMemory(tt.given)
			require.NoError(t, err)
			require.Equal(t, tt.dialect, d.Dialect)
			require.Equal(t, tt.shown, d.Shown)
			require.Equal(t, tt.path, d.Path)
			require.Equal(t, tt.shared, d.Shared())
			leaktest.Check(t, []string{"hush-hush", "hush@/-hush"}, d)
		})
	}
}

func TestErrorsThatQuoteThePasswordAreWithheld(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"postgres://u:hu%2Fsh-hush@h/d", "postgres://h/d?password=hu%2Fsh-hush", "postgres://h/d?sslpassword=hu%2Fsh-hush", "mysql://u:hu%2Fsh-hush@h/d",
	} {
		d, err := opendb.ParseOrMemory(given)
		require.NoError(t, err)
		leaktest.Check(t, []string{"hu/sh-hush"}, d.Withheld(errors.New("cannot use hu/sh-hush")))
		harmless := errors.New("connection refused")
		require.Equal(t, harmless, d.Withheld(harmless))
	}
	d, err := opendb.ParseOrMemory("postgres://u:hu%2Fsh-hush@h/d")
	require.NoError(t, err)
	require.NotContains(t, d.Withheld(errors.New("cannot parse postgres://u:hu%2Fsh-hush@h")).Error(), "hush")
	plain, err := opendb.ParseOrMemory("mysql://u@h/d")
	require.NoError(t, err)
	require.EqualError(t, plain.Withheld(errors.New("why")), "why", "an empty password is in every text")
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := opendb.File(dir).Open()
	require.ErrorContains(t, err, "not a file")
	_, err = opendb.File(filepath.Join(dir, "none", "relay.db")).Open()
	require.EqualError(t, err, "no such file or directory")
	_, err = opendb.Memory().Open()
	require.ErrorContains(t, err, "memory")
}

// What is none of the forms is not quoted, and told which there are: the word
// memory only where a program takes it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const forms = "want the name of a file, sqlite:FILE, postgres://… or mysql://…"
	const orMemory = "want the name of a file, sqlite:FILE, postgres://…, mysql://… or memory"
	const odd = "; a file with = or @ in its name is written sqlite:FILE"
	for _, tt := range []struct{ name, given, want, wantOrMemory string }{
		{"nothing", "", forms, orMemory},
		{"memory", "memory", forms, ""},
		{"memory of the engine", ":memory:", forms, orMemory},
		{"memory by its engine", "sqlite::memory:", forms, orMemory},
		{"a URI of the engine", "file:hush", forms, orMemory},
		{"another engine", "oracle://u:hush@h/d", forms, orMemory},
		{"no file", "sqlite:", forms, orMemory},
		{"words of a driver", "u:hush@tcp(h:3306)/d", forms + odd, orMemory + odd},
		{"words of another", "host=h password=hush", forms + odd, orMemory + odd},
		{"no URL", "postgres://u:hush%zz@h/d", "not a URL; characters such as @ and / in a password are written as %40 and %2F", "="},
		{"no URL of MySQL", "mysql://u:hush%zz@h/d", "not a URL; characters such as @ and / in a password are written as %40 and %2F", "="},
		{"no database", "mysql://u:hush@h/", "want mysql://user:password@host:3306/database", "="},
		{"two databases", "mysql://u:hush@h/a/b", "want mysql://user:password@host:3306/database", "="},
		{"no host", "mysql:///d", "want mysql://user:password@host:3306/database", "="},
		{"parameter", "mysql://u:hush@h/d?timeout=hush", "what stands behind the question mark is not of the driver's parameters", "="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := opendb.Parse(tt.given)
			require.EqualError(t, err, tt.want)
			_, err = opendb.ParseOrMemory(tt.given)
			switch tt.wantOrMemory {
			case "":
				require.NoError(t, err)
			case "=":
				require.EqualError(t, err, tt.want)
			default:
				require.EqualError(t, err, tt.wantOrMemory)
			}
		})
	}
}

// A file is made where it was named, whatever its name holds, and is durable,
// patient for a moment only, and its owner's, with all that the engine puts beside
// it.
func TestFiles(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]fs.FileMode{"new": 0, "made by others": 0o644, "private": 0o600} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a b?#%.db")
			if before != 0 {
				require.NoError(t, os.WriteFile(path, nil, before))
				require.NoError(t, os.Chmod(path, before))
			}
			d, err := opendb.Parse(path)
			require.NoError(t, err)
			db, err := d.Open()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			_, err = db.ExecContext(t.Context(), "CREATE TABLE t (n INTEGER)")
			require.NoError(t, err)
			for pragma, want := range map[string]string{"busy_timeout": "200", "journal_mode": "wal", "synchronous": "2"} {
				var got string
				require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
				require.Equal(t, want, got, pragma)
			}
			require.Equal(t, 1, db.Stats().MaxOpenConnections)
			files, err := filepath.Glob(filepath.Dir(path) + "/*")
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(files), 2, "with a journal: %v", files)
			for _, f := range files {
				st, err := os.Stat(f)
				require.NoError(t, err)
				require.Equal(t, fs.FileMode(0o600), st.Mode().Perm(), f)
				require.True(t, strings.HasPrefix(f, path), f)
			}
		})
	}
}

// The driver of MySQL is told a password as it is, by a connector, since nothing
// can be escaped in words of its own, and what it has to say comes back as an
// error and is not printed.
func TestServersThatAreAway(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"mysql://us%3Aer:hush%40%2F-hush@127.0.0.1:1/d", "postgres://u:hush%40%2F-hush@127.0.0.1:1/d"} {
		d, err := opendb.Parse(given)
		require.NoError(t, err)
		db, err := d.Open()
		require.NoError(t, err)
		require.Equal(t, 10, db.Stats().MaxOpenConnections)
		err = db.PingContext(t.Context())
		require.ErrorContains(t, err, "refused")
		leaktest.Check(t, []string{"hush@/-hush", "hush%40%2F-hush"}, err.Error())
		require.NoError(t, db.Close())
	}
}

// Whatever stands behind a password, no error quotes it, and what is shown does not
// hold it.
func FuzzDatabase(f *testing.F) {
	for _, s := range []string{"h/d", "h:5432/d?sslmode=disable", "tcp(h:1)/d", "@h/d", "[::1]:3306/d?timeout=1s", "h/d?x=%zz", "h:port/d", "\x00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, scheme := range []string{"postgres", "mysql"} {
			d, err := opendb.ParseOrMemory(scheme + "://u:hush-hush@" + s)
			if err == nil && !strings.Contains(s, "hush") {
				require.NotContains(t, d.Shown, "hush")
			}
			if err != nil {
				require.NotContains(t, err.Error(), "hush")
			}
		}
		if d, err := opendb.ParseOrMemory(s); err == nil && !d.Shared() && !strings.HasPrefix(s, "sqlite:") {
			require.NotContains(t, d.Path, "@", "it may be a connection string")
		}
	})
}
