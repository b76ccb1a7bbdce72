package httpcall

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redacted = "[redacted]"
	maxText  = 400 // bytes of a cause's text; net/http quotes malformed answers
	minToken = 4   // bytes; shorter pieces of a URL are no secret, and occur in words
)

// clean returns err if its text can be shown, else an error with a text that
// can. Errors of net/http's transport are returned as they are; those of a
// RoundTripper from outside may quote the URL.
func clean(err error, u *url.URL, h http.Header) error {
	text := err.Error()
	safe := cut(strings.Map(printable, redactURLs(redact(text, u, h))))
	if _, is := errors.AsType[*url.Error](err); !is && safe == text {
		return err
	}
	return &masked{safe, func(target error) bool { return errors.Is(err, target) }}
}

// A masked error has a text that can be shown and still matches what the
// original matched. It holds the original in a closure, where no printer looks,
// and does not unwrap to it.
type masked struct {
	text string
	is   func(target error) bool
}

func (m *masked) Error() string        { return m.text }
func (m *masked) Is(target error) bool { return m.is(target) }

// redact replaces every piece of the request that may be secret: path, query,
// userinfo and header values, whole and in parts, encoded and decoded.
func redact(text string, u *url.URL, h http.Header) string {
	pieces := []string{u.String(), u.RequestURI(), u.Opaque, u.RawQuery, u.EscapedPath(), u.Path, u.Fragment}
	pieces = append(pieces, strings.FieldsFunc(u.EscapedPath(), isSlash)...)
	pieces = append(pieces, strings.FieldsFunc(u.Path, isSlash)...)
	if u.User != nil {
		password, _ := u.User.Password()
		pieces = append(pieces, u.User.String(), u.User.Username(), password)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		plain, _ := url.QueryUnescape(value)
		pieces = append(pieces, value, plain)
	}
	for _, values := range h {
		for _, value := range values {
			pieces = append(pieces, value)
			pieces = append(pieces, strings.Fields(value)...)
		}
	}
	slices.SortFunc(pieces, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, piece := range pieces {
		if len(piece) >= minToken {
			text = strings.ReplaceAll(text, piece, redacted)
		}
	}
	return text
}

func isSlash(r rune) bool { return r == '/' }

// redactURLs replaces whatever else looks like a URL, such as that of a proxy
// with its password.
func redactURLs(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '\'' })
	for _, word := range words {
		if strings.Contains(word, "://") {
			text = strings.ReplaceAll(text, word, redacted)
		}
	}
	return text
}

// printable keeps an answer quoted by net/http from forging lines.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// cut shortens text to maxText bytes, visibly and between runes.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
