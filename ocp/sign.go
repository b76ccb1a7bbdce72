package ocp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// Credentials are what a [Client] proves itself with: a user with a password,
// or an access key with its secret key. They do not print.
type Credentials struct {
	signs  bool
	name   secret.Text // user or access key: half of a login, hence hidden too
	secret secret.Text
}

// Basic returns the credentials of a user. They travel with each request,
// readable to everybody who can listen.
func Basic(user, password string) Credentials {
	return Credentials{false, secret.New(user), secret.New(password)}
}

// AccessKey returns credentials that sign each attempt with the time at which
// it is made (OCP 4.0.2 and later). The secret key does not travel. The clock
// of the host may differ from that of OCP by 15 minutes.
//
// Vendor page: zh-CN/1900.reference-guide/200.api-reference/300.ak-sk-sign-roles.md
// of https://github.com/oceanbase/ocp-doc, branch V4.2.2.
func AccessKey(accessKey, secretKey string) Credentials {
	return Credentials{true, secret.New(strings.TrimSpace(accessKey)), secret.New(strings.TrimSpace(secretKey))}
}

// check refuses credentials that cannot work, without quoting them.
func (c Credentials) check() error {
	name, key := c.name.Reveal(), c.secret.Reveal()
	words := "user or the password"
	if c.signs {
		words = "access key or the secret key"
	}
	switch {
	case name == "" || key == "":
		return errors.New("the " + words + " is empty")
	case len(name) > 512 || len(key) > 512 || !isText(name) || !isText(key):
		return errors.New("the " + words + " is too long, or holds control characters or bytes that are not UTF-8")
	case strings.Contains(name, ":"):
		return errors.New("there is a colon in the user or the access key, which would end it")
	case c.signs && !isHost(name):
		return errors.New("the access key holds something else than letters, digits and the signs -_. only")
	}
	return nil
}

// isText reports whether s is UTF-8 in one line.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// sign adds to h what proves who sends a request at a moment.
func (c Credentials) sign(h http.Header, method string, target *url.URL, body []byte, at time.Time) {
	if !c.signs {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.name.Reveal()+":"+c.secret.Reveal())))
		return
	}
	h.Set("Date", at.UTC().Format(http.TimeFormat))
	h.Set("Authorization", "OCP-ACCESS-KEY-HMACSHA1 "+c.name.Reveal()+":"+signature(c.secret.Reveal(), method, target, h, body))
}

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
