//go:build !unix

package snmptrap

import (
	"errors"
	"net"
	"os"
	"time"
)

// A socket is a connected UDP socket.
type socket struct{ conn net.Conn }

// newSocket takes over conn.
func newSocket(conn net.Conn) (*socket, error) { return &socket{conn: conn}, nil }

// write writes one datagram, or fails with an error that isFull recognises
// when there is no room for it for a moment.
func (s *socket) write(octets []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	_, err := s.conn.Write(octets)
	return err
}

// isFull reports whether a datagram may be written after a wait.
func isFull(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
