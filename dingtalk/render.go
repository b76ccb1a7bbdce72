package dingtalk

import (
	"bytes"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// How long a rendered message gets, in runes. The vendor bounds only the
// encoded body; 5,000 characters and a title of 64 are what its other
// interfaces take, and more than people read in a chat.
const (
	maxText  = 5000
	maxTitle = 64
)

// runeCost is what a rune of a rendered message takes in JSON at most, in
// bytes: four of UTF-8, or two for a quote, a backslash and a line feed. There
// are no other control characters in it.
const runeCost = 4

// minRoom is the least room that a message needs, in bytes of JSON: the head
// of a digest or all of a card but its details and link.
const minRoom = 4096

// form is how the chat draws a card. Its lines are items of lists and
// paragraphs, because a single line feed breaks no line. Tags for colours are
// not among the markup that the vendor documents, but clients show them. An @ is
// escaped in addresses: a client looks for it and a number anywhere in the text.
func form() *markup.Form {
	f := &markup.Form{
		Dialect: dialect{}, Runes: true, Plain: "</font>", Bold: "**", Head: "#### ", HeadEnd: "\n\n",
		Item: "- ", Details: "\n> ", Break: "  \n> ", Gap: "\n", Group: "\n", List: "\n",
		Links: true, SpecialURL: "@",
	}
	f.Colours[markup.Grey], f.Colours[markup.Green] = "<font color=#888888>", "<font color=#2E9E4F>"
	f.Colours[markup.Blue], f.Colours[markup.Orange] = "<font color=#1B6EC2>", "<font color=#E67E22>"
	f.Colours[markup.Red] = "<font color=#D93026>"
	return f
}

// style returns how o words alerts.
func (o *Options) style() *markup.Style {
	return &markup.Style{Form: form(), Locale: o.Locale, Location: o.Location, Labels: o.Labels}
}

// limitText returns how many runes a text may have so that it fits into room
// bytes as a JSON string with a title.
func limitText(room int) int {
	const quotes = 4 // around both
	return min(maxText, (room-quotes)/runeCost-maxTitle)
}

// render renders alerts, of which there is at least one. Title and text together
// take at most room bytes as JSON strings, of which there are at least minRoom.
func render(s *markup.Style, alerts []alert.Alert, room int) Markdown {
	title, text := s.Render(alerts, time.Now(), maxTitle, limitText(room))
	return Markdown{Title: title, Text: text}
}

// Card returns what a [Robot] with these options says about alerts, of which
// there is at least one: a card about one, a digest about many. It is for use
// within Render. The lines follow below as paragraphs: they are markdown of the
// caller's own, in which text from elsewhere needs [Escape], and take at most
// 3000 bytes in all. The options may be nil.
func (o *Options) Card(alerts []alert.Alert, lines ...string) Markdown {
	if o == nil {
		o = &Options{}
	}
	m := render(o.style(), alerts, maxBody-roomForMentions-2*len(strings.Join(lines, "\n\n")))
	for _, line := range lines {
		m.Text += "\n\n" + line
	}
	return m
}

// roomForMentions is what Card leaves for keyword, mentions and identity, in
// bytes of JSON.
const roomForMentions = 2*maxMentions + 2*maxKeyword + 512

// Buttons returns an alert as a card with buttons: the first leads to its URL, if
// it has one, and the others follow.
func (o *Options) Buttons(a alert.Alert, more ...Button) ActionCard {
	if o == nil {
		o = &Options{}
	}
	m := ActionCard{Buttons: more}
	if u := markup.URL(a.URL, "", maxBody); u != "" {
		m.Buttons = append([]Button{{Title: o.Locale.Field(alert.FieldLink), URL: u}}, more...)
	}
	a.URL = "" // there is a button
	card := render(o.style(), []alert.Alert{a}, maxBody/2)
	m.Title, m.Text = card.Title, card.Text
	return m
}

// Escape returns text from elsewhere as one line of markdown in which nothing is
// markup or mentions anybody.
func Escape(text string) string { return markup.Escape(text, dialect{}) }

// Template returns a function for [Options].Render that executes a template,
// such as a [text/template.Template], whose dot is the []alert.Alert. All text
// in them is escaped, so that it is no markup, and a URL that cannot be that of
// a link is empty. What is longer than 2000 characters loses its last lines,
// which shows. The title is that of the built-in card, in Chinese.
func Template(t interface {
	Execute(w io.Writer, data any) error
}) func([]alert.Alert) (Message, error) {
	return func(alerts []alert.Alert) (Message, error) {
		const most = 2000 // beside the longest mentions it fits whatever it is made of
		text, err := markup.Execute(t, form(), alerts, most)
		return Markdown{Title: new(Options).style().Headline(alerts, maxTitle), Text: text}, err
	}
}

// InBrowser returns the address of a web page in a form that the desktop client
// opens in the browser, where the button of a card would open it in its side
// panel. Links of other kinds open the browser as they are.
func InBrowser(page string) string {
	return "dingtalk://dingtalkclient/page/link?pc_slide=false&url=" + url.QueryEscape(page)
}

// dialect is what may be markup to a client of DingTalk. The vendor's list is
// short (headings, quotes, bold, italics, links, images, lists) and says
// nothing of how a client reads the borderline cases, so that whatever any
// client of markdown would take for markup counts.
type dialect struct{}

// Plain returns the characters that never are markup.
func (dialect) Plain() markup.Set {
	return markup.Set{
		Low: markup.AllLow &^ (1<<'#' | 1<<'&' | 1<<'*' | 1<<'-' | 1<<'/' | 1<<'<' | 1<<'=' | 1<<'>'),
		High: markup.AllHigh &^ (1<<('@'-64) | 1<<('['-64) | 1<<('\\'-64) | 1<<(']'-64) |
			1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)),
	}
}

// Markup reports whether the character at a place could be a part of markup.
//
// Brackets take links and images with them, so that ! and parentheses stay.
// So do the markers of numbered lists, which change nothing that is said.
// Every @ goes: whom a message notifies is for its sender to say.
func (dialect) Markup(at markup.Place) bool {
	switch at.Char {
	case '<', '[', ']', '*', '`', '~', '|', '@':
		return true
	case '#', '>':
		return at.First
	case '-', '=':
		return at.First && beginsLine(at.Before) // a line of them makes the one above a heading
	case '_':
		return !withinWord(at)
	case '/':
		return leadsElsewhere(at.Before)
	case '\\':
		return !markup.BeginsWord(at.Rest) // in front of one it is a path, elsewhere it may pass for an escape
	}
	return at.Char == '&' && markup.BeginsEntity(at.Rest)
}

// beginsLine reports whether nothing but the sign of a quote stands between
// the last line feed and what is written next.
func beginsLine(before []byte) bool {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return len(bytes.Trim(line, "> ")) == 0
}

// withinWord reports whether underscores have a letter or digit on either
// side. There they can neither begin nor end italics, and identifiers, which
// are full of them, stay readable and can be copied. More of them in a row
// than words have are no word's.
func withinWord(at markup.Place) bool {
	const longest = 16
	before := at.Before[max(0, len(at.Before)-longest-utf8.UTFMax):] // so that the first of a row decides
	rest := at.Rest[:min(longest, len(at.Rest))]
	return markup.EndsWord(bytes.TrimRight(before, "_")) && markup.BeginsWord(strings.TrimLeft(rest, "_"))
}

// leadsElsewhere reports whether a slash behind before would complete the ://
// of an address that is not of the web. Clients make links of bare addresses,
// and those of DingTalk's own scheme drive the client. An address of the web
// stays: it shows where it leads, and people need to copy it.
func leadsElsewhere(before []byte) bool {
	scheme, found := bytes.CutSuffix(before, []byte(":/"))
	if !found {
		return false
	}
	scheme = scheme[len(bytes.TrimRight(scheme, "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")):]
	return !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https"))
}
