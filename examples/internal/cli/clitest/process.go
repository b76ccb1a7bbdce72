// Package clitest runs a test binary as the program that it tests, so that exit
// statuses, signals and output are those of a process, without another build.
package clitest

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Patience bounds a wait for something that must happen. A test that passes
// never waits so long.
const Patience = 30 * time.Second

// marker is the variable that turns a test binary into the program.
const marker = "BE_THE_PROGRAM"

// Main is for TestMain. It runs the tests, or the program if [Start] started
// this process.
func Main(m *testing.M, main func()) {
	if os.Getenv(marker) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A Process is a program that runs.
type Process struct {
	Cmd         *exec.Cmd
	Out, Errout *Transcript

	exit chan int
}

// Start runs the program with nothing in its environment but what is given, in
// a directory of its own. It is killed when the test ends.
func Start(tb testing.TB, env []string, args ...string) *Process {
	tb.Helper()
	return start(tb, env, os.Args[0], args...)
}

// StartWithFiles is Start with a limit of the files that the program may open.
func StartWithFiles(tb testing.TB, files int, env []string, args ...string) *Process {
	tb.Helper()
	shell := []string{"-c", "ulimit -n " + strconv.Itoa(files) + ` && exec "$0" "$@"`, os.Args[0]}
	return start(tb, env, RealPart(tb, "sh"), append(shell, args...)...)
}

func start(tb testing.TB, env []string, name string, args ...string) *Process {
	tb.Helper()
	p := &Process{Out: NewTranscript(), Errout: NewTranscript(), exit: make(chan int, 1)}
	p.Cmd = exec.CommandContext(tb.Context(), name, args...)
	p.Cmd.Dir = tb.TempDir()
	p.Cmd.Env = append([]string{marker + "=1", "GOCOVERDIR=" + tb.TempDir()}, env...)
	p.Cmd.Stdout, p.Cmd.Stderr = p.Out, p.Errout
	if err := p.Cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		_ = p.Cmd.Wait()
		p.exit <- p.Cmd.ProcessState.ExitCode()
	}()
	tb.Cleanup(func() { p.Stop(tb, syscall.SIGKILL) })
	return p
}

// Stop ends the process by a signal and returns its exit status.
func (p *Process) Stop(tb testing.TB, signal os.Signal) int {
	tb.Helper()
	_ = p.Cmd.Process.Signal(signal) // it may have ended
	return p.Wait(tb)
}

// Wait returns the exit status once the process has ended; -1 is that of a
// signal.
func (p *Process) Wait(tb testing.TB) int {
	tb.Helper()
	select {
	case code := <-p.exit:
		p.exit <- code // for the next call
		return code
	case <-time.After(Patience):
		tb.Fatalf("the program does not end:\n%s", p.Printed())
		return -1
	}
}

// Printed is all output so far.
func (p *Process) Printed() string { return p.Out.String() + p.Errout.String() }

// RealPart returns the path of a program that a test needs, under the first of its
// names that is there. Where it is missing the test is skipped, or fails if
// TOCSIN_REQUIRE_REAL is set.
func RealPart(tb testing.TB, names ...string) string {
	tb.Helper()
	for _, name := range names {
		for _, place := range [...]string{"", "/usr/sbin/"} { // daemons are outside an ordinary user's PATH
			if path, err := exec.LookPath(place + name); err == nil {
				return path
			}
		}
	}
	if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
		tb.Fatal(names[0] + " is not installed, but TOCSIN_REQUIRE_REAL is set")
	}
	tb.Skip(names[0] + " is not installed")
	return ""
}
