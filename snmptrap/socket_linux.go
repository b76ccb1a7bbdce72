package snmptrap

import (
	"syscall"
	"unsafe"
)

// writeNow writes to a descriptor that never waits. The runtime is not told that
// a system call begins, which costs a twentieth of a write on loopback and would
// let other goroutines run while it waits.
func writeNow(fd int, octets []byte) error {
	_, _, err := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(octets))), uintptr(len(octets))) //nolint:gosec // as syscall.Write does it
	if err != 0 {
		return err
	}
	return nil
}
