package dingtalk

import (
	"fmt"
	"net/url"
	"strings"
)

// faults collects what is wrong with a message or with options: each is a
// *FieldError.
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

// required adds a fault if a field shows nothing.
func (f *faults) required(field, s string) {
	if strings.TrimSpace(s) == "" {
		f.add(field, "is empty")
	}
}

// size adds a fault if a field has more than limit bytes.
func (f *faults) size(field string, n, limit int) {
	if n > limit {
		f.add(field, fmt.Sprintf("%d bytes, limit %d bytes", n, limit))
	}
}

// requiredURL checks an address that may not be missing. Besides https the
// clients know dingtalk://.
func (f *faults) requiredURL(field, s string) {
	before := len(*f)
	if f.required(field, s); len(*f) > before {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || strings.ContainsFunc(s, isBlank) {
		f.add(field, "not an absolute URL")
	}
}

// element returns the name of an element of a list.
func element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
