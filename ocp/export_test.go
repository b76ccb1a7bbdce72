package ocp

import (
	"net/http"
	"net/url"
	"time"
)

// SignedText is the text that is signed.
func SignedText(method string, target *url.URL, h http.Header, body []byte) string {
	return signedText(method, target, h, body)
}

// Signature is the signature.
func Signature(secretKey, method string, target *url.URL, h http.Header, body []byte) string {
	return signature(secretKey, method, target, h, body)
}

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

// ErrFull is of an alert that cannot be kept alive.
var ErrFull = errFull

// Waits, and the answer of a success.
const (
	LoginPause   = loginPause
	Success      = success
	DefaultReset = defaultReset
	MaxReset     = maxReset
)
