package dingtalk

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// Bounds, in bytes, of what an error keeps of the vendor's text.
const (
	maxVendorText = 512
	maxVendorHint = 256
)

// judge returns nil if resp says that the message was accepted, else an
// *Error.
func (d *delivery) judge(resp *httpcall.Response) error {
	if string(resp.Body) == robot.OK {
		return nil // what the vendor says as a rule, word for word
	}
	a, ok := robot.Read(resp.Body)
	denied := strings.Trim(string(a.Status), `"`) == "1111" || string(a.Punish) == `"deny"` // by the layer against abuse
	switch {
	case denied && a.Code.Value == 0:
		a.Code.Value = int(CodeRateLimited)
	case !ok:
		return &Error{Op: opSend, HTTPStatus: resp.Status, Err: robot.NotAnswered(resp)}
	case a.Code.Value == 0:
		text := robot.Redact(a.Text(), d.signature, d.robot.token, d.robot.secret)
		robot.LogRemark(d.robot.log, "dingtalk", opSend, markup.OneLine(hideNumbers(text, isPrivate), maxVendorText))
		return nil
	}
	return d.refusal(&a, resp)
}

// refusal returns the error of a message that the vendor refused.
func (d *delivery) refusal(a *robot.Answer, resp *httpcall.Response) error {
	e := &Error{Op: opSend, Code: Code(a.Code.Value), HTTPStatus: resp.Status}
	// Clean first and cut last, lest half a secret stays.
	text := markup.OneLine(a.Text(), len(resp.Body))
	if e.Code == CodeSecurity {
		message, hint := splitVendorText(text)
		e.Reason = cmp.Or(readReason(message), readReason(hint))
	}
	private := isPrivate
	if e.Reason == ReasonAddress || saysAddress(text) {
		private = isNumber // the address has to be entered somewhere
	}
	message, hint := splitVendorText(hideNumbers(robot.Redact(text, d.signature, d.robot.token, d.robot.secret), private))
	e.Message, e.Hint = markup.OneLine(message, maxVendorText), markup.OneLine(hint, maxVendorHint)
	if e.Code == codeGateway && a.Sub.Given {
		e.sub = Code(a.Sub.Value)
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

// redacted stands where something was removed from the vendor's text.
const redacted = "[redacted]"

// hideNumbers replaces the words of digits that are private.
func hideNumbers(s string, private func(word string) bool) string {
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
		if private(s[:end]) {
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

// isNumber reports whether a word is long enough for a telephone number and no
// address.
func isNumber(word string) bool {
	_, err := netip.ParseAddr(word)
	return err != nil && isPrivate(word)
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
