package ocptest

import (
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

const (
	root        = "/api/v2/alarm"
	resend      = 3 * time.Minute // from one message about an active alarm to the next
	elimination = 5 * time.Minute // how long an alarm lasts that is not pushed again
)

// A Server is a stand-in for one OCP. Set its fields before the first request;
// all methods are safe for concurrent use. It is an [http.Handler], for tests
// that bring their own listener. Of what it embeds it has the methods Client, a
// client without a socket whose requests all go to the server, Listen, which serves
// on the loopback and returns the base URL there, Fail and FailAlways, which make
// the next and all other requests fail, and Attempts, which counts requests,
// refused ones included.
type Server struct {
	*standin.Server

	// User and Password are a login. NewServer makes a new password.
	User, Password string

	// AccessKey and SecretKey are another one. NewServer makes new ones.
	AccessKey, SecretKey string

	// MaxLogins is the number of failed logins in a row after which the user
	// is locked, for good. NewServer sets 5; zero or less never locks.
	MaxLogins int

	// Rules are the alarm rules by name. A push for another one is refused.
	// Nil means that every name has a rule.
	Rules map[string]Rule

	// Channel, unless nil, is called for each message about an alarm: when it
	// begins, every three minutes while it is pushed, and when it has ended.
	// environ holds its variables as NAME=value, sorted, in Chinese.
	Channel func(environ []string)

	mu    sync.Mutex
	later time.Duration // by Advance

	failed int // logins in a row
	pushes []Push
	events []*event
}

// A Push is a request that was accepted.
type Push struct {
	Type   string
	Target string
	Labels map[string]string
	Body   []byte
}

// NewServer returns a stand-in with new credentials. It opens no socket and
// starts no goroutine.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{
		User: "tocsin-" + rand.Text()[:8], Password: rand.Text(), AccessKey: rand.Text()[:16], SecretKey: rand.Text(), MaxLogins: 5,
	}
	s.Server = standin.New(tb, s.answer)
	s.Now = s.now
	return s
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock()
}

// clock is now for those who hold the lock.
func (s *Server) clock() time.Time { return time.Now().Add(s.later) }

// URL returns the base URL for use with the client of Client. Its host does not
// exist, so that a test that forgets the client reaches nobody.
func (s *Server) URL() string { return "https://ocp.invalid:8443" }

// Pushes returns the pushes accepted so far, in order.
func (s *Server) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pushes)
}

// Advance moves the server's clock on, and ends the alarms that were not
// pushed for five minutes by then.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	s.later += d
	s.mu.Unlock()
	s.sweep()
}
