package wecom

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The vendor's limits in bytes of UTF-8, counted on the decoded content.
const (
	MaxMarkdown = 4096 // content of a Markdown message
	MaxText     = 2048 // content of a Text message as documented
)

// maxTextRaised is the limit that the vendor's servers name in their answers
// where its page says MaxText.
const maxTextRaised = 5120

// A Message is one of the vendor's message types: [Text] or [Markdown]. Give
// it to [Robot.Post].
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Message interface {
	// check returns a *FieldError if the vendor would refuse the message.
	// textLimit is the robot's limit for Text.
	check(textLimit int) error

	// appendJSON appends the message as JSON.
	appendJSON(dst []byte) []byte
}

var (
	_ Message = Text{}
	_ Message = Markdown{}
)

// Text is a message of plain text, the one type that members see who read the
// group in the personal WeChat client.
type Text struct {
	// Content is required and holds at most MaxText bytes (see
	// [Options].TextLimit). A line feed breaks lines. Beware that the chat
	// reads <@userid> in it as a mention. Bytes that are not UTF-8 become
	// U+FFFD.
	Content string

	// Mentions notifies members of the group by userid, or everybody by
	// "@all".
	Mentions []string

	// Mobiles notifies members by mobile number, or everybody by "@all".
	Mobiles []string
}

// Markdown is a message in the vendor's small dialect: headings, bold, links,
// inline code, quotes, and <font color="info|comment|warning"> for green,
// grey and orange. It has no lists, tables, images or mobile mentions.
type Markdown struct {
	// Content is required and holds at most MaxMarkdown bytes. <@userid>
	// mentions a member; there is no mention of everybody. Bytes that are not
	// UTF-8 become U+FFFD.
	Content string
}

func (m Text) check(textLimit int) error {
	if err := checkContent("text.content", m.Content, textLimit); err != nil {
		return err
	}
	for i, id := range m.Mentions {
		if id == everybody {
			continue
		}
		if reason := badUserID(id); reason != "" {
			return &FieldError{fmt.Sprintf("text.mentioned_list[%d]", i), reason}
		}
	}
	for i, number := range m.Mobiles {
		if number != everybody && !isMobile(number) {
			return &FieldError{fmt.Sprintf("text.mentioned_mobile_list[%d]", i), "not a mobile number: digits, with an optional + in front"}
		}
	}
	return nil
}

func (m Text) appendJSON(dst []byte) []byte {
	dst = append(roomFor(dst, len(m.Content)), `{"msgtype":"text","text":{"content":`...)
	dst = appendString(dst, toUTF8(m.Content))
	dst = appendStrings(dst, `,"mentioned_list":`, m.Mentions)
	dst = appendStrings(dst, `,"mentioned_mobile_list":`, m.Mobiles)
	return append(dst, "}}"...)
}

func (m Markdown) check(int) error {
	return checkContent("markdown.content", m.Content, MaxMarkdown)
}

func (m Markdown) appendJSON(dst []byte) []byte {
	return appendMarkdown(dst, []byte(toUTF8(m.Content)))
}

// appendMarkdown appends a message of Markdown whose content is valid UTF-8.
func appendMarkdown(dst, content []byte) []byte {
	dst = append(roomFor(dst, len(content)), `{"msgtype":"markdown","markdown":{"content":`...)
	dst = appendQuoted(dst, content)
	return append(dst, "}}"...)
}

// checkContent checks a required text against its limit in bytes.
func checkContent(field, s string, limit int) error {
	s = toUTF8(s)
	switch {
	case s == "":
		return &FieldError{field, "is empty"}
	case len(s) > limit:
		return &FieldError{field, fmt.Sprintf("%d bytes, limit %d bytes", len(s), limit)}
	}
	return nil
}

// toUTF8 returns s as the vendor will see it.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// roomFor makes room in dst for a message around n bytes of content, so that
// as a rule nothing has to be moved while it is built.
func roomFor(dst []byte, n int) []byte {
	return slices.Grow(dst, n+n/16+128)
}
