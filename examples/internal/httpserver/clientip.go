package httpserver

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientIP returns the address of the caller, or the zero Addr if a trusted proxy
// passed on something that is no address. The zero Addr is in no range, so
// that such a caller is refused where only some are allowed. X-Forwarded-For is
// believed only as far as the proxies that the operator named vouch for it: anybody can
// send the header.
func (c Access) ClientIP(r *http.Request) (netip.Addr, error) {
	peer, _ := parseHop(r.RemoteAddr)
	if !contains(c.Proxies, peer) {
		return peer, nil
	}
	// Each proxy appends the address it saw, so the list is read from the
	// right, and the first address that is no proxy of ours is the caller.
	caller := peer
	for _, line := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		for _, text := range slices.Backward(strings.Split(line, ",")) {
			hop, ok := parseHop(strings.TrimSpace(text))
			if !ok || !contains(c.Proxies, hop) {
				return hop, nil
			}
			caller = hop
		}
	}
	return caller, nil
}

// parseHop reads an address with or without a port. IPv4 inside IPv6 is taken
// out, so that ranges match however the socket was opened; a zone is dropped.
func parseHop(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

func contains(ranges []netip.Prefix, a netip.Addr) bool {
	for _, p := range ranges {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
