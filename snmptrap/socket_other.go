//go:build !unix

package snmptrap

import (
	"errors"
	"net"
	"os"
	"time"
)

// A socket is a connected UDP socket that is only written to.
type socket struct {
	conn   net.Conn
	remote string // address and port
}

// newSocket takes over conn.
func newSocket(conn net.Conn) (*socket, error) {
	return &socket{conn: conn, remote: conn.RemoteAddr().String()}, nil
}

// write writes one datagram, or fails with an error that isFull recognises
// when there is no room for it for a moment.
func (s *socket) write(octets []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	_, err := s.conn.Write(octets)
	return err
}

// close closes the socket.
func (s *socket) close() error { return s.conn.Close() }

// isFull reports whether there was no room for a datagram.
func isFull(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
