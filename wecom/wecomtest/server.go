package wecomtest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// sendPath is the vendor's path for messages.
const sendPath = "/cgi-bin/webhook/send"

// A Server is a stand-in for the webhook of one robot. Set its fields before
// the first request; all methods are safe for concurrent use. It is an
// [http.Handler], for tests that bring their own listener.
type Server struct {
	// Key is the robot's key. NewServer makes a new one.
	Key string

	// Rate is the number of messages that any 60 s may hold; the next gets
	// 45009. NewServer sets the vendor's 20. Zero or less means no limit.
	Rate int

	// TextLimit is the most bytes that the content of a text message may
	// have. NewServer sets the documented 2048; real servers name 5120.
	TextLimit int

	mu       sync.Mutex
	script   []Failure
	forever  *Failure
	attempts int
	messages []Message
	released chan struct{}
}

// A Message is a message that the server accepted.
type Message struct {
	Time     time.Time
	Type     string   // msgtype; empty if the body was no JSON in UTF-8
	Content  string   // of text, markdown and markdown_v2
	Mentions []string // userids of a text message
	Mobiles  []string // mobile numbers of a text message
	Body     []byte   // the request as it came
}

// NewServer returns a stand-in with a new key. It opens no socket and starts
// no goroutine. When the test ends it lets go of the requests that [Hang]
// holds.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{Key: rand.Text(), Rate: 20, TextLimit: 2048, released: make(chan struct{})}
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

// URL returns the webhook URL for use with [Server.Client]. Its host does not
// exist, so that a test that forgets the client reaches nobody.
func (s *Server) URL() string { return "https://wecom.invalid" + sendPath + "?key=" + s.Key }

// Client returns a client whose requests go to the server, whatever their
// host, without a socket and on the goroutine of the caller.
func (s *Server) Client() *http.Client { return &http.Client{Transport: transport{s}} }

// Listen serves on a port of the loopback until the test ends, and returns
// the webhook URL there.
func (s *Server) Listen(tb testing.TB) string {
	tb.Helper()
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	tb.Cleanup(s.release) // runs before Close, which waits for requests
	return server.URL + sendPath + "?key=" + s.Key
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

// Messages returns the messages accepted so far, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
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

// accept checks a request as the vendor does, records the message, and
// returns the answer.
func (s *Server) accept(key string, body []byte) (answer string) {
	if key != s.Key {
		return refusal(93000)
	}
	var m Message
	if json.Valid(body) && utf8.Valid(body) {
		var code int
		var text string
		if m, code, text = s.parse(body); code != 0 {
			return refusalText(code, text)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Time, m.Body = time.Now(), body
	if s.Rate > 0 && s.since(m.Time.Add(-time.Minute)) >= s.Rate {
		return refusal(45009)
	}
	s.messages = append(s.messages, m)
	if m.Type == "" { // delivered, cut short
		return `{"errcode":0,"errmsg":"ok. Warning: wrong json format. "}`
	}
	return okAnswer
}

// since counts the messages after t.
func (s *Server) since(t time.Time) int {
	n := 0
	for i := len(s.messages) - 1; i >= 0 && s.messages[i].Time.After(t); i-- {
		n++
	}
	return n
}
