package markup

import (
	"net/netip"
	"strings"
)

// URL returns raw in a form that can stand in the parentheses of a link, or
// "" if it is no http or https address of a host, hides the host behind a
// user name, or is longer than limit bytes. What could be markup is escaped
// behind the host, and so are the characters in special; within the host that
// would name another one.
func URL(raw, special string, limit int) string {
	raw = strings.TrimSpace(raw)
	scheme, rest, _ := strings.Cut(raw, "://")
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	if len(raw) > limit || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") || !isHost(host) {
		return ""
	}
	raw = strings.ToLower(scheme) + raw[len(scheme):] // not every client knows a link by Https
	start := len(raw) - len(rest) + len(host)
	for start < len(raw) && plainInURL(raw[start], special) {
		start++
	}
	if start == len(raw) {
		return raw // as a rule there is nothing to escape
	}
	const hex = "0123456789ABCDEF"
	dst := append(make([]byte, 0, len(raw)+16), raw[:start]...)
	for i := start; i < len(raw); i++ {
		if c := raw[i]; plainInURL(c, special) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	if len(dst) > limit {
		return ""
	}
	return string(dst)
}

// isHost reports whether s is a host name or address, with or without a port.
// Brackets belong to an IPv6 address and to nothing else: in a link they would
// be markup.
func isHost(s string) bool {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		address, port, closed := strings.Cut(inside, "]")
		ip, err := netip.ParseAddr(address)
		return closed && err == nil && ip.Is6() && ip.Zone() == "" && (port == "" || port[0] == ':' && isName(port))
	}
	return s != "" && isAlphanumeric(s[0]) && isName(s)
}

// isName reports whether s has only what names and ports are made of.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte(":.-_", c) < 0 {
			return false
		}
	}
	return true
}

// plainInURL reports whether c can stand behind the host as it is: what URLs
// use, without what markdown could take for its own.
func plainInURL(c byte, special string) bool {
	if isAlphanumeric(c) {
		return true
	}
	return strings.IndexByte("-._~:/?#@!$&',;=%+", c) >= 0 && strings.IndexByte(special, c) < 0
}
