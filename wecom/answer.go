package wecom

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// maxVendorText bounds, in bytes, what an error keeps of the vendor's text.
const maxVendorText = 512

// answer is the vendor's JSON. A missing errcode is not 0, hence the pointer.
// errmsg is informative: of whatever type it is, the verdict counts.
type answer struct {
	Code    *Code           `json:"errcode"`
	Message json.RawMessage `json:"errmsg"`
}

// judge returns nil if resp says that the message was accepted as it was
// sent, else an *Error.
func (r *Robot) judge(op string, resp *httpcall.Response) error {
	if string(resp.Body) == `{"errcode":0,"errmsg":"ok"}` {
		return nil // what the vendor says as a rule, word for word
	}
	var a answer
	if err := json.Unmarshal(resp.Body, &a); err != nil || a.Code == nil {
		// A proxy's page, a cut body, an empty one: whoever answered, it was
		// not the robot, and nobody knows what became of the message.
		return &Error{Op: op, HTTPStatus: resp.Status, Err: doubt(op,
			fmt.Sprintf("HTTP %d with %s", resp.Status, describe(resp.Body)))}
	}
	var text string
	if json.Unmarshal(a.Message, &text) != nil {
		text = ""
	}
	if *a.Code == CodeOK && isOK(text) {
		return nil
	}
	e := &Error{Op: op, Code: *a.Code, HTTPStatus: resp.Status}
	e.Message, e.Hint = splitVendorText(r.withoutKey(text)) // before it is cut: a part of the key is too much
	switch e.Code {
	case CodeOK:
		e.Err = ErrWarning
	case CodeRateLimited:
		r.limit.Pause(e.RetryAfter()) // for everybody: whoever comes sooner is refused too
	}
	return e
}

// doubt returns the error for what came instead of an answer.
func doubt(op, what string) error {
	if op == opUpload {
		return &lostUpload{errors.New(what + "; uploading again does no harm")}
	}
	return unclear(what)
}

// A lostUpload is an upload of which nobody knows whether it arrived. It has no
// uncertainty left, since nobody has seen anything in the chat.
type lostUpload struct{ err error }

// Error returns the text.
func (l *lostUpload) Error() string { return l.err.Error() }

// Is matches what the cause matches, but for alert.ErrUncertain.
func (l *lostUpload) Is(target error) bool {
	return target != alert.ErrUncertain && errors.Is(l.err, target)
}

// RetryAfter returns what the cause says.
func (l *lostUpload) RetryAfter() time.Duration { return alert.RetryAfter(l.err) }

// unclear is what came instead of an answer.
type unclear string

// Error says what came and what that means.
func (u unclear) Error() string { return string(u) + "; " + ClassUncertain.advice() }

// Is makes it match alert.ErrUncertain.
func (u unclear) Is(target error) bool { return target == alert.ErrUncertain }

// describe says what came instead of an answer. It quotes nothing: such a
// page may well repeat the address that was called.
func describe(body []byte) string {
	switch {
	case len(body) == 0:
		return "an empty answer"
	case json.Valid(body):
		return "an answer without errcode"
	}
	return fmt.Sprintf("%d bytes that are not the vendor's answer", len(body))
}

// isOK reports whether errmsg of an answer with errcode 0 is free of
// warnings. The vendor says "ok"; gateways in between leave it out or say
// success.
func isOK(errmsg string) bool {
	switch strings.ToLower(strings.TrimSpace(errmsg)) {
	case "ok", "", "success":
		return true
	}
	return false
}

// splitVendorText takes apart a text such as
//
//	invalid webhook url, hint: [1767…], from ip: 192.0.2.10, more info at https://…?e=93000
//
// It drops the address of the caller and the link, which says no more than
// the code does.
func splitVendorText(s string) (message, hint string) {
	message, tail, _ := strings.Cut(s, ", hint: [")
	if digits, _, found := strings.Cut(tail, "]"); found {
		hint = markup.OneLine(digits, 64)
	}
	message, _, _ = strings.Cut(message, ", from ip:")
	message, _, _ = strings.Cut(message, ", more info at")
	return markup.OneLine(message, maxVendorText), hint
}

// minSecret is the length in bytes from which a key is looked for in the
// vendor's text.
const minSecret = 4

// withoutKey removes the key from a text of the vendor, should it repeat it.
func (r *Robot) withoutKey(s string) string {
	key := r.key.Reveal()
	if len(key) < minSecret {
		return s // too short to be a credential, and it would be found everywhere
	}
	return strings.ReplaceAll(s, key, "[redacted]")
}
