package neterr

import "syscall"

// notFoundIsLocal: without a network Windows says of each name that there is no
// such host (WSAHOST_NOT_FOUND), as it does of one that does not exist.
const notFoundIsLocal = true

// native returns the number of Winsock, or of Windows, for one of package syscall:
// https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
// (read 2026-11-29).
func native(number syscall.Errno) syscall.Errno {
	switch number {
	case syscall.ENFILE:
		return 4 // ERROR_TOO_MANY_OPEN_FILES
	case syscall.EMFILE:
		return 10024
	case syscall.EMSGSIZE:
		return 10040
	case syscall.EADDRNOTAVAIL:
		return 10049
	case syscall.ENETDOWN:
		return 10050
	case syscall.ENETUNREACH:
		return 10051
	case syscall.ECONNRESET:
		return 10054
	case syscall.ENOBUFS:
		return 10055
	case syscall.ECONNREFUSED:
		return 10061
	case syscall.EHOSTUNREACH:
		return 10065
	}
	return number
}
