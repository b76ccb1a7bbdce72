package robot

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A FieldError says which part of a message or of the options is wrong. It is
// found before anything is sent, and sending again does not mend it.
type FieldError struct {
	Field  string // as the vendor names it: "markdown.content"; "body" is the whole message
	Reason string // with the limit in bytes where there is one
}

// Error returns the field and the reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Retryable returns false.
func (e *FieldError) Retryable() bool { return false }

// Faults collects what is wrong with a message: each is a *FieldError.
type Faults []error

// maxFaults is how many faults the text of an error names.
const maxFaults = 8

// Err returns nil, the only fault, or all of them as one error.
func (f Faults) Err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return f[0]
	}
	return f
}

// Error returns the faults in one line. Of very many it counts the rest.
func (f Faults) Error() string {
	var b strings.Builder
	for i, fault := range f[:min(len(f), maxFaults)] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(fault.Error())
	}
	if more := len(f) - maxFaults; more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return b.String()
}

// Unwrap returns the faults.
func (f Faults) Unwrap() []error { return f }

// Add adds a fault.
func (f *Faults) Add(field, reason string) { *f = append(*f, &FieldError{field, reason}) }

// Size adds a fault if a field has more than limit bytes.
func (f *Faults) Size(field string, n, limit int) {
	if n > limit {
		f.Add(field, fmt.Sprintf("%d bytes, limit %d bytes", n, limit))
	}
}

// Count adds a fault if a list has more than limit elements.
func (f *Faults) Count(field string, n, limit int) {
	if n > limit {
		f.Add(field, fmt.Sprintf("%d elements, limit %d", n, limit))
	}
}

// Required adds a fault if a field shows nothing. It reports whether it does.
func (f *Faults) Required(field, s string) bool {
	if strings.TrimSpace(s) == "" {
		f.Add(field, "is empty")
		return false
	}
	return true
}

// RequiredURL checks an address of at most limit bytes that may not be missing.
// Beside those of the web it may have the scheme own, which the vendor's clients
// open.
func (f *Faults) RequiredURL(field, s, own string, limit int) {
	if f.Required(field, s) {
		f.URL(field, s, own, limit)
	}
}

// URL is RequiredURL for an address that may be missing.
func (f *Faults) URL(field, s, own string, limit int) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	switch n := decodedLen(s); {
	case n > limit:
		f.Size(field, n, limit)
	case err != nil || u.Scheme == "" || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		f.Add(field, "not an absolute URL")
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http" && (own == "" || u.Scheme != own):
		f.Add(field, "not an address of the web, which begins with https:// or http:// and names a host")
	}
}

// decodedLen returns the bytes that s has once it was encoded by encoding/json
// and decoded again: every byte that is not UTF-8 becomes U+FFFD.
func decodedLen(s string) int {
	if utf8.ValidString(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += utf8.RuneLen(r)
	}
	return n
}

// Element returns the name of an element of a list.
func Element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
