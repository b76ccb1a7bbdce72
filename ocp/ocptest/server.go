package ocptest

import (
	"crypto/rand"
	"net/http"
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
// client without a socket, fit for testing/synctest, Listen, which serves on the
// loopback and returns the base URL there, Fail and FailAlways, which make the next
// and all other requests fail, and Attempts, which counts requests.
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

// A Failure is one way in which OCP fails. The functions of this package make
// them; the zero value answers HTTP 200 with nothing.
type Failure = standin.Failure

// Refuse refuses a request with an HTTP status and an envelope that holds a
// code, as a number if it is one, and a text.
func Refuse(status int, code, text string) Failure {
	return Answer(status, (&refusal{status, code, text}).body(time.Now()))
}

// TooMany answers 429 with the vendor's envelope and RateLimit-Reset, unless
// that is empty.
func TooMany(reset string) Failure {
	header := http.Header{}
	if reset != "" {
		header.Set("RateLimit-Reset", reset)
	}
	r := refusal{http.StatusTooManyRequests, "", "请求次数过多，你已经超过当前流控窗口内的请求上限"}
	return standin.Give(standin.Answer{Status: r.status, Header: header, Body: r.body(time.Now())})
}

// Answer answers with a status and a body and ignores the request: a page of
// a proxy, an empty body, JSON of somebody else.
func Answer(status int, body string) Failure { return standin.Reply(status, body) }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure { return standin.HTML(status) }

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure { return standin.Hang(begun) }

// ResetAfter works the request off and then resets the connection instead of
// answering.
func ResetAfter() Failure { return standin.ResetAfter() }
