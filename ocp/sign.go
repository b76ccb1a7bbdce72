package ocp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// keyScheme is the first word of an Authorization with a signature.
const keyScheme = "OCP-ACCESS-KEY-HMACSHA1"

// A message is what a signature covers.
type message struct {
	method, host string
	uri          string // escaped path, without query
	query        url.Values
	body         []byte
	header       http.Header // Content-Type and Date are signed
}

// signature returns the base64 of the HMAC-SHA1 of the message.
func (m *message) signature(secretKey string) string {
	mac := hmac.New(sha1.New, []byte(secretKey))
	mac.Write([]byte(m.text()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// text returns what is signed: seven parts, of which empty ones keep their
// line. The last but one is for headers that begin with x-ocp; the client sends
// none.
func (m *message) text() string {
	uri := m.uri
	if query := canonicalQuery(m.query); query != "" {
		uri += "?" + query
	}
	return strings.Join([]string{
		m.method, bodySum(m.body), m.header.Get("Content-Type"), m.header.Get("Date"), m.host, "", uri,
	}, "\n")
}

// bodySum returns the MD5 of a body in upper-case hexadecimal, or nothing for
// no body.
func bodySum(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	sum := md5.Sum(body)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// canonicalQuery returns a query as it is signed and sent: sorted by key, the
// values of a key sorted, joined by commas and escaped.
func canonicalQuery(q url.Values) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(q)) {
		values := slices.Sorted(slices.Values(q[key]))
		pairs = append(pairs, escape(key)+"="+escape(strings.Join(values, ",")))
	}
	return strings.Join(pairs, "&")
}

// escape escapes all but the unreserved characters of RFC 3986: a blank is
// %20, which [url.QueryEscape] makes a +.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
