package dingtalk

import "github.com/tocsin-go/tocsin/internal/robot"

// A FieldError says which part of a message or of the options is wrong: its Field
// as the vendor names it, "markdown.title", or "body" for the whole message, and
// the Reason, with the limit in bytes where there is one. It is found before
// anything is sent, and sending again does not mend it.
type FieldError = robot.FieldError

// faults collects what is wrong with a message or with options: each is a
// *FieldError.
type faults struct{ robot.Faults }

// requiredURL checks an address that may not be missing. Besides those of the web
// the clients open dingtalk://. The vendor names no limit for it.
func (f *faults) requiredURL(field, s string) { f.RequiredURL(field, s, "dingtalk", maxBody) }
