package relaying

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// fieldTarget and fieldCount tell TestAgentInTheField what to do.
const fieldTarget, fieldCount = "TOCSIN_FIELD_TARGET", "TOCSIN_FIELD_COUNT"

// TestAgentInTheField is a program that sends traps and ends. The tests below
// start it where names mean something else; otherwise it has nothing to do.
func TestAgentInTheField(t *testing.T) {
	target := os.Getenv(fieldTarget)
	if target == "" {
		return
	}
	count, err := strconv.Atoi(os.Getenv(fieldCount))
	require.NoError(t, err)
	s, err := snmptrap.New([]string{target}, testCommunity, testOID, nil)
	require.NoError(t, err)
	for i := range count {
		require.NoError(t, s.Send(t.Context(), marked(0, i)))
	}
	require.NoError(t, s.Close())
}

// sendFromANamespace runs the agent in a mount namespace of its own, in which
// files stand in the place of those of the system.
func sendFromANamespace(t *testing.T, target string, count int, files map[string]string) {
	t.Helper()
	script := "set -e\n"
	for path, content := range files {
		file := filepath.Join(t.TempDir(), filepath.Base(path))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644)) //nolint:gosec // as the file that it replaces
		script += fmt.Sprintf("mount --bind %q %q\n", file, path)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), clitest.RealPart(t, "unshare"), "-rm", "sh", "-c", script+`exec "$0" "$@"`,
		self, "-test.run=^TestAgentInTheField$")
	cmd.Env = append(os.Environ(), fieldTarget+"="+target, fmt.Sprint(fieldCount, "=", count))
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "unshare: ") && os.Getenv("TOCSIN_REQUIRE_REAL") == "" {
		t.Skipf("no namespaces here: %s", out)
	}
	require.NoError(t, err, "%s", out)
}

// requireLogged waits until snmptrapd has printed so many alerts, and no more.
func requireLogged(t *testing.T, s *snmptrap.Sender, log *clitest.Transcript, count int) {
	t.Helper()
	require.NoError(t, s.Send(t.Context(), alert.Alert{Name: "alert<last>"}))
	log.Await(t, `alert<last>`) // and with it all that came before
	require.Equal(t, count+1, strings.Count(log.String(), "alert<"))
}

// snmptrapd listens on IPv4 unless told. A name with an IPv6 address too, and one
// whose first address is another host's, lead there.
func TestRealSnmptrapdByName(t *testing.T) {
	t.Parallel()
	for _, hosts := range []string{"::1 nms\n127.0.0.1 nms\n", "127.0.0.1 nms\n::1 nms\n", "127.0.0.9 nms\n127.0.0.1 nms\n"} {
		addr, log := startSnmptrapd(t)
		_, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		sendFromANamespace(t, "nms:"+port, 10, map[string]string{"/etc/hosts": hosts})
		requireLogged(t, newTrapSender(t, addr, &snmptrap.Inform{}), log, 10)
	}
}

// 2,000 alerts at once. It runs alone: a receiver that does not run loses what
// comes meanwhile.
func TestRealSnmptrapdStorm(t *testing.T) {
	addr, log := startSnmptrapd(t)
	storm := make([]alert.Alert, 2000)
	for i := range storm {
		storm[i] = marked(i, 0)
	}
	require.NoError(t, newTrapSender(t, addr, nil).Send(t.Context(), storm...))
	requireLogged(t, newTrapSender(t, addr, &snmptrap.Inform{}), log, len(storm))
}

// snmptrapd acknowledges an inform when its handler has run, one after the other.
// At most one run in ten is a repetition.
func TestRealSnmptrapdWithASlowHandler(t *testing.T) {
	t.Parallel()
	dir, addr := t.TempDir(), freeUDP(t)
	handler, runs := filepath.Join(dir, "handler"), filepath.Join(dir, "runs")
	require.NoError(t, os.WriteFile(handler, []byte("#!/bin/sh\nsleep 0.1\ngrep -o 'alert<[0-9/]*>' >>"+runs+"\n"), 0o755)) //nolint:gosec // it is executed
	startSnmptrapdAt(t, addr, "traphandle default "+handler)
	s := newTrapSender(t, addr, &snmptrap.Inform{Timeout: time.Second})
	storm := make([]alert.Alert, 30)
	for i := range storm {
		storm[i] = marked(i, 0)
	}
	require.NoError(t, s.Send(t.Context(), storm...))
	text, err := os.ReadFile(runs)
	require.NoError(t, err)
	for _, a := range storm {
		require.Contains(t, string(text), a.Name+"\n")
	}
	require.LessOrEqual(t, strings.Count(string(text), "\n"), len(storm)*11/10)
}

// serveNames starts a name server that knows one address, for all names.
func serveNames(t *testing.T, at string, ip [4]byte) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", at)
	if err != nil && os.Getenv("TOCSIN_REQUIRE_REAL") == "" {
		t.Skipf("no name server here: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12
			for end < n && buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			if end+5 > n {
				continue
			}
			answer := append([]byte(nil), buf[:end+5]...)
			copy(answer[2:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
			if answer[end+2] == 1 { // type A
				answer[7] = 1
				answer = append(append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), ip[:]...)
			}
			_, _ = conn.WriteTo(answer, from)
		}
	}()
}

// A first name server that is down fails no look-up: the resolver waits five
// seconds for it.
func TestRealSnmptrapdWithADeadNameServer(t *testing.T) {
	t.Parallel()
	addr, log := startSnmptrapd(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	dead, err := net.ListenPacket("udp4", "127.77.0.1:53")
	if err == nil {
		defer dead.Close() // and never answers
	}
	serveNames(t, "127.77.0.2:53", [4]byte{127, 0, 0, 1})
	sendFromANamespace(t, "nms.example.:"+port, 2, map[string]string{
		"/etc/resolv.conf": "nameserver 127.77.0.1\nnameserver 127.77.0.2\n", "/etc/hosts": "127.0.0.1 localhost\n",
	})
	requireLogged(t, newTrapSender(t, addr, &snmptrap.Inform{}), log, 2)
}
