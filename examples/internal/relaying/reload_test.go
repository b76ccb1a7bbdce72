package relaying

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A hang-up does not end the relay, which then takes the secrets that stand in the
// files, and keeps those it had if there is a mistake.
func TestHangup(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no such signal")
	}
	const next, account = "callback-secret-hush-2", "callback-secret-hush-3"
	name := filepath.Join(t.TempDir(), "secrets")
	write := func(text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }
	write(testSecret)
	p, cmd := process(t, []string{"TOCSIN_CALLBACK_SECRET_FILE=" + name}, "-listen", "127.0.0.1:0")
	p.addr = p.errout.Await(t, `msg=listening addr=(\S+)`)
	want := func(secret string, status int) {
		t.Helper()
		got, _ := p.callback(t, secret, string(sample()))
		require.Equal(t, status, got)
	}
	p.errout.Await(t, "msg=destination") // before it listens for signals it prints
	want(testSecret, 200)
	want(next, 404)
	hangUp := func(pattern string) {
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
		p.errout.Await(t, pattern)
	}
	p.out.Await(t, "curl|Callback URL")
	write(testSecret + "\n" + next + "\nprod=" + account + "\n") // during the change
	hangUp("were read (again)")
	want(testSecret, 200)
	want(next, 200)
	want(account, 200)
	write("short")
	hangUp("were (not) read again.*at least 16")
	want(next, 200)
	write(next)
	hangUp("(?s)were not read.*were read again")
	want(next, 200)
	want(testSecret, 404)
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.errout.String(), "hush")
}
