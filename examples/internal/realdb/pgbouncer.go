//go:build unix

package realdb

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// PgBouncer starts a pooler of transactions in front of a PostgreSQL server, with
// fewer connections than its users have, and returns the words for opening a
// database through it.
func (e *Engine) PgBouncer(tb testing.TB, dsn string) (through string) {
	tb.Helper()
	program := Program(tb, "pgbouncer", "/usr/sbin")
	dir, user := directory(tb, "postgres")
	port := freePort(tb)
	host, server, _ := strings.Cut(e.address, ":")
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s user=tocsin\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n", host, server, port)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // read by another account
		tb.Fatal(err)
	}
	cmd := command(user, program, "-q", file)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	ctx, cancel := context.WithTimeout(tb.Context(), startTime)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return strings.Replace(dsn, e.address, address, 1)
		}
		select {
		case <-ctx.Done():
			tb.Fatal("pgbouncer did not start")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
