//go:build unix && !linux

package snmptrap

import "syscall"

// writeNow writes to a descriptor that never waits.
func writeNow(fd int, octets []byte) error {
	_, err := syscall.Write(fd, octets)
	return err
}
