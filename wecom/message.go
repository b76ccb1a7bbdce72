package wecom

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/robot"
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

	// json returns the message, which check has passed, as JSON.
	json() []byte
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
	f.people("text.mentioned_list", m.Mentions, "text.mentioned_mobile_list", m.Mobiles)
	return f.Err()
}

// A content is what the vendor wants of a message made of text.
type content struct {
	Content  string   `json:"content"`
	Mentions []string `json:"mentioned_list,omitempty"`
	Mobiles  []string `json:"mentioned_mobile_list,omitempty"`
}

func (m Text) json() []byte {
	return message("text", content{toUTF8(m.Content), m.Mentions, m.Mobiles})
}

// Validate returns what is wrong with m.
func (m Markdown) Validate() error {
	var f faults
	f.Required("markdown.content", m.Content)
	f.Size("markdown.content", len(m.whole()), MaxMarkdown)
	for i, id := range m.Mentions {
		reason := badUserID(id)
		switch {
		case id == everybody:
			reason = "markdown cannot mention everybody, only members by userid"
		case reason == "" && isMobile(id) && len(id) >= 11:
			reason = "looks like a mobile number, and markdown mentions members by userid only"
		}
		if reason != "" {
			f.Add(robot.Element("Mentions", i), reason)
		}
	}
	return f.Err()
}

func (m Markdown) check(int) error { return m.Validate() }

func (m Markdown) json() []byte { return message("markdown", content{Content: m.whole()}) }

// whole returns the content with the mentions.
func (m Markdown) whole() string {
	content := toUTF8(m.Content)
	if len(m.Mentions) == 0 {
		return content
	}
	return content + "\n" + mentionMarkup(m.Mentions)
}

// message returns a message as JSON. It has no null in it, since no type of a
// body has pointers, and empty lists are left out. It escapes neither <, > nor &.
func message(msgtype string, body any) []byte {
	var b bytes.Buffer
	b.WriteString(`{"msgtype":"` + msgtype + `","` + msgtype + `":`)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		// Strings, integers, and a ratio that check found to be a number.
		panic("wecom: " + err.Error())
	}
	return append(bytes.TrimSuffix(b.Bytes(), []byte("\n")), '}')
}

// toUTF8 returns s as the vendor will see it.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
