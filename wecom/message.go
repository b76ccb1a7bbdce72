package wecom

import (
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

// A Message is one of the vendor's message types:
//
//   - [Text] and [Markdown], which can mention members;
//   - [MarkdownV2], with tables, lists, code and images, but without mentions;
//   - [Image], [News], [File] and [Voice];
//   - the template cards [TextNotice] and [NewsNotice].
//
// Give it to [Robot.Post]. All types are plain values. Their zero value is not
// a message: the fields said to be required must be set. A field that is not
// set does not appear in what is sent.
//
// What notifies nobody is refused where that can be told from the type: only
// Text and Markdown have Mentions, and those of Markdown take no mobile
// numbers and not everybody. No content is searched for <@userid>: it is
// markup in the hands of the caller, and a message with text from elsewhere
// must not be lost because of it.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Message interface {
	// Validate returns what the vendor would refuse, found without asking it:
	// nil, or an error that holds a [*FieldError] for each fault. A single
	// fault is the *FieldError itself; several have the method
	// Unwrap() []error. Post calls it before it sends anything.
	Validate() error

	// check is Validate with the robot's limit for Text.
	check(textLimit int) error

	// appendJSON appends the message, which check has passed, as JSON.
	appendJSON(dst []byte) []byte
}

var (
	_ Message = Text{}
	_ Message = Markdown{}
	_ Message = MarkdownV2{}
	_ Message = Image{}
	_ Message = News{}
	_ Message = File{}
	_ Message = Voice{}
	_ Message = TextNotice{}
	_ Message = NewsNotice{}
)

// Text is a message of plain text, the one type that members see who read the
// group in the personal WeChat client.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Text struct {
	// Content is required and holds at most MaxText bytes (see
	// [Options].TextLimit). A line feed breaks lines. Beware that the chat
	// reads <@userid> in it as a mention. Bytes that are not UTF-8 become
	// U+FFFD.
	Content string

	// Mentions notifies members of the group by userid, or everybody by
	// "@all". The chat takes a userid that is not in the group and notifies
	// nobody.
	Mentions []string

	// Mobiles notifies members by mobile number, or everybody by "@all".
	Mobiles []string
}

// Markdown is a message in the vendor's small dialect: headings, bold, links,
// inline code, quotes, and <font color="info|comment|warning"> for green,
// grey and orange. It has no lists, tables, images or mobile mentions.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type Markdown struct {
	// Content is required and holds at most MaxMarkdown bytes, the line of
	// Mentions included. <@userid> in it mentions a member; there is no
	// mention of everybody. Bytes that are not UTF-8 become U+FFFD.
	Content string

	// Mentions notifies members of the group by userid, in a line of their own
	// below Content. "@all" and mobile numbers are refused: the chat would
	// take them and notify nobody.
	Mentions []string
}

// Validate returns what is wrong with m, with MaxText as the limit. A robot
// with another [Options].TextLimit applies that instead.
func (m Text) Validate() error { return m.check(MaxText) }

func (m Text) check(textLimit int) error {
	var f faults
	f.content("text.content", toUTF8(m.Content), textLimit)
	for i, id := range m.Mentions {
		if id == everybody {
			continue
		}
		if reason := badUserID(id); reason != "" {
			f.add(element("text.mentioned_list", i), reason)
		}
	}
	for i, number := range m.Mobiles {
		if number != everybody && !isMobile(number) {
			f.add(element("text.mentioned_mobile_list", i), "not a mobile number: digits, with an optional + in front")
		}
	}
	return f.err()
}

func (m Text) appendJSON(dst []byte) []byte {
	dst = append(roomFor(dst, len(m.Content)), `{"msgtype":"text","text":{"content":`...)
	dst = appendString(dst, toUTF8(m.Content))
	dst = appendStrings(dst, `,"mentioned_list":`, m.Mentions)
	dst = appendStrings(dst, `,"mentioned_mobile_list":`, m.Mobiles)
	return append(dst, "}}"...)
}

// Validate returns what is wrong with m.
func (m Markdown) Validate() error {
	var f faults
	f.required("markdown.content", m.Content)
	f.size("markdown.content", len(m.whole()), MaxMarkdown)
	f.members("Mentions", m.Mentions)
	return f.err()
}

func (m Markdown) check(int) error { return m.Validate() }

func (m Markdown) appendJSON(dst []byte) []byte {
	return appendMarkdown(dst, []byte(m.whole()))
}

// whole returns the content with the mentions.
func (m Markdown) whole() string {
	content := toUTF8(m.Content)
	if len(m.Mentions) == 0 {
		return content
	}
	return content + "\n" + mentionMarkup(m.Mentions)
}

// appendMarkdown appends a message of Markdown whose content is valid UTF-8.
func appendMarkdown(dst, content []byte) []byte {
	dst = append(roomFor(dst, len(content)), `{"msgtype":"markdown","markdown":{"content":`...)
	dst = appendQuoted(dst, content)
	return append(dst, "}}"...)
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
