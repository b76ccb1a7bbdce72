//go:build unix

package ocptest

import (
	"errors"
	"os/exec"
	"syscall"
)

// detach takes the terminal away from a script, and ends, after the time
// limit, all that it has started too.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// isBusy reports whether a program did not start since somebody has its file
// open for writing.
func isBusy(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
