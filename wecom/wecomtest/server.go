package wecomtest

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// sendPath is the vendor's path for messages.
const sendPath = "/cgi-bin/webhook/send"

// A Server is a stand-in for the webhook of one robot. Set its fields before
// the first request; all methods are safe for concurrent use. It is an
// [http.Handler], for tests that bring their own listener. Of what it embeds it
// has the methods Client, a client without a socket whose requests all go to the
// server, Fail and FailAlways, which make the next and all other requests fail,
// and Attempts, which counts requests, refused ones included.
type Server struct {
	*standin.Server

	// Key is the robot's key. NewServer makes a new one.
	Key string

	// Rate is the number of messages that any 60 s may hold; the next gets
	// 45009. NewServer sets the vendor's 20. Zero or less means no limit.
	Rate int

	// TextLimit is the most bytes that the content of a text message may
	// have. NewServer sets the documented 2048; real servers name 5120.
	TextLimit int

	mu       sync.Mutex
	messages []Message
	uploads  []Upload
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
	s := &Server{Key: rand.Text(), Rate: 20, TextLimit: 2048}
	s.Server = standin.New(tb, s.answer)
	return s
}

// URL returns the webhook URL for use with [Server.Client]. Its host does not
// exist, so that a test that forgets the client reaches nobody.
func (s *Server) URL() string { return "https://wecom.invalid" + sendPath + "?key=" + s.Key }

// Listen serves on a port of the loopback until the test ends, and returns
// the webhook URL there.
func (s *Server) Listen(tb testing.TB) string {
	tb.Helper()
	return s.Server.Listen(tb) + sendPath + "?key=" + s.Key
}

// Messages returns the messages accepted so far, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
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
	switch {
	case s.full(m.Time):
		return refusal(45009)
	case !s.knows(&m, m.Time):
		return refusalText(40007, "invalid media_id")
	}
	s.messages = append(s.messages, m)
	if m.Type == "" { // delivered, cut short
		return `{"errcode":0,"errmsg":"ok. Warning: wrong json format. "}`
	}
	return okAnswer
}

// full reports whether the minute before now holds no more. Uploads count: what
// the vendor does is not known, and it is the stricter way.
func (s *Server) full(now time.Time) bool {
	n, t := 0, now.Add(-time.Minute)
	for i := len(s.messages) - 1; i >= 0 && s.messages[i].Time.After(t); i-- {
		n++
	}
	for i := len(s.uploads) - 1; i >= 0 && s.uploads[i].Time.After(t); i-- {
		n++
	}
	return s.Rate > 0 && n >= s.Rate
}
