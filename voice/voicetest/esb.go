package voicetest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// The paths that are served.
const (
	pathV1      = "/api/c/compapi/cmsi/send_voice_msg/"
	pathV2      = "/api/c/compapi/v2/cmsi/send_voice_msg/"
	pathGateway = "/api/bk-cmsi/prod/v1/send_voice/"
)

// An ESB is a stand-in for BlueKing's messages. Set its fields before the
// first request; all methods are safe for concurrent use. It is an
// [http.Handler], for tests that bring their own listener.
type ESB struct {
	// AppCode and AppSecret are what requests must bear. NewESB makes a secret.
	AppCode, AppSecret string

	// Users maps user names to national numbers, for requests that name users
	// only. NewESB knows alice, bob and dave.
	Users map[string]string

	// Inactive switches the channel off: code 1306405.
	Inactive bool

	// Rate is how many requests are served before code 1306429. Zero means no
	// limit.
	Rate int

	// Busy lists numbers whose call fails with Tencent's code 1013. The others
	// are accepted.
	Busy []string

	// Dest, if not nil, is the setting dest_url: it gets the request that the
	// component makes, and the phones are its business. DestPath is the path
	// and query of dest_url.
	Dest     http.Handler
	DestPath string

	web    *standin.Server
	mu     sync.Mutex
	calls  []Call
	served int
}

// A Call is one phone that the stand-in made ring.
type Call struct {
	User, Number, Text string
}

// NewESB returns a stand-in with a new secret. It opens no socket and starts
// no goroutine. When the test ends it lets go of the requests that [Hang]
// holds.
func NewESB(tb testing.TB) *ESB {
	tb.Helper()
	e := &ESB{
		AppCode:   "tocsin_test",
		AppSecret: rand.Text(),
		Users:     map[string]string{"alice": "13800000001", "bob": "13800000002", "dave": "13800000004"},
		DestPath:  "/voice/token",
	}
	e.web = standin.New(tb, e.answer)
	return e
}

// URL returns the base for use with [ESB.Client]. Its host does not exist, so
// that a test that forgets the client reaches nobody.
func (e *ESB) URL() string { return "https://paas.invalid" }

// Client returns a client whose requests go to the stand-in, whatever their
// host, without a socket and on the goroutine of the caller.
func (e *ESB) Client() *http.Client { return e.web.Client() }

// Listen serves on a port of the loopback until the test ends, and returns the
// base URL there.
func (e *ESB) Listen(tb testing.TB) string {
	tb.Helper()
	return e.web.Listen(tb)
}

// ServeHTTP serves one request.
func (e *ESB) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.web.ServeHTTP(w, r) }

// Fail makes the next requests fail, one after the other, before the stand-in
// works on.
func (e *ESB) Fail(failures ...Failure) {
	for _, f := range failures {
		e.web.Fail(f.way)
	}
}

// FailAlways makes all requests fail that no call of [ESB.Fail] provides for.
func (e *ESB) FailAlways(f Failure) { e.web.FailAlways(f.way) }

// Attempts returns how many requests have come so far, refused ones included.
func (e *ESB) Attempts() int { return e.web.Attempts() }

// Calls returns the phones that rang so far, in order, but for those behind
// Dest.
func (e *ESB) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// answer works off a request that was read whole and does not fail.
func (e *ESB) answer(r *http.Request, body []byte) standin.Answer {
	switch r.URL.Path {
	case pathV1, pathV2:
		return e.esb(r, body).finish(newID()).answer()
	case pathGateway:
		return e.gateway(r, body)
	}
	if slices.Contains([]string{pathV1, pathV2, pathGateway}, r.URL.Path+"/") {
		// As Django does, which costs a POST its body.
		return standin.Answer{Status: http.StatusMovedPermanently, Header: http.Header{"Location": {r.URL.Path + "/"}}}
	}
	return standin.Answer{Status: http.StatusNotFound, Body: "404 page not found\n"}
}

// newID returns an identity as the ESB makes them: 32 hexadecimal digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// admit checks all but the form of a request.
func (e *ESB) admit(creds object) *envelope {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.served++
	switch {
	case creds.text("bk_app_code", "app_code") != e.AppCode:
		return refuse(1306403, "APP permission is insufficient")
	case creds.text("bk_app_secret", "app_secret") != e.AppSecret:
		return refuse(1306000, "app secret does not match")
	case e.Inactive:
		return refuse(1306405, "inactive channel")
	case e.Rate > 0 && e.served > e.Rate:
		return refuse(1306429, "access frequency limit")
	}
	return nil
}

// ring calls a number and reports whether it was accepted.
func (e *ESB) ring(u user, text string) (callID string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.Contains(e.Busy, u.Mobile) {
		return "", false
	}
	e.calls = append(e.calls, Call{User: u.Username, Number: u.Mobile, Text: text})
	return "c-" + strings.ToLower(rand.Text()), true
}
