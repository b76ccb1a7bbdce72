// Package inbound is the floor of every webhook of this module: a secret in the
// path, the address of the caller, a body with bounds, a short answer.
package inbound

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Secret opens a webhook. It compares in constant time, and prints masked
// wherever it stands.
type Secret struct{ secret.Text }

// NewSecret returns the Secret of a text.
func NewSecret(text string) Secret { return Secret{secret.New(text)} }

// Opens reports whether the given text is the secret, in a time that depends
// on neither.
func (s Secret) Opens(given string) bool {
	x, y := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.Reveal()))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Equal reports whether two secrets are the same.
func (s Secret) Equal(other Secret) bool { return s.Opens(other.Reveal()) }

// MinSecret is the length of the shortest secret in a path, in characters: sixteen
// hexadecimal digits have 64 bits.
const MinSecret = 16

// CheckSecret refuses a secret that cannot stand in a path or that is short.
func CheckSecret(s string) error {
	if len(s) < MinSecret || !FitsPath(s) {
		return fmt.Errorf("the secret must be at least %d letters, digits and -._~ and not only dots", MinSecret)
	}
	return nil
}

// FitsPath reports whether s stands for itself as an element of a URL's path:
// letters, digits and -._~, and not dots alone.
func FitsPath(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-._~", c) < 0:
			return false
		}
	}
	return strings.Trim(s, ".") != ""
}

// Bearer returns the token of the first header "Authorization: Bearer TOKEN",
// or "".
func Bearer(r *http.Request) string {
	for _, line := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// errPeer is said of connections that are not of the internet's kind.
var errPeer = errors.New("the remote address is not an IP address")

// Peer returns the address at the other end of the connection.
func Peer(r *http.Request) (netip.Addr, error) {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, errPeer
	}
	return p.Addr(), nil
}

// Caller returns the address that find tells, IPv4 taken out of IPv6 and
// without a zone, and whether it is in one of the ranges. No range lets
// everybody in, and an address that nobody can tell is in none.
func Caller(r *http.Request, find func(*http.Request) (netip.Addr, error), allow []netip.Prefix) (netip.Addr, bool) {
	addr, err := find(r)
	if err != nil {
		addr = netip.Addr{}
	}
	addr = addr.Unmap().WithZone("")
	return addr, len(allow) == 0 || slices.ContainsFunc(allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// ReadBody reads at most limit bytes until the deadline, if there is one, into
// a buffer that need not grow if the request tells the size of a usual body. A
// body that is longer gives an [*http.MaxBytesError].
//
// The deadline is not taken back. net/http drops it when the body ends and
// sets its own before the next request; and the rest of a body that was given
// up, which it tries to read before it answers, it would wait for without end.
func ReadBody(w http.ResponseWriter, r *http.Request, deadline time.Time, limit int64) ([]byte, error) {
	if !deadline.IsZero() {
		// A recorder in a test has no connection, hence no deadline.
		_ = http.NewResponseController(w).SetReadDeadline(deadline)
	}
	var body bytes.Buffer
	if n := r.ContentLength; 0 < n && n <= 64<<10 {
		body.Grow(int(n) + bytes.MinRead) // what ReadFrom wants to see the end
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return body.Bytes(), err
}

// Answer writes a short text, which never repeats anything of the request.
func Answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The caller may have hung up, and there is nobody to tell.
	_, _ = io.WriteString(w, text+"\n")
}
