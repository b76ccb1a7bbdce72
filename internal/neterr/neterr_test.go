package neterr_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/neterr"
)

// What real sockets of this system return has the names of package syscall.
func TestRealSockets(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	require.True(t, neterr.Is(err, syscall.ECONNREFUSED), "%v", err)
	require.False(t, neterr.Is(err, syscall.EMSGSIZE))
	require.False(t, neterr.Local(err))

	c, err := new(net.Dialer).DialContext(t.Context(), "udp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write(make([]byte, 70_000))
	require.True(t, neterr.Is(err, syscall.EMSGSIZE), "%v", err)
	require.False(t, neterr.Is(err, syscall.ECONNREFUSED))
	require.False(t, neterr.Local(err))

	// An address of nobody is none of this machine's.
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}
	_, err = from.DialContext(t.Context(), "tcp", l.Addr().String())
	require.True(t, neterr.Local(err), "%v", err)
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"unknown", errors.New("x"), false},
		{"no route", fmt.Errorf("connect: %w", syscall.ENETUNREACH), true},
		{"down", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETDOWN)}, true},
		{"descriptors of the process", syscall.EMFILE, true},
		{"descriptors of the machine", syscall.ENFILE, true},
		{"no buffers", syscall.ENOBUFS, true},
		{"no port", syscall.EADDRNOTAVAIL, true},
		{"refused", syscall.ECONNREFUSED, false},
		{"reset", syscall.ECONNRESET, false},
		{"the host is off", syscall.EHOSTUNREACH, false},
		{"no name server", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "i/o timeout", IsTimeout: true}}, true},
		{"the name server is ill", &net.DNSError{Err: "server misbehaving"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, neterr.Local(tt.err))
		})
	}
}
