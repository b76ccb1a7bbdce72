package wecom

import "github.com/tocsin-go/tocsin/internal/robot"

// A FieldError says which part of a message or of the options is wrong: its Field
// as the vendor names it, "markdown.content", and the Reason, with the limit in
// bytes where there is one. It is found before anything is sent, and sending
// again does not mend it.
type FieldError = robot.FieldError

// faults collects what is wrong with a message: each is a *FieldError.
type faults struct{ robot.Faults }

// url checks a URL that may be missing.
func (f *faults) url(field, s string) { f.URL(field, s, "", maxURL) }

// requiredURL checks a URL that may not be missing.
func (f *faults) requiredURL(field, s string) { f.RequiredURL(field, s, "", maxURL) }

// content checks a required text, as toUTF8 returned it, against its limit.
func (f *faults) content(field, s string, limit int) {
	if s == "" {
		f.Add(field, "is empty")
	}
	f.Size(field, len(s), limit)
}
