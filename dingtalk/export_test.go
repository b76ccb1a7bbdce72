package dingtalk

import "time"

// Sign returns the parameters of a signature before they are escaped.
func Sign(secret string, at time.Time) (timestamp, signature string) { return sign(secret, at) }

// SignedURL is the URL of one attempt.
func SignedURL(endpoint, token, secret string, at time.Time) string {
	raw, _ := signedURL(endpoint, token, secret, at)
	return raw
}

// EncodeBare is a message as JSON without an identity, and the verdict on its
// size.
func EncodeBare(m Message) ([]byte, error) { return encode(m, extras{}) }

// Room is what a robot leaves to title and text.
func Room(r *Robot) int { return extras{id: zeroID, keyword: r.keyword, at: r.options().At}.room() }

// Reading of vendor texts.
func SplitVendorText(s string) (message, hint string) { return splitVendorText(s) }

// HideNumbers removes addresses and telephone numbers.
func HideNumbers(s string) string { return hideNumbers(s, isPrivate) }

// AddTo appends the mentions that text lacks.
func (a At) AddTo(text, gap string) string { return a.clean().addTo(text, gap) }
