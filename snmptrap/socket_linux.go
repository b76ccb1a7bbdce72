package snmptrap

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
)

// ipv6RecvErr is IPV6_RECVERR, which package syscall lacks.
const ipv6RecvErr = 25

// reportErrors has a socket that is not connected report what the network says
// about its datagrams: no such port, no such host, prohibited. Without it Linux
// tells connected sockets only, and these a part. No datagram is
// marked "don't fragment": a way that is narrower than it seems would lose the
// first ones.
func reportErrors(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// One of the families may be missing, and without all of it traps leave.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_RECVERR, 1)
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_DONT)
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, ipv6RecvErr, 1)
	})
}

// readReports takes what the network said off the socket's queue, which is
// short and must not fill, with the start of the datagram, and returns how many there were. What the system
// itself said, the write returned.
func readReports(conn *net.UDPConn, report func(to netip.AddrPort, err syscall.Errno, quoted []byte)) (n int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	var payload [maxQuote]byte
	var control [512]byte
	_ = raw.Control(func(fd uintptr) { // it fails if the socket is closed
		for {
			length, size, _, from, err := syscall.Recvmsg(int(fd), payload[:], control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
			if err != nil {
				return
			}
			messages, err := syscall.ParseSocketControlMessage(control[:size])
			if err != nil {
				continue
			}
			for _, m := range messages {
				// struct sock_extended_err: errno, origin (2 and 3 are ICMP of both families), …
				if len(m.Data) >= 16 && (m.Data[4] == 2 || m.Data[4] == 3) {
					n++
					report(addrPort(from), syscall.Errno(binary.NativeEndian.Uint32(m.Data)), payload[:length])
				}
			}
		}
	})
	return n
}

// addrPort returns an address of package syscall.
func addrPort(from syscall.Sockaddr) netip.AddrPort {
	switch a := from.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
