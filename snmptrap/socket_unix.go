//go:build unix

package snmptrap

import (
	"errors"
	"net"
	"runtime"
	"syscall"
)

// A socket is a connected UDP socket that is only written to, and without
// waiting. The runtime's poller does not know its descriptor: the poller would
// be woken by every datagram that leaves, which costs a tenth of a write, and
// the usual deadline against a write that waits costs a third.
type socket struct {
	fd      int    // -1: closed
	remote  string // address and port
	cleanup runtime.Cleanup
}

// newSocket takes over conn.
func newSocket(conn net.Conn) (*socket, error) {
	defer conn.Close()                            //nolint:errcheck // its duplicate is what matters
	raw, err := conn.(syscall.Conn).SyscallConn() //nolint:errcheck // every socket of package net is one
	if err != nil {
		return nil, err
	}
	s := &socket{fd: -1, remote: conn.RemoteAddr().String()}
	var dupErr error
	if err := raw.Control(func(fd uintptr) { s.fd, dupErr = duplicate(int(fd)) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, dupErr
	}
	// For who forgets to close the Sender, as package net does it.
	s.cleanup = runtime.AddCleanup(s, func(fd int) { _ = syscall.Close(fd) }, s.fd)
	return s, nil
}

// duplicate duplicates a descriptor, and keeps it from programs that this one
// starts.
func duplicate(fd int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(fd)
	if err != nil {
		return -1, err
	}
	syscall.CloseOnExec(fd)
	return fd, nil
}

// write writes one datagram, or fails with an error that isFull recognises
// when there is no room for it. It must not be called concurrently.
func (s *socket) write(octets []byte) error {
	for {
		_, err := syscall.Write(s.fd, octets)
		if err != syscall.EINTR {
			return err
		}
	}
}

// close closes the socket. It must not be called concurrently.
func (s *socket) close() error {
	if s.fd < 0 {
		return nil
	}
	s.cleanup.Stop()
	fd := s.fd
	s.fd = -1
	return syscall.Close(fd)
}

// isFull reports whether there was no room for a datagram.
func isFull(err error) bool { return errors.Is(err, syscall.EAGAIN) }
