package wecom

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// The three colours that the dialect has, as they begin a text.
const (
	green  = `<font color="info">`
	grey   = `<font color="comment">`
	orange = `<font color="warning">`
)

// What single fields of a card hold at most, in bytes. Together with the
// longest link and the longest mentions they leave some 400 bytes of a
// message for the details, so that a card always fits.
const (
	maxWord     = 64  // level
	maxPlace    = 128 // product, region
	maxInstance = 256
	maxName     = 512
)

// A style is how a robot words its messages.
type style struct {
	locale   alert.Locale
	location *time.Location // nil: as the alert has it
	mentions string         // markup of the last line, may be empty
	pages    *sync.Pool     // of *page, a third of what a card allocates; nil: none
}

// quiet returns the style without mentions if the alerts are to notify nobody.
func (st *style) quiet(alerts []alert.Alert) *style {
	if st.mentions == "" || !markup.Quiet(alerts) {
		return st
	}
	silent := *st
	silent.mentions = ""
	return &silent
}

// card renders one alert.
func (st *style) card(a *alert.Alert) Markdown { return st.draw(a).finish() }

// cardJSON is card with its message as JSON, without a copy in between.
func (st *style) cardJSON(a *alert.Alert) []byte {
	p := st.draw(a)
	body := appendMarkdown(nil, p.content())
	p.release()
	return body
}

// draw returns a page with the card of one alert.
func (st *style) draw(a *alert.Alert) *page {
	p := st.page()
	p.title(a.Status, a.Test, headColour(a), "")
	p.span(a.Time(), a.Time())
	p.field(alert.FieldProduct, a.Product, maxPlace)
	p.level(a)
	p.field(alert.FieldRegion, a.Region, maxPlace)
	if strings.TrimSpace(a.Instance) == "" {
		p.field(alert.FieldResource, a.Resource, maxInstance)
	} else {
		p.field(alert.FieldInstance, a.Instance, maxInstance)
	}
	p.field(alert.FieldContent, a.Name, maxName)
	p.label(alert.FieldStatus)
	p.coloured(statusColour(a.Status), markup.State(st.locale, a))
	p.end()
	link := st.link(a.URL)
	p.details(a.Summary, st.room()-len(link))
	p.Put(link)
	return p
}

// room returns how many bytes a page may have before it is finished. The last
// line feed goes unless mentions follow.
func (st *style) room() int {
	if st.mentions == "" {
		return MaxMarkdown + len("\n")
	}
	return MaxMarkdown - len(st.mentions)
}

// headColour returns the colour of a title: green for good news, orange for a
// problem, grey for a remark and for news.
func headColour(a *alert.Alert) string {
	switch {
	case a.Status == alert.Resolved:
		return green
	case a.Status == alert.News || a.Severity < alert.Warning:
		return grey
	}
	return orange
}

// statusColour returns the colour of the word for s.
func statusColour(s alert.Status) string {
	switch s {
	case alert.Resolved:
		return green
	case alert.NoData, alert.News:
		return grey
	}
	return orange
}

// link returns the line that leads to raw, or "" if raw is not fit for one.
func (st *style) link(raw string) string {
	if raw == "" {
		return ""
	}
	if u := markup.URL(raw, "", maxURL); u != "" {
		return "[" + st.locale.Field(alert.FieldLink) + "](" + u + ")\n"
	}
	return ""
}

// A page is a message under construction.
type page struct {
	markup.Writer
	*style

	shared string // the URL whose link stands above already
}

// page returns an empty page.
func (st *style) page() *page {
	if st.pages != nil {
		if p, ok := st.pages.Get().(*page); ok {
			return p
		}
	}
	return &page{Writer: markup.Writer{Buf: make([]byte, 0, 1024), Mark: st.locale.Cut(), Dialect: dialect{}}, style: st}
}

// end ends a line.
func (p *page) end() { p.Buf = append(p.Buf, '\n') }

// open begins and shut ends a coloured text.
func (p *page) open(colour string) { p.Put(colour) }
func (p *page) shut()              { p.Put(`</font>`) }

// coloured appends words of the locale in a colour.
func (p *page) coloured(colour string, words ...string) {
	p.open(colour)
	p.Put(words...)
	p.shut()
}

// title appends the first line, with a count behind the title if there is one.
func (p *page) title(s alert.Status, test bool, colour, count string) {
	p.Put("**")
	p.coloured(colour, markup.Title(p.locale, s, test, count))
	p.Put("**\n")
}

// span appends the line with the time, or with the first and the last of
// many. There is no line for an unknown time.
func (p *page) span(first, last time.Time) {
	if last.IsZero() {
		return
	}
	p.Put("**", p.locale.Field(alert.FieldTime), markup.Colon(p.locale))
	p.time(first)
	if !first.Equal(last) {
		p.Put(" ~ ")
		p.time(last)
	}
	p.Put("**\n")
}

// time appends t with its zone.
func (p *page) time(t time.Time) {
	if p.location != nil {
		t = t.In(p.location)
	}
	p.Buf = t.AppendFormat(p.Buf, "2006-01-02 15:04:05 -07:00")
}

// label appends the name of a field.
func (p *page) label(f alert.Field) {
	p.coloured(grey, p.locale.Field(f), markup.Colon(p.locale))
}

// field appends the line of a field, unless it has no visible value.
func (p *page) field(f alert.Field, value string, limit int) {
	if value == "" {
		return
	}
	start := len(p.Buf)
	p.label(f)
	if !p.Line(value, limit) {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}

// level appends the line of the level: bold if it is critical, coloured by
// the severity while the problem lasts.
func (p *page) level(a *alert.Alert) {
	p.label(alert.FieldLevel)
	p.levelWord(a, headColour(a))
	p.end()
}

// levelWord appends the level in a colour, in bold if it is critical.
func (p *page) levelWord(a *alert.Alert, colour string) {
	bold := ""
	if a.Severity >= alert.Critical && a.Status.Open() {
		bold = "**"
	}
	p.Put(bold)
	p.open(colour)
	if !p.Line(p.locale.Level(*a), maxWord) {
		p.Put(p.locale.Severity(a.Severity))
	}
	p.shut()
	p.Put(bold)
}

// details appends the summary, with its line breaks, as far as the page may
// grow to limit bytes. What follows the first line is quoted, so that it
// cannot pass for a line of the card.
func (p *page) details(summary string, limit int) {
	start := len(p.Buf)
	p.label(alert.FieldDetails)
	if !p.Lines(summary, limit-len(p.Buf)-len("\n"), "\n> ") {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}

// finish returns the message and releases the page.
func (p *page) finish() Markdown {
	m := Markdown{Content: string(p.content())}
	p.release()
	return m
}

// content appends the mentions and returns the text, which is the page's own.
func (p *page) content() []byte {
	p.Put(p.mentions)
	return bytes.TrimSuffix(p.Buf, []byte("\n"))
}

// release gives the page back. Nobody may use it any more.
func (p *page) release() {
	if p.pages != nil {
		p.Buf = p.Buf[:0]
		p.pages.Put(p)
	}
}
