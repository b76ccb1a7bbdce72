//go:build !linux

package snmptrap

import (
	"net"
	"net/netip"
	"syscall"
)

// reportErrors does nothing: only Linux tells a socket that is not connected
// what the network says about its datagrams.
func reportErrors(_, _ string, _ syscall.RawConn) error { return nil }

// readReports finds nothing.
func readReports(*net.UDPConn, func(netip.AddrPort, syscall.Errno, []byte)) int { return 0 }
