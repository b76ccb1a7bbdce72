package callserver

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/examples/internal/httpserver"
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

// A session belongs to somebody who has shown the admin token.
type session struct {
	who   string // as they said, and the address
	form  string // what its forms must bring back, so that no other site can send them
	until time.Time
}

// sessions are known to this process alone: signing out ends one, and so does a restart.
type sessions struct {
	mu  sync.Mutex
	all map[string]session // by the cookie's value
}

// begin returns the cookie of a new session.
func (s *sessions) begin(r *http.Request, who string) *http.Cookie {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.all, func(_ string, old session) bool { return !time.Now().Before(old.until) })
	if s.all == nil {
		s.all = make(map[string]session)
	}
	value := rand.Text()
	s.all[value] = session{who, rand.Text(), time.Now().Add(sessionTime)}
	return cookie(r, value, int(sessionTime.Seconds()))
}

// of returns the session of a request. One without a form token is none.
func (s *sessions) of(r *http.Request) session {
	c, err := r.Cookie(sessionName)
	if err != nil {
		return session{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.all[c.Value]; time.Now().Before(found.until) {
		return found
	}
	return session{}
}

// end ends the session of a request.
func (s *sessions) end(r *http.Request) {
	if c, err := r.Cookie(sessionName); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, c.Value)
	}
}

// cookie returns a cookie that scripts and other sites never see.
func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: sessionName, Value: value, Path: "/admin", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: httpserver.Encrypted(r),
	}
}
