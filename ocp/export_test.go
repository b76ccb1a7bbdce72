package ocp

import (
	"net/http"
	"net/url"
	"time"
)

// A Signable is what a signature covers.
type Signable struct {
	Method, Host, URI string
	Query             url.Values
	Body              []byte
	Header            http.Header
}

func (s Signable) message() *message {
	return &message{method: s.Method, host: s.Host, uri: s.URI, query: s.Query, body: s.Body, header: s.Header}
}

// Text is the text that is signed.
func (s Signable) Text() string { return s.message().text() }

// Signature is the signature.
func (s Signable) Signature(secretKey string) string { return s.message().signature(secretKey) }

// BodySum is the MD5 of a body.
func BodySum(body []byte) string { return bodySum(body) }

// CanonicalQuery is a query as it is signed and sent.
func CanonicalQuery(q url.Values) string { return canonicalQuery(q) }

// TargetValue is one value in a target.
func TargetValue(s string) string { return targetValue(s) }

// LabelName is the name of a label.
func LabelName(s string) string { return labelName(s) }

// Reset is the wait that an answer asks for.
func Reset(h http.Header) time.Duration { return reset(h) }

// A TargetPart is one key=value of a target.
type TargetPart struct{ Key, Value string }

// TargetParts takes a target apart.
func TargetParts(target string) (parts []TargetPart) {
	for _, p := range targetParts(target) {
		parts = append(parts, TargetPart{p.key, p.value})
	}
	return parts
}

// DefaultLoginPause and DefaultReset are the waits unless something else is
// said.
const (
	DefaultLoginPause = defaultLoginPause
	DefaultReset      = defaultReset
	MaxReset          = maxReset
)
