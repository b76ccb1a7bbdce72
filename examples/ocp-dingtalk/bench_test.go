//go:build unix

package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// withRequests returns the command that does the same job in Python, and skips
// or fails without its library.
func withRequests(tb testing.TB, g *group, message string) *exec.Cmd {
	tb.Helper()
	python := clitest.RealPart(tb, "python3")
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		python = "/usr/bin/python3" // the one that python3-requests of Debian is for
	}
	if err := exec.CommandContext(tb.Context(), python, "-c", "import requests").Run(); err != nil {
		if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
			require.FailNow(tb, "python3-requests is not installed, but TOCSIN_REQUIRE_REAL is set")
		}
		tb.Skip("python3-requests is not installed")
	}
	cmd := exec.CommandContext(tb.Context(), python, "testdata/send_with_requests.py")
	cmd.Env = []string{"ROBOT_URL=" + g.url, "message=" + message}
	return cmd
}

// What is compared with does the job.
func TestWithRequests(t *testing.T) {
	t.Parallel()
	g := newDingtalk(t, nil)
	out, err := withRequests(t, g, "故障").CombinedOutput()
	require.NoError(t, err, "%s", out)
	outcome{stdout: string(out)}.requireSent(t)
	require.Equal(t, []string{"OCP\n故障"}, g.got(t))
}

// BenchmarkScript runs the whole process for one alarm over HTTP to a robot on
// the loopback interface: this program, and a script in Python with requests.
func BenchmarkScript(b *testing.B) {
	g := newDingtalk(b, nil)
	n := newNode(b, build(b), "dingtalk-url = "+g.url)
	b.Run("tocsin", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), n.dir+"/ocp-dingtalk")
			cmd.Env = []string{"message=hello"}
			require.NoError(b, cmd.Run())
		}
	})
	b.Run("python", func(b *testing.B) {
		command := withRequests(b, g, "hello")
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), command.Path, command.Args[1:]...)
			cmd.Env = command.Env
			require.NoError(b, cmd.Run())
		}
	})
}
