package pigeon

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// vendorDomain is where all spaces live.
const vendorDomain = "cloud.kompira.jp"

// Bounds, in bytes, of what identifies the caller.
const (
	maxSpace = 63 // a DNS label
	maxToken = 4096
)

// parseSpace turns a space id or a base URL into the address in front of all
// paths. No error quotes its input: it may be the token, put into the wrong
// place.
func parseSpace(given string, allowHTTP bool) (*url.URL, error) {
	s := strings.TrimSpace(given)
	switch {
	case s == "":
		return nil, errors.New("the space is empty")
	case strings.Contains(s, "://"):
		return parseBase(s, allowHTTP)
	case !isLabel(s):
		return nil, errors.New("neither a space id nor a base URL: a space id is made of a-z, 0-9 and hyphens inside, " +
			"at most 63 bytes, a URL begins with https://")
	}
	return &url.URL{Scheme: "https", Host: s + "." + vendorDomain}, nil
}

// isLabel reports whether s is a DNS label in lower case. Anything else, put
// in front of the vendor's domain, could lead the token to another host.
func isLabel(s string) bool {
	if s == "" || len(s) > maxSpace || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// parseBase checks the address of a space, of a gateway in front of it, or of
// a stand-in.
func parseBase(s string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || !utf8.ValidString(s) || strings.ContainsFunc(s, isBlank):
		return nil, errors.New("the base URL cannot be read") // the cause quotes it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the base URL begins with neither https:// nor http://")
	case u.Hostname() == "":
		return nil, errors.New("the base URL has no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the base URL holds a user, a query or a fragment")
	case u.Scheme == "http" && isVendor(u):
		return nil, errors.New("the vendor's address begins with https://, http would show the token")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u):
		return nil, errors.New("http:// would show the token to the network: use https://, or set AllowHTTP")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// isVendor reports whether u is on one of the vendor's hosts.
func isVendor(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return host == vendorDomain || strings.HasSuffix(host, "."+vendorDomain)
}

// isLoopback reports whether u leads to this machine.
func isLoopback(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost")
}

// isBlank reports whether r has no business in an address or a token.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// parseToken returns the token without the blanks around it that files have.
func parseToken(given string) (string, error) {
	s := strings.TrimSpace(given)
	switch {
	case s == "":
		return "", errors.New("the token is empty")
	case len(s) > maxToken:
		return "", errors.New("the token is too long")
	case strings.HasPrefix(s, "Token "):
		return "", errors.New("give the token without the word Token before it")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("the token holds blanks or characters beyond ASCII")
	}
	return s, nil
}
