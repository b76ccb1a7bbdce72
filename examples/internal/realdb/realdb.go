//go:build unix

// Package realdb starts the real database servers that tests talk to, each a
// process of the test's own on a loopback port and in a directory that goes
// with the test.
package realdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // drivers are the importer's choice, and these are the tests'
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// Zone is the time zone of MariaDB's server: one that has an hour twice.
const Zone = "America/New_York"

// startTime bounds how long a server may take to come up.
const startTime = 60 * time.Second

// An Engine is a server under the test's control.
type Engine struct {
	Name    string // "sqlite", "postgres" or "mysql": the dialect
	driver  string // of database/sql
	dsn     func(database string) string
	address string // of the server
	create  string // statement that makes a database; empty: a file is one
	start   func() *exec.Cmd
	cmd     *exec.Cmd
	dbs     atomic.Int32
}

// Open returns a new, empty database and the words for opening it again, from
// another process too.
func (e *Engine) Open(tb testing.TB) (db *sql.DB, driver, dsn string) {
	tb.Helper()
	dsn = e.dsn(e.database(tb))
	return e.open(tb, dsn), e.driver, dsn
}

// database makes a database and returns its name. After Resume a server may leave a
// connection without an answer, and answers the next one.
func (e *Engine) database(tb testing.TB) string {
	tb.Helper()
	if e.create == "" {
		return fmt.Sprintf("t%d", e.dbs.Add(1))
	}
	admin := e.open(tb, e.dsn(""))
	var failures error
	for range 5 {
		name := fmt.Sprintf("t%d", e.dbs.Add(1))
		ctx, cancel := context.WithTimeout(tb.Context(), startTime/4)
		_, err := admin.ExecContext(ctx, e.create+name)
		cancel()
		if err == nil {
			return name
		}
		failures = errors.Join(failures, err)
		e.Resume()
	}
	tb.Fatal(failures)
	return ""
}

func (e *Engine) open(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Log(err)
		}
	})
	return db
}

// Start brings a killed server back, on its old port and with its data, and
// waits until it answers.
func (e *Engine) Start(tb testing.TB) {
	tb.Helper()
	if e.start == nil {
		return
	}
	e.cmd = e.start()
	log, err := os.CreateTemp(tb.TempDir(), "server-*.log")
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close() //nolint:errcheck // the server has its own handle
	e.cmd.Stdout, e.cmd.Stderr = log, log
	if err := e.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), startTime)
	defer cancel()
	db := e.open(tb, e.dsn(""))
	for db.PingContext(ctx) != nil {
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log.Name()) //nolint:gosec // made above
			tb.Fatalf("%s did not start:\n%s", e.Name, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// SQLite returns the embedded engine, set up as the relay does it.
func SQLite(tb testing.TB) *Engine {
	tb.Helper()
	dir := tb.TempDir()
	return &Engine{Name: "sqlite", driver: "sqlite", dsn: func(name string) string {
		return "file:" + filepath.Join(dir, name+".db") +
			"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}}
}

// Postgres starts a PostgreSQL server.
func Postgres(tb testing.TB) *Engine {
	tb.Helper()
	bin := filepath.Dir(Program(tb, "initdb", "/usr/lib/postgresql/*/bin"))
	dir, user := directory(tb, "postgres")
	port := freePort(tb)
	run(tb, user, filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--no-sync")
	e := &Engine{Name: "postgres", driver: "pgx", create: "CREATE DATABASE ", address: fmt.Sprintf("127.0.0.1:%d", port)}
	e.dsn = func(name string) string {
		return fmt.Sprintf("postgres://tocsin@%s/%s?sslmode=disable", e.address, cmp.Or(name, "postgres"))
	}
	e.start = func() *exec.Cmd {
		return command(user, filepath.Join(bin, "postgres"), "-D", dir+"/data", "-p", fmt.Sprint(port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "max_connections=300")
	}
	e.Start(tb)
	tb.Cleanup(e.Kill)
	return e
}

// MariaDB starts a MariaDB server, which speaks the dialect of MySQL.
func MariaDB(tb testing.TB) *Engine {
	tb.Helper()
	install := Program(tb, "mariadb-install-db", "/usr/bin", "/usr/local/bin")
	daemon := Program(tb, "mariadbd", "/usr/sbin")
	dir, user := directory(tb, "mysql")
	port := freePort(tb)
	run(tb, user, install, "--no-defaults", "--datadir="+dir+"/data", "--auth-root-authentication-method=normal", "--skip-test-db",
		"--innodb-use-native-aio=0", "--tmpdir="+dir)
	e := &Engine{Name: "mysql", driver: "mysql", create: "CREATE DATABASE ", address: fmt.Sprintf("127.0.0.1:%d", port)}
	e.dsn = func(name string) string {
		return fmt.Sprintf("root@tcp(%s)/%s?interpolateParams=true", e.address, name)
	}
	e.start = func() *exec.Cmd {
		server := command(user, daemon, "--no-defaults", "--datadir="+dir+"/data", "--socket="+dir+"/s", "--bind-address=127.0.0.1",
			fmt.Sprintf("--port=%d", port), "--pid-file="+dir+"/pid", "--max-connections=300",
			"--tmpdir="+dir,             // from which a server removes #sql files as it starts
			"--innodb-use-native-aio=0") // several servers at once run out of the kernel's rings
		server.Env = append(os.Environ(), "TZ="+Zone)
		return server
	}
	e.Start(tb)
	tb.Cleanup(e.Kill)
	return e
}

// Program returns the path of a program, which may stand outside PATH. Where
// it is missing the test is skipped, or fails if TOCSIN_REQUIRE_REAL is set.
func Program(tb testing.TB, name string, places ...string) string {
	tb.Helper()
	for _, place := range places {
		found, _ := filepath.Glob(filepath.Join(place, name))
		if len(found) > 0 {
			return found[len(found)-1]
		}
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("TOCSIN_REQUIRE_REAL") != "":
		tb.Fatalf("%s is not installed, but TOCSIN_REQUIRE_REAL is set", name)
	default:
		tb.Skip(name + " is not installed")
	}
	return path
}

// directory returns a short-lived directory for a server, whose sockets want
// short paths, and the account that runs it: the servers refuse to run as
// root.
func directory(tb testing.TB, account string) (dir string, user *syscall.Credential) {
	tb.Helper()
	dir, err := os.MkdirTemp("", "tocsin") //nolint:usetesting // the names of TempDir are too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() != 0 {
		return dir, nil
	}
	var uid, gid int
	out, err := exec.CommandContext(tb.Context(), "getent", "passwd", account).Output()
	if err == nil {
		fields := strings.Split(string(out), ":")
		_, err = fmt.Sscan(fields[2]+" "+fields[3], &uid, &gid)
	}
	if err == nil {
		err = os.Chown(dir, uid, gid)
	}
	if err != nil {
		tb.Fatalf("account %s: %v", account, err)
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // of the system
}

// run runs a program to its end.
func run(tb testing.TB, user *syscall.Credential, name string, args ...string) {
	tb.Helper()
	if out, err := command(user, name, args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// command is for a process that the test itself kills: it must outlive the
// test's context, which ends before the clean-up.
func command(user *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:gosec,noctx // see above
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	return cmd
}

// freePort returns a loopback port that nobody uses at the moment.
func freePort(tb testing.TB) uint16 {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was accepted
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}
