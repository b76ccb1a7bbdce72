package ocp

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// Options configures a [Client]. A nil *Options and the zero value of each
// field mean the default.
type Options struct {
	// HTTPClient carries the requests. Its Transport, Jar and Timeout are
	// used; redirects are refused. Default: a client of the Client's own.
	HTTPClient *http.Client

	// RootCAs are the authorities that vouch for OCP's certificate, for a client
	// of the Client's own. Default: those of the system.
	RootCAs *x509.CertPool

	// Timeout bounds one attempt, the answer included. Default: 10 s; -1
	// leaves it to HTTPClient and the context.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of one call. Default: 3; -1 means 1.
	MaxAttempts int

	// Logger gets one record an attempt at level Debug, without address and
	// content. Default: none.
	Logger *slog.Logger

	// AllowHTTP sends user and password over http to hosts other than the
	// loopback. Whoever can listen on the way reads them.
	AllowHTTP bool

	// Language is the Accept-Language of the requests, such as zh-CN or en-US,
	// in which OCP words its answers. Default: OCP decides.
	Language string
}

// check reads the address of an OCP, and refuses what cannot be meant. http would
// carry a password readable over a network.
func (o *Options) check(baseURL string, credentials Credentials) (*url.URL, error) {
	base, err := parseBase(baseURL)
	if err == nil {
		err = credentials.check()
	}
	switch {
	case err != nil:
		return nil, err
	case base.Scheme == "http" && !credentials.signs && !o.AllowHTTP && !isLoopback(base.Hostname()):
		return nil, errors.New("http would show user and password to everybody on the way: use https, an access key, or set AllowHTTP")
	case len(o.Language) > 64 || strings.ContainsFunc(o.Language, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-,;=. *", r) }):
		return nil, errors.New("the Language is not one as in Accept-Language")
	}
	return base, nil
}

// parseBase reads the address of an OCP. Its errors do not quote it: people
// paste addresses with a password in them.
func parseBase(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	switch {
	case s == "":
		return nil, errors.New("the base URL is empty")
	case err != nil || len(s) > 2048 || !isText(s) || strings.ContainsFunc(s, unicode.IsSpace):
		return nil, errors.New("the base URL is no URL, is too long, or holds blanks or bytes that are not UTF-8") // err quotes it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the base URL begins with neither https:// nor http://")
	case u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("the base URL holds a user, a query or a fragment")
	case !isHost(u.Hostname()):
		return nil, errors.New("the base URL has no host, or one that is not made of letters, digits and the signs -_.: alone")
	}
	if u.Path == "" {
		u.Path = "/" // else what is joined to it has no slash in front, and is signed so
	}
	u.Host = strings.TrimSuffix(u.Host, ":") // an empty port, as the Host header has it
	return u, nil
}

// isHost reports whether the Host header shows s as it is, which the signature
// relies on: net/http rewrites other letters, and drops a zone.
func isHost(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.:", r) })
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isLoopback reports whether a host is this machine by its name. Other names
// are not looked up: what they mean may change.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
