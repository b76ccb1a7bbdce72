package callserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	sessionName = "tocsin_autocall"
	sessionTime = 12 * time.Hour
)

// equal compares two secrets in a time that depends on neither.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// isAdmin reports whether a request of a program carries the admin token.
func (s *service) isAdmin(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && equal(strings.TrimSpace(token), s.config.AdminToken)
}

// seal returns a proof, which only who knows the admin token can make, that a
// text was said for a purpose.
func (s *service) seal(purpose, text string) string {
	h := hmac.New(sha256.New, []byte(s.config.AdminToken))
	h.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// newSession returns a cookie for who has shown the admin token. It holds no
// token, so it is good on every server with the same one and after a restart;
// another admin token ends all sessions.
func (s *service) newSession(r *http.Request) *http.Cookie {
	until := strconv.FormatInt(time.Now().Add(sessionTime).Unix(), 10)
	return cookie(r, until+"."+s.seal("session", until), int(sessionTime.Seconds()))
}

// cookie returns a cookie that scripts and other sites never see.
func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: sessionName, Value: value, Path: "/admin", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// session returns the session that a request belongs to, or "".
func (s *service) session(r *http.Request) string {
	c, err := r.Cookie(sessionName)
	if err != nil {
		return ""
	}
	until, proof, _ := strings.Cut(c.Value, ".")
	end, err := strconv.ParseInt(until, 10, 64)
	if err != nil || !equal(proof, s.seal("session", until)) || !time.Now().Before(time.Unix(end, 0)) {
		return ""
	}
	return c.Value
}

// formToken is what a form of a session must bring back, so that no other site
// can send it.
func (s *service) formToken(session string) string { return s.seal("form", session) }
