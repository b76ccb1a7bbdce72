package ocp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// signature returns the base64 of the HMAC-SHA1 of a request.
func signature(secretKey, method string, target *url.URL, h http.Header, body []byte) string {
	mac := hmac.New(sha1.New, []byte(secretKey))
	mac.Write([]byte(signedText(method, target, h, body)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedText returns what is signed: seven parts, of which empty ones keep their
// line. The last but one is for headers that begin with x-ocp; the client sends
// none. The query is as [canonicalQuery] writes it.
func signedText(method string, target *url.URL, h http.Header, body []byte) string {
	sum, uri := "", target.EscapedPath()
	if len(body) > 0 {
		sum = fmt.Sprintf("%X", md5.Sum(body))
	}
	if target.RawQuery != "" {
		uri += "?" + target.RawQuery
	}
	return strings.Join([]string{method, sum, h.Get("Content-Type"), h.Get("Date"), target.Host, "", uri}, "\n")
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
