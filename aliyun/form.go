package aliyun

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// form splits a form body or a query. It differs from url.ParseQuery where
// that loses text: a value with an invalid escape is kept as it stands and
// reported (the vendor's own sample ends in "unit=%"), and a raw semicolon is
// part of the value. A piece without "=" says nothing and is skipped; its text
// may be a value, and would end up in an error as a key.
func (r *reader) form(text string) []field {
	fields := make([]field, 0, min(strings.Count(text, "&")+1, 64))
	for pair := range strings.SplitSeq(text, "&") {
		rawKey, rawValue, ok := strings.Cut(pair, "=")
		if !ok || rawKey == "" {
			continue
		}
		key, keyErr := url.QueryUnescape(rawKey)
		if keyErr != nil {
			key = rawKey
		}
		value, valueErr := url.QueryUnescape(rawValue)
		if valueErr != nil {
			value = rawValue
		}
		if keyErr != nil || valueErr != nil {
			r.problem(key, "invalid percent escape")
		}
		fields = append(fields, field{key: validText(key), raw: validText(value), plain: true})
	}
	return fields
}

// validText makes text of bytes that are not UTF-8: each becomes U+FFFD and the
// two digits of its value. So two names in another encoding stay two names, for
// identities and for readers.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			fmt.Fprintf(&b, "\uFFFD%02x", s[i])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
