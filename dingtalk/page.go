package dingtalk

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// The colours, as they begin a text. Tags are not among the markup that the
// vendor documents, but clients show them. Who does not see them loses nothing.
const (
	red    = `<font color=#D93026>`
	orange = `<font color=#E67E22>`
	green  = `<font color=#2E9E4F>`
	blue   = `<font color=#1B6EC2>`
	grey   = `<font color=#888888>`
)

// A page is the text of a message under construction. Its lines are items of
// lists and paragraphs, because a single line feed breaks no line.
type page struct {
	markup.Writer
	*style

	shared string // the URL whose link stands above already
}

// page returns an empty page.
func (st *style) page() *page {
	return &page{Writer: markup.Writer{
		Buf: make([]byte, 0, 1024), Mark: st.locale.Cut(), Dialect: dialect{}, Runes: true,
	}, style: st}
}

// end ends a line.
func (p *page) end() { p.Buf = append(p.Buf, '\n') }

// coloured appends words of the locale in a colour.
func (p *page) coloured(colour string, words ...string) {
	p.Put(colour)
	p.Put(words...)
	p.Put(`</font>`)
}

// heading appends the first line and the blank line that ends it.
func (p *page) heading(colour, title string) {
	p.Put("#### ")
	p.coloured(colour, title)
	p.Put("\n\n")
}

// item begins the line of a field.
func (p *page) item(f alert.Field) { p.Put("- ", p.locale.Field(f), markup.Colon(p.locale)) }

// span appends the line with the time, or with the first and the last of
// many. There is no line for an unknown time.
func (p *page) span(first, last time.Time) {
	if last.IsZero() {
		return
	}
	p.item(alert.FieldTime)
	p.time(first)
	if !first.Equal(last) {
		p.Put(" – ")
		p.time(last)
	}
	p.end()
}

// time appends t with its zone.
func (p *page) time(t time.Time) {
	if p.location != nil {
		t = t.In(p.location)
	}
	p.Buf = t.AppendFormat(p.Buf, "2006-01-02 15:04:05 -07:00")
}

// field appends the line of a field, unless it has no visible value.
func (p *page) field(f alert.Field, value string, limit int) {
	start := len(p.Buf)
	p.item(f)
	if !p.Line(value, limit) {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}

// severity appends the level behind words of the locale, in the colour of the
// alert, and in bold if it is critical while the problem lasts.
func (p *page) severity(a *alert.Alert, words string) {
	bold := ""
	if a.Severity >= alert.Critical && a.Status.Open() {
		bold = "**"
	}
	p.Put(colour(a), words, bold)
	p.level(&p.Writer, a)
	p.Put(bold, "</font>")
}

// details appends the summary as a quote, with its line breaks, as far as the
// page may grow to limit runes.
func (p *page) details(summary string, limit int) {
	start := len(p.Buf)
	p.Put("\n> ", p.locale.Field(alert.FieldDetails), markup.Colon(p.locale))
	if !p.Lines(summary, limit-p.Size()-len("\n"), "  \n> ") {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}
