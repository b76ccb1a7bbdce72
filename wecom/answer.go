package wecom

import (
	"strings"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// maxVendorText bounds, in bytes, what an error keeps of the vendor's text.
const maxVendorText = 512

// judge returns nil if resp says that the message was accepted, else an *Error.
func (r *Robot) judge(op string, resp *httpcall.Response) error {
	if string(resp.Body) == robot.OK {
		return nil // what the vendor says as a rule, word for word
	}
	a, ok := robot.Read(resp.Body)
	if !ok {
		return &Error{Op: op, HTTPStatus: resp.Status, Err: robot.NotAnswered(resp)}
	}
	e := &Error{Op: op, Code: Code(a.Code.Value), HTTPStatus: resp.Status}
	e.Message, e.Hint = splitVendorText(robot.Redact(a.Text(), r.key), e.Code) // before it is cut: a part of the key is too much
	switch e.Code {
	case CodeOK:
		robot.LogRemark(r.log, "wecom", op, e.Message)
		return nil
	case CodeRateLimited:
		r.limit.Pause(e.RetryAfter()) // for everybody: whoever comes sooner is refused too
	}
	return e
}

// splitVendorText takes apart a text such as
//
//	invalid webhook url, hint: [1767…], from ip: 192.0.2.10, more info at https://…?e=93000
//
// It drops the link, which says no more than the code does, and the address of
// the caller, unless that is what has to be entered somewhere.
func splitVendorText(s string, c Code) (message, hint string) {
	message, tail, _ := strings.Cut(s, ", hint: [")
	digits, tail, found := strings.Cut(tail, "]")
	if found {
		hint = markup.OneLine(digits, 64)
	} else {
		message, tail = s, s
	}
	message, _, _ = strings.Cut(message, ", from ip:")
	message, _, _ = strings.Cut(message, ", more info at")
	if _, from, found := strings.Cut(tail, ", from ip:"); found && c == codeAddress {
		from, _, _ = strings.Cut(from, ", more info at")
		message += ", from ip:" + from
	}
	return markup.OneLine(message, maxVendorText), hint
}
