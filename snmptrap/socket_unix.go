//go:build unix

package snmptrap

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// A socket is a connected UDP socket that is written to without waiting. A
// write deadline, the usual way to bound a wait, would make every write a
// third slower for the sake of the one in a million that has to wait.
type socket struct {
	conn net.Conn
	raw  syscall.RawConn

	// What attempt writes, and what came of it. They are fields, and attempt
	// is kept, so that a write allocates nothing.
	octets  []byte
	err     error
	attempt func(fd uintptr) bool
}

// newSocket takes over conn.
func newSocket(conn net.Conn) (*socket, error) {
	raw, err := conn.(syscall.Conn).SyscallConn() //nolint:errcheck // the sockets of package net all are one
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, raw: raw}
	s.attempt = func(fd uintptr) bool {
		for {
			if _, s.err = syscall.Write(int(fd), s.octets); !errors.Is(s.err, syscall.EINTR) {
				return true
			}
		}
	}
	return s, nil
}

// write writes one datagram, or fails with an error that isFull recognises
// when there is no room for it now. It must not be called concurrently.
func (s *socket) write(octets []byte) error {
	s.octets = octets
	err := s.raw.Write(s.attempt)
	s.octets = nil
	if err == nil {
		err = s.err
	}
	return err
}

// isFull reports whether a datagram may be written after a wait.
func isFull(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, os.ErrDeadlineExceeded)
}
