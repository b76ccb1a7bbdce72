package dingtalk

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// Bounds, in bytes, of what an error keeps of the vendor's text.
const (
	maxVendorText = 512
	maxVendorHint = 256
)

// answer is the vendor's JSON. A missing errcode is not 0, hence the pointer.
// The rest is informative: of whatever type it is, the verdict counts.
type answer struct {
	Code    *Code           `json:"errcode"`
	Message json.RawMessage `json:"errmsg"`
	Status  json.RawMessage `json:"status"` // of the layer against abuse in front
	Punish  json.RawMessage `json:"punish"` // likewise
}

// judge returns nil if resp says that the message was accepted, else an
// *Error.
func (d *delivery) judge(resp *httpcall.Response) error {
	if string(resp.Body) == `{"errcode":0,"errmsg":"ok"}` {
		return nil // what the vendor says as a rule, word for word
	}
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	if err == nil && a.denied() && (a.Code == nil || *a.Code == CodeOK) {
		a.Code = new(CodeRateLimited)
	}
	if err != nil || a.Code == nil {
		// A proxy's page, a cut body, an empty one: whoever answered, it was
		// not the robot, and nobody knows what became of the message.
		return &Error{Op: opSend, HTTPStatus: resp.Status, Err: unclear(
			fmt.Sprintf("HTTP %d with %s", resp.Status, describe(resp.Body)))}
	}
	if *a.Code == CodeOK {
		return nil
	}
	return d.refusal(*a.Code, a.text(), resp)
}

// denied reports whether the layer against abuse refused the request.
func (a *answer) denied() bool {
	return strings.Trim(string(a.Status), `"`) == "1111" || string(a.Punish) == `"deny"`
}

// text returns errmsg, or "" if that is no text.
func (a *answer) text() string {
	var text string
	if json.Unmarshal(a.Message, &text) != nil {
		return ""
	}
	return text
}

// refusal returns the error of a message that the vendor refused.
func (d *delivery) refusal(code Code, text string, resp *httpcall.Response) error {
	// Clean first and cut last, lest half a secret stays.
	message, hint := splitVendorText(d.hide(markup.OneLine(text, len(text))))
	e := &Error{
		Op: opSend, Code: code, HTTPStatus: resp.Status,
		Message: markup.OneLine(message, maxVendorText), Hint: markup.OneLine(hint, maxVendorHint),
	}
	if code == CodeSecurity {
		e.Reason = cmp.Or(readReason(message), readReason(hint))
	}
	if e.Reason == ReasonTimestamp && d.robot.secret.IsZero() {
		e.Reason = ReasonSign // there was no timestamp
	}
	switch e.Reason {
	case ReasonTimestamp:
		// The time it was signed at may have been right, and the request late.
		e.again = !d.renewed
		d.renewed = true
		e.Skew = httpcall.ClockSkew(resp.Header)
	case ReasonSign:
		e.Skew = httpcall.ClockSkew(resp.Header)
	}
	if e.Class() == ClassWait {
		d.robot.limit.Pause(penalty) // for everybody: whoever comes sooner is refused too
	}
	return e
}

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

// splitVendorText takes apart texts such as these, which the vendor has used
// at different times, and drops the link:
//
//	sign not match, more: [https://…]
//	description:…;solution:…;link:…;
//	错误描述:…; 解决方案:…;参考链接:…;
func splitVendorText(s string) (message, hint string) {
	s, _, _ = strings.Cut(s, ", more: [")
	s, _ = cutAny(s, "参考链接:", ";link:", "; link:")
	message, hint = cutAny(s, "解决方案:", ";solution:", "; solution:")
	if _, after := cutAny(message, "错误描述:", "description:"); after != "" {
		message = after
	}
	return strings.Trim(message, "; "), strings.Trim(hint, "; ")
}

// cutAny cuts s around the first of separators that it contains.
func cutAny(s string, separators ...string) (before, after string) {
	for _, separator := range separators {
		if before, after, found := strings.Cut(s, separator); found {
			return before, after
		}
	}
	return s, ""
}

// minSecret is the length in bytes from which a secret is looked for in the
// vendor's text.
const minSecret = 4

// redacted stands where something was removed from the vendor's text.
const redacted = "[redacted]"

// hide removes from a text of the vendor what it may repeat of the request:
// credentials, telephone numbers, and the address of this host.
func (d *delivery) hide(s string) string {
	for _, t := range [...]secret.Text{d.signature, d.robot.token, d.robot.secret} {
		if len(t.Reveal()) >= minSecret { // else it would be found everywhere
			s = t.Redact(s)
		}
	}
	return hideNumbers(s)
}

// hideNumbers replaces IP addresses, and whatever is long enough for a
// telephone number.
func hideNumbers(s string) string {
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, inNumber)
		if end < 0 {
			end = len(s)
		}
		b.WriteString(s[:end])
		s = s[end:]
		if end = strings.IndexFunc(s, func(r rune) bool { return !inNumber(r) }); end < 0 {
			end = len(s)
		}
		if isPrivate(s[:end]) {
			b.WriteString(redacted)
		} else {
			b.WriteString(s[:end])
		}
		s = s[end:]
	}
	return b.String()
}

// inNumber reports whether r may be a part of an address or a number.
func inNumber(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' || strings.ContainsRune(".:+-", r)
}

// isPrivate reports whether a word holds an address, or seven digits or more.
// No address of version 4 has less than four; those of version 6 have colons.
func isPrivate(word string) bool {
	digits := 0
	for _, r := range word {
		if '0' <= r && r <= '9' {
			digits++
		}
	}
	return digits >= 7 || digits >= 4 && strings.Count(word, ".") >= 3 || digits > 0 && strings.Count(word, ":") >= 2
}
