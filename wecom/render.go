package wecom

import (
	"io"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// maxURL is the vendor's limit for every URL in bytes.
const maxURL = 1024

// minPlain is the least TextLimit in bytes that holds a card or the totals of
// a digest.
const minPlain = 1024

// maxHeadline is how much the text that mentions members says, in bytes.
const maxHeadline = 256

// dialect is the vendor's markdown. Underscores are text in it: it has no
// italics, and identifiers are full of them.
type dialect struct{}

// Plain returns the characters that never are markup.
func (dialect) Plain() markup.Set {
	return markup.Set{
		Low:  markup.AllLow &^ (1<<'#' | 1<<'&' | 1<<'*' | 1<<'<' | 1<<'>'),
		High: markup.AllHigh &^ (1<<('['-64) | 1<<('\\'-64) | 1<<(']'-64) | 1<<('`'-64)),
	}
}

// Markup reports whether the character at a place could be a part of markup:
// of a tag or a mention, a link, bold, code, a heading, a quote, an escape or
// an HTML entity.
func (dialect) Markup(at markup.Place) bool {
	switch at.Char {
	case '<', '[', ']', '*', '`':
		return true
	case '#', '>':
		return at.First
	case '\\':
		return !markup.BeginsWord(at.Rest) // in front of one it is a path, elsewhere it may pass for an escape
	}
	return at.Char == '&' && markup.BeginsEntity(at.Rest)
}

// form is how the chat draws a card.
func form() *markup.Form {
	const grey, green, orange = `<font color="comment">`, `<font color="info">`, `<font color="warning">`
	f := &markup.Form{
		Dialect: dialect{}, Plain: "</font>", Bold: "**", Head: "**", HeadEnd: "**\n",
		Label: grey, LabelEnd: "</font>", Break: "\n> ", Names: grey, NamesEnd: "</font>",
		Links: true, MaxURL: maxURL,
	}
	f.Colours[markup.Grey], f.Colours[markup.Green], f.Colours[markup.Blue] = grey, green, grey
	f.Colours[markup.Orange], f.Colours[markup.Red] = orange, orange
	return f
}

// style returns how o words alerts in a form.
func (o *Options) style(f *markup.Form) *markup.Style {
	return &markup.Style{Form: f, Locale: o.Locale, Location: o.Location, Labels: o.Labels}
}

// Card returns what a [Robot] with these options says about alerts, of which
// there is at least one: a card about one, a digest about many. It is for use
// within Render. The lines follow below: they are markdown of the caller's own,
// in which text from elsewhere needs [Escape], and take at most 2048 bytes in
// all. The options may be nil.
func (o *Options) Card(alerts []alert.Alert, lines ...string) Markdown {
	if o == nil {
		o = &Options{}
	}
	tail := strings.Join(append([]string{""}, lines...), "\n")
	_, content := o.style(form()).Render(alerts, time.Now(), 0, MaxMarkdown-len(toUTF8(tail)))
	return Markdown{Content: content + tail}
}

// Notice returns an alert as a template card that leads to its URL, or if it has
// none to the first of the links, which stand below as up to 3 buttons.
func (o *Options) Notice(a alert.Alert, links ...Jump) TextNotice {
	if o == nil {
		o = &Options{}
	}
	title, text := o.style(markup.Plain()).Render([]alert.Alert{a}, time.Now(), maxHeadline, minPlain)
	n := TextNotice{
		MainTitle:    Heading{Title: title},
		SubTitleText: text,
		Jumps:        links,
		Action:       Link{Type: LinkURL, URL: markup.URL(a.URL, "", maxURL)},
	}
	if n.Action.URL == "" && len(links) > 0 {
		n.Action = links[0].Link
	}
	return n
}

// Escape returns text from elsewhere as one line of markdown in which nothing is
// markup or mentions anybody.
func Escape(text string) string { return markup.Escape(text, dialect{}) }

// Template returns a function for [Options].Render that executes a template,
// such as a [text/template.Template], whose dot is the []alert.Alert. All text
// in them is escaped, so that it is no markup, and a URL that cannot be that of
// a link is empty. What is too long loses its last lines, which shows.
func Template(t interface {
	Execute(w io.Writer, data any) error
}) func([]alert.Alert) (Message, error) {
	return func(alerts []alert.Alert) (Message, error) {
		text, err := markup.Execute(t, form(), alerts, MaxMarkdown)
		return Markdown{Content: text}, err
	}
}
