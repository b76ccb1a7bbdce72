package relaying

import (
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/callbacks"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/opendb"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// A database that cannot be reached ends the start with one line, which does not
// hold the password, whatever the driver makes of it.
func TestDatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { // somebody who is no database
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request hush-hush\r\n\r\n")
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	for name, db := range map[string]string{
		"postgres, nobody":     "postgres://u:hush-hush@127.0.0.1:1/d",
		"postgres, bad port":   "postgres://u:hush-hush@127.0.0.1:99999/d",
		"postgres, parameter":  "postgres://u:hush-hush@127.0.0.1:1/d?connect_timeout=hush-hush",
		"postgres, in a query": "postgres://127.0.0.1:1/d?user=u&password=hush-hush&sslmode=no",
		"postgres, a stranger": "postgres://u:hush-hush@" + l.Addr().String() + "/d",
		"mysql, nobody":        "mysql://u:hush-hush@127.0.0.1:1/d",
		"mysql, a stranger":    "mysql://u:hush-hush@" + l.Addr().String() + "/d",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, e := clitest.NewTranscript(), clitest.NewTranscript()
			code := run(t.Context(), []string{"-db", db, "-wecom-url", testKey}, func(string) string { return "" }, o, e)
			require.Equal(t, cli.ExitFailure, code)
			require.Regexp(t, `^relay: -db: [^\n]+\n$`, e.String())
			leaktest.Check(t, []string{"hush-hush"}, o.String()+e.String())
		})
	}
}

// Alerts are for the owner of the file only, also what the engine puts beside it
// and what another program has made.
func TestFileIsPrivate(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]fs.FileMode{"new": 0, "made by others": 0o644, "private": 0o600} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "odd ?#% name.db")
			if before != 0 {
				require.NoError(t, os.WriteFile(path, nil, before))
				require.NoError(t, os.Chmod(path, before))
			}
			group := newRobot(t, nil)
			p := launch(t, "-wecom-url", group.url, "-callback-secret", testSecret, "-db", path)
			code, _ := p.callback(t, testSecret, string(sample()))
			require.Equal(t, 200, code)
			require.NotEmpty(t, <-group.messages)
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

// Nobody said where: the file stands beside the program, or the start ends with a
// line that says what to do.
func TestDatabaseBesideTheProgram(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("-wecom-url k", nil)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(os.Args[0]), "tocsin-relay.db"), c.db.Path)
	require.True(t, c.db.beside)
	c, err = settingsOf("-wecom-url k -db "+c.db.Path, nil)
	require.NoError(t, err)
	require.False(t, c.db.beside)

	dir := t.TempDir()
	c.db, err = besideProgram(filepath.Join(dir, "none", "tocsin-relay"), nil)
	require.NoError(t, err)
	_, err = newRelay(t.Context(), c, discard(), printing.NewPrinter(io.Discard))
	require.EqualError(t, err, "-db: no database can be made beside this program, in "+filepath.Join(dir, "none")+" (no such file or directory): set -db")
	_, err = besideProgram("", os.ErrNotExist)
	require.ErrorAs(t, err, new(cli.UsageError))
}

// Where a program stands that "go run" has made, nothing stays.
func TestTemporaryPlaceIsSaid(t *testing.T) {
	t.Parallel()
	require.True(t, isTemporary(filepath.Join(os.TempDir(), "go-build1/b001/exe/tocsin-relay.db"))) //nolint:usetesting // only its name
	require.True(t, isTemporary("/home/ops/.cache/go-build/ed/ed9a-d/tocsin-relay.db"))
	require.False(t, isTemporary("/usr/local/bin/tocsin-relay.db"))
	for beside, want := range map[bool]int{true: 1, false: 0} {
		log := clitest.NewTranscript()
		r := &relay{config: &Config{secrets: callbacks.Secrets{Bare: testSecret}, db: database{opendb.File("/go-build/relay.db"), beside}}, log: slog.New(slog.NewTextHandler(log, nil))}
		r.caution()
		require.Equal(t, want, strings.Count(log.String(), "set -db"))
	}
}

// What only stand-ins would get is kept nowhere.
func TestStandInsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-demo"}, {}, {"-db", "memory"}} {
		c, err := Configure(args, func(string) string { return "" }, io.Discard)
		require.NoError(t, err)
		r, err := newRelay(t.Context(), c, discard(), printing.NewPrinter(io.Discard))
		require.NoError(t, err)
		require.Equal(t, "memory", r.config.db.Shown)
		require.NoError(t, r.Close())
	}
}
