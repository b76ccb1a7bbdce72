package neterr_test

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/neterr"
)

// The numbers of Winsock.
func TestWinsock(t *testing.T) {
	t.Parallel()
	for number, local := range map[syscall.Errno]bool{
		4: true, 10024: true, 10049: true, 10050: true, 10051: true, 10055: true,
		10040: false, 10054: false, 10061: false, 10065: false,
	} {
		err := &net.OpError{Op: "dial", Err: os.NewSyscallError("connectex", number)}
		require.Equal(t, local, neterr.Local(err), number)
	}
	require.True(t, neterr.Local(&net.DNSError{Err: "no such host", IsNotFound: true}))
}
