// Package neterr recognises errors of the network on every system.
//
// On Windows syscall.ECONNREFUSED and its like are numbers that package syscall
// made up, which no socket ever returns; Winsock has numbers of its own
// (golang/go#45621).
package neterr

import (
	"errors"
	"net"
	"syscall"
)

// Is is [errors.Is] for a number of package syscall, which on Windows also matches
// the number that Winsock has for it.
func Is(err error, target syscall.Errno) bool {
	return errors.Is(err, target) || errors.Is(err, native(target))
}

// Local reports whether an error says nothing of the far end, since this machine
// could not even try: it has no network, no name server, no free port, no buffers
// or no file descriptors left.
func Local(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound || notFoundIsLocal
	}
	for _, number := range []syscall.Errno{
		syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.EMFILE, syscall.ENFILE,
	} {
		if Is(err, number) {
			return true
		}
	}
	return false
}
