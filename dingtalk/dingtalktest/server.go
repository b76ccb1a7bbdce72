package dingtalktest

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

const (
	sendPath = "/robot/send"
	maxBody  = 20000            // bytes of an encoded message
	penalty  = 10 * time.Minute // for too many messages
)

// A Server is a stand-in for the webhook of one robot. Set its fields before
// the first request; all methods are safe for concurrent use. It is an
// [http.Handler], for tests that bring their own listener. Of what it embeds it
// has the methods Client, a client without a socket whose requests all go to the
// server, Fail and FailAlways, which make the next and all other requests fail,
// and Attempts, which counts requests, refused and repeated ones included.
type Server struct {
	*standin.Server

	// Token is the robot's access_token. NewServer makes a new one.
	Token string

	// Secret switches signing on: requests must then bear a timestamp at most
	// an hour away from the server's clock, and the signature made of it.
	Secret string

	// Keywords, unless empty, are words of which each message must hold one.
	// They are looked for in texts and in titles.
	Keywords []string

	// Networks, unless empty, are the only source addresses that are served.
	// Requests of [Server.Client] come from 192.0.2.10.
	Networks []netip.Prefix

	// Rate is the number of messages that any 60 s may hold; the next gets
	// 130101, and so do all for ten minutes. NewServer sets the vendor's 20.
	// Zero or less means no limit.
	Rate int

	// Memory is how long a msgUuid is remembered: a message that repeats one
	// is answered like the first, without being posted or counted against
	// Rate. The vendor does not say how long that is. NewServer sets ten
	// minutes; zero or less means that nothing is remembered.
	Memory time.Duration

	// Skew is added to the program's clock to make the server's, which
	// judges timestamps and fills the Date header.
	Skew time.Duration

	mu       sync.Mutex
	messages []Message
	posted   map[string]time.Time // by msgUuid
	barred   time.Time            // end of the penalty
}

// NewServer returns a stand-in with a new token and no security setting
// besides. It opens no socket and starts no goroutine. When the test ends it
// lets go of the requests that [Hang] holds.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	token := make([]byte, 32)
	_, _ = rand.Read(token) // it never fails
	s := &Server{
		Token:  hex.EncodeToString(token),
		Rate:   20,
		Memory: 10 * time.Minute,
		posted: map[string]time.Time{},
	}
	s.Server = standin.New(tb, s.answer)
	s.Now = s.now
	return s
}

// now reads the server's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.Skew) }

// URL returns the webhook URL for use with [Server.Client]. Its host does not
// exist, so that a test that forgets the client reaches nobody.
func (s *Server) URL() string { return s.at("https://dingtalk.invalid") }

// at returns the webhook URL on a host.
func (s *Server) at(base string) string { return base + sendPath + "?access_token=" + s.Token }

// Listen serves on a port of the loopback until the test ends, and returns
// the webhook URL there.
func (s *Server) Listen(tb testing.TB) string {
	tb.Helper()
	return s.at(s.Server.Listen(tb))
}

// Messages returns the messages accepted so far, in order. A message whose
// msgUuid repeats is not among them again.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// post records a message, unless it is one too many or was posted before.
func (s *Server) post(m Message) refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Time = time.Now()
	if m.Time.Before(s.barred) {
		return refuse(130101)
	}
	first, known := s.posted[m.UUID]
	if known && m.Time.Sub(first) < s.Memory {
		return refusal{}
	}
	if s.Rate > 0 && s.since(m.Time.Add(-time.Minute)) >= s.Rate {
		s.barred = m.Time.Add(penalty)
		return refuse(130101)
	}
	s.messages = append(s.messages, m)
	if m.UUID != "" {
		s.posted[m.UUID] = m.Time
	}
	return refusal{}
}

// since counts the messages after t.
func (s *Server) since(t time.Time) int {
	n := 0
	for i := len(s.messages) - 1; i >= 0 && s.messages[i].Time.After(t); i-- {
		n++
	}
	return n
}
