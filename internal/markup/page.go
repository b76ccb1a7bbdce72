package markup

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A Style is how alerts are worded and drawn.
type Style struct {
	Form     *Form
	Locale   alert.Locale
	Location *time.Location // nil: as the alert has it
	Labels   []string       // of Alert.Labels, shown as fields of a card
}

// What single parts hold at most, in the unit of the form. Where a message is
// small, a twelfth of it is the most.
const (
	maxWord     = 64 // level
	maxPlace    = 128
	maxInstance = 256
	maxName     = 512
	maxHeadline = 320 // severity, name and instance
)

// Render returns a card for one alert and a digest for many, told at the time now:
// its text, of at most limit, and a title of at most most, as Headline returns it.
// There is at least one alert, and the limit leaves room for the totals of a
// digest: some 700.
func (s *Style) Render(alerts []alert.Alert, now time.Time, most, limit int) (title, text string) {
	p := &page{Style: s, limit: limit + len("\n"), now: now} // the last line feed goes
	p.Writer = Writer{Buf: make([]byte, 0, 1024), Mark: s.Locale.Cut(), Dialect: s.Form.Dialect, Runes: s.Form.Runes}
	d := digestOf(alerts)
	if d == nil {
		p.card(&alerts[0])
	} else {
		p.digest(alerts, d)
	}
	return s.title(alerts, d, most), string(bytes.TrimSuffix(p.Buf, []byte("\n")))
}

// Headline returns what stands in a list of conversations or on a locked
// screen: what has happened to the most urgent alert, in one line of at most
// limit, and how many there are.
func (s *Style) Headline(alerts []alert.Alert, limit int) string {
	return s.title(alerts, digestOf(alerts), limit)
}

// digestOf returns the digest of alerts, or nil if there is but one.
func digestOf(alerts []alert.Alert) *alert.Digest {
	if len(alerts) == 1 {
		return nil
	}
	d := alert.NewDigest(alerts)
	return &d
}

// title does the work of Headline.
func (s *Style) title(alerts []alert.Alert, d *alert.Digest, limit int) string {
	w := Writer{Mark: "…", Dialect: s.Form.Dialect, Runes: s.Form.Runes}
	worst := &alerts[0]
	if d != nil {
		worst = &d.Groups[0].Alert
		r := totals(d)[0]
		w.Put(title(s.Locale, r.status, r.test, s.Locale.Count(d.Total)), colon(s.Locale))
	}
	s.headline(&w, worst, limit, d == nil)
	return string(w.Buf)
}

// A page is a message under construction.
type page struct {
	Writer
	*Style

	limit  int
	now    time.Time
	shared string // the URL whose link stands above already
	source bool   // alerts of several sources come together
}

// left returns how much room there is.
func (p *page) left() int { return p.limit - p.Size() }

// part returns the most that a part may take, of which size is the largest.
func (p *page) part(size int) int {
	most := min(size, p.limit/12)
	if len(p.Buf)+most <= p.limit { // in whatever unit: no rune has less than a byte
		return most
	}
	return max(0, min(most, p.left()))
}

// end ends a line.
func (p *page) end() { p.Buf = append(p.Buf, '\n') }

// coloured appends words of the locale in a colour.
func (p *page) coloured(c Colour, words ...string) {
	p.Put(p.Form.Colours[c])
	p.Put(words...)
	p.Put(p.Form.Plain)
}

// headline appends severity, name and instance of an alert behind its title, to
// a line of at most limit. The instance gets a third of it if it needs that.
func (s *Style) headline(w *Writer, a *alert.Alert, limit int, titled bool) {
	if titled {
		w.Put(title(s.Locale, a.Status, a.Test, ""))
		if s.Locale == alert.English {
			w.Put(colon(s.Locale))
		}
	}
	w.Put(s.Locale.Severity(a.Severity))
	where := a.Instance
	if blank(where) {
		where = a.Resource
	}
	var instance int
	if !blank(where) {
		instance = min(w.sizeString(where)+len(" "), limit/3)
	}
	spaced(w, a.Name, limit-w.Size()-instance)
	spaced(w, where, limit-w.Size())
}

// spaced appends a blank and s, or nothing if s is blank itself.
func spaced(w *Writer, s string, limit int) {
	start := len(w.Buf)
	w.Put(" ")
	if !w.Line(s, limit-len(" ")) {
		w.Buf = w.Buf[:start]
	}
}

// label begins the line of a field.
func (p *page) label(name string) {
	p.Put(p.Form.Item, p.Form.Label, name, colon(p.Locale), p.Form.LabelEnd)
}

// field appends the line of a field, unless it has no visible value. It reports
// whether it has.
func (p *page) field(name, value string, most int) bool {
	start := len(p.Buf)
	if value == "" {
		return false
	}
	p.label(name)
	if !p.Line(value, p.part(most)-len("\n")) {
		p.Buf = p.Buf[:start]
		return false
	}
	p.end()
	return true
}

// level appends the alert's own word for its level behind other words, in its
// colour, and in bold if it is critical while the problem lasts.
func (p *page) level(a *alert.Alert, words string) {
	bold := ""
	if a.Severity >= alert.Critical && a.Status.Open() {
		bold = p.Form.Bold
	}
	p.Put(bold, p.Form.Colours[colour(a)], words)
	if !p.Line(p.Locale.Level(*a), p.part(maxWord)) {
		p.Put(p.Locale.Severity(a.Severity))
	}
	p.Put(p.Form.Plain, bold)
}

// link returns the line that leads to raw behind begin, of at most limit. An
// address that cannot be that of a link is shown as text.
func (p *page) link(begin, raw string, limit int) string {
	if blank(raw) {
		return ""
	}
	name, most := p.Locale.Field(alert.FieldLink), limit
	if p.Form.MaxURL > 0 {
		most = min(most, p.Form.MaxURL)
	}
	if u := URL(raw, p.Form.SpecialURL, most); u != "" {
		line := begin + name + colon(p.Locale) + u + "\n"
		if p.Form.Links {
			line = begin + "[" + name + "](" + u + ")\n"
		}
		if p.sizeString(line) <= limit {
			return line
		}
	}
	w := Writer{Mark: p.Mark, Dialect: p.Dialect, Runes: p.Runes}
	f := p.Form
	w.Put(strings.TrimSuffix(begin, f.Item), f.Item, f.Label, name, colon(p.Locale), f.LabelEnd)
	if !w.Line(raw, min(maxName, limit-w.Size()-len("\n"))) {
		return ""
	}
	return string(append(w.Buf, '\n'))
}
