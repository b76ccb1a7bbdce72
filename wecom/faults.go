package wecom

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxURLField is the vendor's limit for every URL in a message, in bytes.
const maxURLField = 1024

// faults collects what is wrong with a message: each is a *FieldError.
type faults []error

// maxFaults is how many faults the text of an error names.
const maxFaults = 8

// err returns nil, the only fault, or all of them as one error.
func (f faults) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return f[0]
	}
	return f
}

// Error returns the faults in one line. Of very many it counts the rest.
func (f faults) Error() string {
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
func (f faults) Unwrap() []error { return f }

// add adds a fault.
func (f *faults) add(field, reason string) { *f = append(*f, &FieldError{field, reason}) }

// size adds a fault if a field has more than limit bytes.
func (f *faults) size(field string, n, limit int) {
	if n > limit {
		f.add(field, fmt.Sprintf("%d bytes, limit %d bytes", n, limit))
	}
}

// count adds a fault if a list has more than limit elements.
func (f *faults) count(field string, n, limit int) {
	if n > limit {
		f.add(field, fmt.Sprintf("%d elements, limit %d", n, limit))
	}
}

// required adds a fault if a field is empty.
func (f *faults) required(field, s string) {
	if s == "" {
		f.add(field, "is empty")
	}
}

// url checks a URL that may be missing.
func (f *faults) url(field, s string) { f.size(field, decodedLen(s), maxURLField) }

// requiredURL checks a URL that may not be missing.
func (f *faults) requiredURL(field, s string) {
	f.required(field, s)
	f.url(field, s)
}

// content checks a required text, as toUTF8 returned it, against its limit.
func (f *faults) content(field, s string, limit int) {
	f.required(field, s)
	f.size(field, len(s), limit)
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

// element returns the name of an element of a list.
func element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
