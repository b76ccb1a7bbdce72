package dingtalk

import "strings"

// A Message is one of the vendor's message types:
//
//   - [Text] and [Markdown], which can mention members;
//   - [ActionCard], markdown with buttons;
//   - [Link] and [FeedCard], one page or several to open, which mention nobody.
//
// Give it to [Robot.Post]. All types are plain values. Their zero value is not
// a message: the fields said to be required must be set. A field that is not
// set does not appear in what is sent. Bytes that are not UTF-8 become U+FFFD.
//
// The vendor documents no limit for a single field. The whole message, encoded
// as JSON with its mentions and its identity, holds 20000 bytes.
//
// Vendor page: https://help.dingtalk.io/open/development/custom-robots-send-group-messages.
type Message interface {
	// Validate returns what the vendor would refuse, found without asking it:
	// nil, or an error that holds a [*FieldError] for each fault. A single
	// fault is the *FieldError itself; several have the method
	// Unwrap() []error. Post calls it before it sends anything, with
	// [Options].Keyword, which Validate does not know and which may cost the
	// last bytes.
	Validate() error

	// check adds what is wrong with the fields, and with what x adds to them.
	check(f *faults, x extras)

	// wire returns the message, which check has passed, with what x adds.
	wire(x extras) envelope
}

var (
	_ Message = Text{}
	_ Message = Markdown{}
	_ Message = ActionCard{}
	_ Message = Link{}
	_ Message = FeedCard{}
)

// extras are what a robot adds to a message.
type extras struct {
	id      string // idempotency key
	keyword string // may be empty
	at      At     // cleaned; besides the message's own
}

// validate is Validate for every type.
func validate(m Message) error {
	_, err := encode(m, extras{id: zeroID})
	return err
}

// withKeyword returns s, followed behind gap by the keyword if neither s nor
// other holds it.
func (x extras) withKeyword(s, gap, other string) string {
	if strings.Contains(s, x.keyword) || strings.Contains(other, x.keyword) {
		return s // as everything does if there is none
	}
	return s + gap + x.keyword
}

// noMentions adds a fault if mentions were to go into a message that carries
// none: the vendor would take them and notify nobody.
func (x extras) noMentions(f *faults, msgtype string) {
	if !x.at.isZero() {
		f.Add("at", "a "+msgtype+" notifies nobody, a text or markdown does")
	}
}

// Text is a message of plain text.
type Text struct {
	// Content is required. A line feed breaks lines.
	Content string `json:"content"`

	// At notifies members of the group. Those that Content does not mention
	// yet are added in a line at its end.
	At At `json:"-"`
}

// Validate returns what is wrong with m.
func (m Text) Validate() error { return validate(m) }

func (m Text) check(f *faults, _ extras) {
	f.Required("text.content", m.Content)
	m.At.check(f, "at.atMobiles", "at.atUserIds")
}

func (m Text) wire(x extras) envelope {
	at := m.At.clean().and(x.at)
	m.Content = at.addTo(x.withKeyword(m.Content, "\n", ""), "\n")
	return envelope{Type: "text", Text: &m, At: at.body()}
}

// Markdown is a message in the vendor's dialect: headings, quotes, bold,
// italics, links, pictures by address, and lists, but neither tables nor code.
// A single line feed may be swallowed: an empty line, or two blanks on both
// sides of the line feed, breaks lines everywhere.
type Markdown struct {
	// Title is required. It stands in the list of conversations and in the
	// notice on the locked screen, but not in the message.
	Title string `json:"title"`

	// Text is required.
	Text string `json:"text"`

	// At notifies members of the group. Those that Text does not mention yet
	// are added in a paragraph at its end.
	At At `json:"-"`
}

// Validate returns what is wrong with m.
func (m Markdown) Validate() error { return validate(m) }

func (m Markdown) check(f *faults, _ extras) {
	f.Required("markdown.title", m.Title)
	f.Required("markdown.text", m.Text)
	m.At.check(f, "at.atMobiles", "at.atUserIds")
}

func (m Markdown) wire(x extras) envelope {
	at := m.At.clean().and(x.at)
	m.Title = x.withKeyword(m.Title, " ", m.Text)
	m.Text = at.addTo(m.Text, "\n\n")
	return envelope{Type: "markdown", Markdown: &m, At: at.body()}
}
