// Package secret holds values that must never be printed: robot keys, tokens,
// community strings.
package secret

import (
	"log/slog"
	"net/url"
	"strings"
)

// redacted is what every way of printing a Text shows.
const redacted = "[redacted]"

// A Text is a string that does not print. A named string type would not do:
// fmt cannot call methods on unexported fields, so "%+v" of the struct around
// it would show the value. The closure shows an address at worst.
//
// The zero Text is empty. A Text is immutable and safe for concurrent use. It
// cannot be compared with ==, nor with reflect.DeepEqual, which never finds two
// of them equal.
type Text struct{ reveal func() string }

// New returns a Text that holds s.
func New(s string) Text { return Text{func() string { return s }} }

// Reveal returns the secret. Whoever calls it keeps the result out of errors
// and logs.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// IsZero reports whether the secret is empty.
func (t Text) IsZero() bool { return t.Reveal() == "" }

// String returns a fixed word.
func (t Text) String() string { return redacted }

// GoString returns a fixed word.
func (t Text) GoString() string { return redacted }

// LogValue returns a fixed word.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a fixed word, so that encoding a configuration leaks
// nothing.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Redact returns s with every occurrence of the secret replaced, also in the
// forms it takes in a URL. It is for text from outside that may repeat what it
// was sent, such as a vendor's error message.
func (t Text) Redact(s string) string {
	plain := t.Reveal()
	for _, form := range [...]string{plain, url.QueryEscape(plain), url.PathEscape(plain)} {
		if form != "" {
			s = strings.ReplaceAll(s, form, redacted)
		}
	}
	return s
}
