package dingtalk

import (
	"bytes"
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

// What single fields of a card hold at most, in runes.
const (
	maxWord     = 32 // level
	maxPlace    = 64 // product, region
	maxInstance = 160
	maxName     = 240
)

// A style is how a robot words its messages.
type style struct {
	locale   alert.Locale
	location *time.Location // nil: as the alert has it
}

// card renders one alert. Title and text together take at most room bytes as
// JSON strings, of which there are at least minRoom.
func (st *style) card(a *alert.Alert, room int) Markdown {
	limit := limitText(room)
	p := st.page()
	title := markup.Title(st.locale, a.Status, a.Test, "")
	p.heading(colour(a), title)
	p.span(a.Time(), a.Time())
	p.field(alert.FieldProduct, a.Product, maxPlace)
	p.item(alert.FieldLevel)
	p.severity(a, "")
	p.end()
	p.field(alert.FieldRegion, a.Region, maxPlace)
	if strings.TrimSpace(a.Instance) == "" {
		p.field(alert.FieldResource, a.Resource, maxInstance)
	} else {
		p.field(alert.FieldInstance, a.Instance, maxInstance)
	}
	p.field(alert.FieldContent, a.Name, maxName)
	p.item(alert.FieldStatus)
	p.coloured(colour(a), markup.State(st.locale, a))
	p.end()
	link := st.link("\n", a.URL)
	size := utf8.RuneCountInString(link)
	if p.Size()+size > limit {
		link, size = "", 0
	}
	p.details(a.Summary, limit-size)
	p.Put(link)
	return Markdown{Title: st.title(a, title, ""), Text: p.text()}
}

// limitText returns how many runes a page may have so that its text fits into
// room bytes with a title. The last line feed of the page goes.
func limitText(room int) int {
	const quotes = 4 // around both
	return min(maxText, (room-quotes)/runeCost-maxTitle) + len("\n")
}

// colour returns the colour that says how urgent an alert is: green for good
// news, blue for a statement about no problem, grey for a remark. The words beside
// it say the same.
func colour(a *alert.Alert) string {
	switch {
	case a.Status == alert.Resolved:
		return green
	case a.Status == alert.News:
		return blue
	case a.Severity >= alert.Major:
		return red
	case a.Severity == alert.Warning:
		return orange
	}
	return grey
}

// title returns what the list of conversations and the notice on the locked
// screen show: the title of the message, which may end in a count, and the alert.
func (st *style) title(a *alert.Alert, title, count string) string {
	w := markup.Writer{Mark: "…", Dialect: dialect{}, Runes: true}
	w.Put(title)
	if st.locale == alert.English || count != "" {
		w.Put(markup.Colon(st.locale))
	}
	st.level(&w, a)
	spaced(&w, a.Name, maxTitle-w.Size())
	spaced(&w, a.Instance, maxTitle-w.Size())
	return string(w.Buf)
}

// level appends the alert's own word for its level, or the locale's if it has
// none that can be seen.
func (st *style) level(w *markup.Writer, a *alert.Alert) {
	if !w.Line(st.locale.Level(*a), maxWord) {
		w.Put(st.locale.Severity(a.Severity))
	}
}

// link returns the line that leads to raw behind begin, or "" if raw is not
// fit for one.
func (st *style) link(begin, raw string) string {
	if raw == "" {
		return ""
	}
	if u := markup.URL(raw, unsafeInURL, maxURL); u != "" {
		return begin + "[" + st.locale.Field(alert.FieldLink) + "](" + u + ")\n"
	}
	return ""
}

// spaced appends a blank and s, or nothing if s is blank itself.
func spaced(w *markup.Writer, s string, limit int) {
	start := len(w.Buf)
	w.Put(" ")
	if !w.Line(s, limit-len(" ")) {
		w.Buf = w.Buf[:start]
	}
}

// text returns the text of a page.
func (p *page) text() string { return string(bytes.TrimSuffix(p.Buf, []byte("\n"))) }
