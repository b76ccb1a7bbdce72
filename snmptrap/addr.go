package snmptrap

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// defaultPort is where receivers of traps listen.
const defaultPort = 162

// splitAddr splits an address, of which the port may be missing.
func splitAddr(addr string) (host string, port int, err error) {
	host, port = addr, defaultPort
	if _, err := netip.ParseAddr(addr); err == nil {
		return host, port, nil // with bare colons, if any
	}
	switch {
	case strings.HasPrefix(addr, "[") && strings.HasSuffix(addr, "]"):
		host = addr[1 : len(addr)-1]
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return "", 0, errors.New("no IPv6 address in the brackets")
		}
	case strings.Contains(addr, ":"):
		var digits string
		if host, digits, err = net.SplitHostPort(addr); err != nil {
			return "", 0, errors.New("want host, host:port or [IPv6]:port")
		}
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, errors.New("the port is not in 1…65535")
		}
		port = int(n)
	}
	if _, err := netip.ParseAddr(host); err != nil && !isName(host) {
		return "", 0, errors.New("the host is neither an IP address nor a name")
	}
	return host, port, nil
}

// isName reports whether host can be a name in the DNS or a hosts file.
func isName(host string) bool {
	for _, r := range host {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return false
		}
	}
	return host != "" && len(host) <= 253
}
