package dingtalk

import (
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// What the parts of a group hold at most in a digest, in runes.
const (
	maxGroupName     = 120
	maxGroupProduct  = 40
	maxGroupInstance = 48
	maxGroupSummary  = 160
)

// A detail is how much a digest says about each group.
type detail struct {
	instances int  // named at most
	summary   bool // of the newest alert
	link      bool // of the newest alert
}

// digest renders many alerts as one message: the totals by state and
// severity, then the groups, worst first, each with its count. The groups
// that do not fit are counted in a last line, so that the counts always add
// up to the number of alerts. The fewer groups, the more is said of each. A link
// that they share stands once, above.
// Title and text together take at most room bytes as JSON strings, of which
// there are at least minRoom.
func (st *style) digest(alerts []alert.Alert, room int) Markdown {
	d := alert.NewDigest(alerts)
	rows, worst := markup.Totals(&d), markup.Worst(&d)
	count := st.locale.Count(d.Total)
	title := markup.Title(st.locale, rows[0].Status, rows[0].Test, count)
	p := st.page()
	p.heading(colour(worst), title)
	p.span(markup.Span(&d))
	for i := range rows {
		p.row(&rows[i])
	}
	limit := limitText(room)
	p.shared = markup.SharedURL(alerts)
	if link := p.link("- ", p.shared); len(p.Buf)+len(link) <= limit/2 {
		p.Put(link)
	} else {
		p.shared = ""
	}
	head := len(p.Buf)
	for _, much := range [...]detail{
		{instances: 20, summary: true, link: true},
		{instances: 10, link: true},
		{instances: 3},
	} {
		p.Buf = p.Buf[:head]
		if p.groups(&d, much, limit) {
			break
		}
	}
	return Markdown{Title: st.title(worst, title, count), Text: p.text()}
}

// row appends a line of the totals.
func (p *page) row(r *markup.Row) {
	p.Put("- ")
	p.coloured(rowColour(r), r.Head(p.locale))
	p.Put(r.Split(p.locale))
	p.end()
}

// rowColour returns the colour of a row of the totals.
func rowColour(r *markup.Row) string {
	switch {
	case r.Test, r.Status == alert.NoData:
		return grey
	case r.Status == alert.Resolved:
		return green
	case r.Status == alert.News:
		return blue
	}
	return red
}

// groups appends as many groups as the page holds within limit runes together
// with the line that counts the rest. It reports whether that was all.
func (p *page) groups(d *alert.Digest, much detail, limit int) bool {
	return p.Fit(len(d.Groups), limit,
		func(i int) { p.group(&d.Groups[i], much) },
		func(shown int) string {
			_, groups, alerts := d.Top(shown)
			return "\n" + p.locale.More(alerts, groups) + "\n"
		})
}

// group appends the paragraph of one group and the list below it.
func (p *page) group(g *alert.Group, much detail) {
	a := &g.Alert
	p.Put("\n**×", strconv.Itoa(g.Count), "** ")
	p.severity(a, markup.State(p.locale, a)+" ")
	spaced(&p.Writer, a.Product, maxGroupProduct)
	spaced(&p.Writer, a.Name, maxGroupName)
	p.end()
	end := len(p.Buf)
	p.end()
	p.instances(g, much.instances)
	if much.summary {
		p.field(alert.FieldDetails, a.Summary, maxGroupSummary)
	}
	if much.link && a.URL != p.shared {
		p.Put(p.link("- ", a.URL))
	}
	if len(p.Buf) == end+len("\n") {
		p.Buf = p.Buf[:end] // there is no list
	}
}

// instances appends the line that names up to n instances and counts the
// alerts about others. A group that names no instance has none.
func (p *page) instances(g *alert.Group, n int) {
	named, rest := g.Name(n)
	if len(named) == 0 {
		return
	}
	p.item(alert.FieldInstance)
	for i, in := range named {
		if i > 0 {
			p.Put(p.locale.Separator())
		}
		if !p.Line(in.Name, maxGroupInstance) {
			p.Put("?")
		}
		if in.Count > 1 {
			p.Put("×", strconv.Itoa(in.Count))
		}
	}
	p.Put(p.locale.Others(rest))
	p.end()
}
