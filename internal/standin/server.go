// Package standin is what the stand-ins for webhooks have in common: ways to
// reach a server with and without a socket, and ways in which it fails. What
// the vendor's server checks and says is not here.
package standin

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A Server answers requests by a function, or fails as its script says. All
// methods are safe for concurrent use.
type Server struct {
	// Now is the clock of the answers' Date header; nil means [time.Now]. Set
	// it before the first request.
	Now func() time.Time

	answer   func(r *http.Request, body []byte) Answer
	mu       sync.Mutex
	script   []Failure
	forever  *Failure
	attempts int
	released chan struct{}
}

// An Answer is what a server says to a request.
type Answer struct {
	Status int         // 0 means 200
	Header http.Header // may be nil; Content-Type is guessed unless given
	Body   string
}

// New returns a server that answers by a function. It opens no socket and
// starts no goroutine. When the test ends it lets go of the requests that
// [Hang] holds.
func New(tb testing.TB, answer func(r *http.Request, body []byte) Answer) *Server {
	tb.Helper()
	s := &Server{answer: answer, released: make(chan struct{})}
	tb.Cleanup(s.release)
	return s
}

// release ends all hanging requests, present and future.
func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.released:
	default:
		close(s.released)
	}
}

// Client returns a client whose requests go to the server, whatever their
// host, without a socket and on the goroutine of the caller.
func (s *Server) Client() *http.Client { return &http.Client{Transport: transport{s}} }

// Listen serves on a port of the loopback until the test ends, and returns
// the URL of its root, without a slash at the end.
func (s *Server) Listen(tb testing.TB) string {
	tb.Helper()
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	tb.Cleanup(s.release) // runs before Close, which waits for requests
	return server.URL
}

// Fail makes the next requests fail, one after the other, before the server
// works on.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, failures...)
}

// FailAlways makes all requests fail that no call of [Server.Fail] provides
// for.
func (s *Server) FailAlways(f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forever = &f
}

// Attempts returns how many requests have come so far, refused ones included.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// next counts a request and returns how it fails, or nil.
func (s *Server) next() *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	if len(s.script) == 0 {
		return s.forever
	}
	f := &s.script[0]
	s.script = s.script[1:]
	return f
}

// date returns the Date header of an answer given now.
func (s *Server) date() string {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	return now().UTC().Format(http.TimeFormat)
}
