//go:build !unix

package ocptest

import "os/exec"

// detach does nothing: there is no terminal to take away.
func detach(*exec.Cmd) {}

// isBusy reports false.
func isBusy(error) bool { return false }
