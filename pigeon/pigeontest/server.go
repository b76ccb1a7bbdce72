package pigeontest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// The objects that a new server has prepared: a call flow of one round over
// two contacts, and a guidance that reads the parameter text and takes the
// keys 1 to terminate, 2 to continue and 3 to leave.
const (
	CallFlowID = "049d0000-0000-4000-8000-0000000000c1"
	GuidanceID = "570e0000-0000-4000-8000-0000000000d1"
)

// A Server is a stand-in for a space. Set its fields before the first request;
// all methods are safe for concurrent use. It is an [http.Handler], for tests
// that bring their own listener.
type Server struct {
	// Token is the API token. NewServer makes a new one.
	Token string

	// User and Password, unless empty, are demanded by HTTP Basic besides.
	User, Password string

	// Answer says how a contact reacts to a call. It is called while a chain
	// is placed, for each call that follows, and must not use the Server.
	// Default: everybody misses it.
	Answer func(Dial) Pickup

	// Line is how long each chain waits for a line.
	Line time.Duration

	// Ring is how long a phone rings until the call is missed, and Talk how
	// long a person listens before pressing a key. NewServer sets the vendor's
	// 30 s, and 40 s.
	Ring, Talk time.Duration

	// Late is how long a new chain is unknown to results and calls.
	Late time.Duration

	// Flagless leaves isActive out of results.
	Flagless bool

	web       *standin.Server
	mu        sync.Mutex
	skew      time.Duration
	callFlows map[string]callFlow
	guidances map[string]guidance
	chains    []*chain
}

// NewServer returns a stand-in with a new token. It opens no socket and starts
// no goroutine. When the test ends it lets go of the requests that [Hang]
// holds.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{
		Token: "token-" + rand.Text(), Ring: 30 * time.Second, Talk: 40 * time.Second,
		callFlows: map[string]callFlow{}, guidances: map[string]guidance{},
	}
	s.AddCallFlow(CallFlowID, 1, Contact{"on-call 1", []string{"09000000001"}}, Contact{"on-call 2", []string{"09000000002"}})
	s.addGuidance(GuidanceID, "{{text}}", map[string]string{"1": "terminate", "2": "continue", "3": "leave"})
	s.web = standin.New(tb, s.answer)
	s.web.Now = s.now
	return s
}

// A Contact is one person of a call flow.
type Contact struct {
	Name    string
	Numbers []string
}

// AddCallFlow prepares a call flow of loops rounds, or replaces it.
func (s *Server) AddCallFlow(id string, loops int, contacts ...Contact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callFlows[id] = callFlow{loops, contacts}
}

// addGuidance prepares a guidance, or replaces it. behaviors says what the
// keys do: terminate, continue, leave or transfer.
func (s *Server) addGuidance(id, template string, behaviors map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guidances[id] = guidance{template, behaviors}
}

// URL returns the base URL for use with [Server.Client]. Its host does not
// exist, so that a test that forgets the client reaches nobody.
func (s *Server) URL() string { return "https://pigeon.invalid" }

// Client returns a client whose requests go to the server, whatever their
// host, without a socket and on the goroutine of the caller.
func (s *Server) Client() *http.Client { return s.web.Client() }

// Listen serves on a port of the loopback until the test ends, and returns
// the base URL there.
func (s *Server) Listen(tb testing.TB) string {
	tb.Helper()
	return s.web.Listen(tb)
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.web.ServeHTTP(w, r) }

// Fail makes the next requests fail, one after the other, before the server
// works on.
func (s *Server) Fail(failures ...Failure) { s.web.Fail(ways(failures)...) }

// FailAlways makes all requests fail that no call of [Server.Fail] provides
// for.
func (s *Server) FailAlways(f Failure) { s.web.FailAlways(f.way) }

// Advance puts the server's clock forward.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += d
}

// now reads the server's clock.
func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock()
}

// clock is the time. The caller holds the lock.
func (s *Server) clock() time.Time { return time.Now().Add(s.skew) }

// Attempts returns how many requests have come so far, refused ones included.
func (s *Server) Attempts() int { return s.web.Attempts() }

// Placed returns how many chains were placed so far.
func (s *Server) Placed() int { return len(s.Chains()) }

// Dialled returns how many telephone calls have begun so far.
func (s *Server) Dialled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.chains {
		n += len(c.begun(s.clock()))
	}
	return n
}

// Chains returns the chains placed so far, in order.
func (s *Server) Chains() []Chain {
	s.mu.Lock()
	defer s.mu.Unlock()
	chains := make([]Chain, len(s.chains))
	for i, c := range s.chains {
		chains[i] = c.Chain
	}
	return chains
}

// find returns the chain of an id, once it is known to the outside. The caller
// holds the lock.
func (s *Server) find(id string) *chain {
	i := slices.IndexFunc(s.chains, func(c *chain) bool { return c.ResultID == id })
	if i < 0 || s.clock().Before(s.chains[i].Placed.Add(s.Late)) {
		return nil
	}
	return s.chains[i]
}
