package wecom

import (
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
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
// up to the number of alerts. The fewer groups, the more is said of each.
func (st *style) digest(alerts []alert.Alert) Markdown {
	d := alert.NewDigest(alerts)
	p := st.page()
	p.head(&d)
	head, limit := len(p.buf), st.room()
	for _, much := range [...]detail{
		{instances: 20, summary: true, link: true},
		{instances: 10, link: true},
		{instances: 3},
	} {
		p.buf = p.buf[:head]
		if p.groups(&d, much, limit) {
			break
		}
	}
	return p.finish()
}

// head appends the title and the totals.
func (p *page) head(d *alert.Digest) {
	tally := newTally(d)
	status := alert.Resolved
	switch {
	case tally.total(alert.Firing) > 0:
		status = alert.Firing
	case tally.total(alert.NoData) > 0:
		status = alert.NoData
	}
	p.title(status, headColour(worst(d)), p.locale.Count(d.Total))
	first, last := d.Groups[0].First, d.Groups[0].Last
	for i := range d.Groups {
		g := &d.Groups[i]
		if !g.First.IsZero() && (first.IsZero() || g.First.Before(first)) {
			first = g.First
		}
		if g.Last.After(last) {
			last = g.Last
		}
	}
	p.span(first, last)
	for _, s := range [...]alert.Status{alert.Firing, alert.NoData, alert.Resolved} {
		p.tally(&tally, s)
	}
}

// worst returns the most urgent alert that is not over, or any if all are.
func worst(d *alert.Digest) *alert.Alert {
	for i := range d.Groups {
		if d.Groups[i].Alert.Status != alert.Resolved {
			return &d.Groups[i].Alert
		}
	}
	return &d.Groups[0].Alert
}

// A tally counts alerts by state and severity, from Info up.
type tally [alert.NoData + 1][alert.Critical - alert.Info + 1]int

// newTally counts the alerts of d. As everywhere, a state out of range passes
// for Firing and a severity out of range for the nearest one.
func newTally(d *alert.Digest) tally {
	var t tally
	for i := range d.Groups {
		g := &d.Groups[i]
		s := g.Alert.Status
		if s > alert.NoData {
			s = alert.Firing
		}
		t[s][min(max(g.Alert.Severity, alert.Info), alert.Critical)-alert.Info] += g.Count
	}
	return t
}

// total returns how many alerts are in the state s.
func (t *tally) total(s alert.Status) int {
	n := 0
	for _, count := range t[s] {
		n += count
	}
	return n
}

// tally appends the line that counts the alerts in the state s, if there are
// any, and splits them by severity.
func (p *page) tally(t *tally, s alert.Status) {
	total := t.total(s)
	if total == 0 {
		return
	}
	p.coloured(statusColour(s), p.locale.Status(s), " ", strconv.Itoa(total))
	separator := p.colon()
	for severity := alert.Critical; severity >= alert.Info; severity-- {
		if n := t[s][severity-alert.Info]; n > 0 {
			p.put(separator, p.locale.Severity(severity), " ", strconv.Itoa(n))
			separator = p.locale.Separator()
		}
	}
	p.end()
}

// groups appends as many groups as the page holds within limit bytes together
// with the line that counts the rest. It reports whether that was all.
func (p *page) groups(d *alert.Digest, much detail, limit int) bool {
	shown, end := 0, len(p.buf) // the groups that leave room for that line
	for i := range d.Groups {
		p.group(&d.Groups[i], much)
		if len(p.buf) > limit {
			p.buf = append(p.buf[:end], p.rest(d, shown)...)
			return false
		}
		if len(p.buf)+len(p.rest(d, i+1)) <= limit {
			shown, end = i+1, len(p.buf)
		}
	}
	return true
}

// rest returns the line that counts what follows the first n groups.
func (p *page) rest(d *alert.Digest, n int) string {
	_, groups, alerts := d.Top(n)
	return p.locale.More(alerts, groups) + "\n"
}

// group appends the lines of one group.
func (p *page) group(g *alert.Group, much detail) {
	a := &g.Alert
	p.put("**×", strconv.Itoa(g.Count), "** ")
	p.coloured(statusColour(a.Status), p.locale.Status(a.Status))
	p.put(" ")
	p.levelWord(a, headColour(a))
	p.spaced(a.Product, maxGroupProduct)
	p.spaced(a.Name, maxGroupName)
	p.end()
	p.instances(g, much.instances)
	if much.summary {
		p.field(alert.FieldDetails, a.Summary, maxGroupSummary)
	}
	if much.link {
		p.put(p.link(a.URL))
	}
}

// spaced appends a blank and s, or nothing if s is blank itself.
func (p *page) spaced(s string, limit int) {
	start := len(p.buf)
	p.put(" ")
	if !p.line(s, limit) {
		p.buf = p.buf[:start]
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
			p.put(p.locale.Separator())
		}
		if !p.line(in.Name, maxGroupInstance) {
			p.put("?")
		}
		if in.Count > 1 {
			p.put("×", strconv.Itoa(in.Count))
		}
	}
	p.put(p.locale.Others(rest))
	p.shut()
	p.end()
}
