//go:build !windows

package neterr

import "syscall"

const notFoundIsLocal = false

// native returns the number that sockets of this system use.
func native(number syscall.Errno) syscall.Errno { return number }
