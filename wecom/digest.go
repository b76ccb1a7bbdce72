package wecom

import (
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// What the parts of a group hold at most in a digest, in bytes.
const (
	maxGroupName     = 160
	maxGroupProduct  = 64
	maxGroupInstance = 64
	maxGroupSummary  = 240
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
func (st *style) digest(alerts []alert.Alert) Markdown {
	d := alert.NewDigest(alerts)
	p := st.page()
	p.head(&d)
	limit := st.room()
	p.shared = markup.SharedURL(alerts)
	if link := p.link(p.shared); len(p.Buf)+len(link) <= limit/2 {
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
	return p.finish()
}

// head appends the title and the totals.
func (p *page) head(d *alert.Digest) {
	rows := markup.Totals(d)
	p.title(rows[0].Status, rows[0].Test, headColour(markup.Worst(d)), p.locale.Count(d.Total))
	p.span(markup.Span(d))
	for i := range rows {
		row := &rows[i]
		p.coloured(rowColour(row), row.Head(p.locale))
		p.Put(row.Split(p.locale))
		p.end()
	}
}

// rowColour returns the colour of a row of the totals.
func rowColour(r *markup.Row) string {
	if r.Test {
		return grey
	}
	return statusColour(r.Status)
}

// groups appends as many groups as the page holds within limit bytes together
// with the line that counts the rest. It reports whether that was all.
func (p *page) groups(d *alert.Digest, much detail, limit int) bool {
	return p.Fit(len(d.Groups), limit,
		func(i int) { p.group(&d.Groups[i], much) },
		func(shown int) string {
			_, groups, alerts := d.Top(shown)
			return p.locale.More(alerts, groups) + "\n"
		})
}

// group appends the lines of one group.
func (p *page) group(g *alert.Group, much detail) {
	a := &g.Alert
	p.Put("**×", strconv.Itoa(g.Count), "** ")
	p.coloured(statusColour(a.Status), markup.State(p.locale, a))
	p.Put(" ")
	p.levelWord(a, headColour(a))
	p.spaced(a.Product, maxGroupProduct)
	p.spaced(a.Name, maxGroupName)
	p.end()
	p.instances(g, much.instances)
	if much.summary {
		p.field(alert.FieldDetails, a.Summary, maxGroupSummary)
	}
	if much.link && a.URL != p.shared {
		p.Put(p.link(a.URL))
	}
}

// spaced appends a blank and s, or nothing if s is blank itself.
func (p *page) spaced(s string, limit int) {
	start := len(p.Buf)
	p.Put(" ")
	if !p.Line(s, limit) {
		p.Buf = p.Buf[:start]
	}
}

// instances appends the line that names up to n instances and counts the
// alerts about others. A group that names no instance has none.
func (p *page) instances(g *alert.Group, n int) {
	named, rest := g.Name(n)
	if len(named) == 0 {
		return
	}
	p.open(grey)
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
	p.shut()
	p.end()
}
