package markup

import (
	"strconv"

	"github.com/tocsin-go/tocsin/alert"
)

// What the parts of a group hold at most in a digest, in the unit of the form.
const (
	maxGroupName     = 160
	maxGroupProduct  = 64
	maxGroupInstance = 64
	maxGroupSummary  = 240
)

// How many instances of a group are named where there are many groups, and
// where there is room for more.
const (
	fewInstances  = 3
	someInstances = 10
)

// A detail is how much a digest says about a group.
type detail struct {
	instances int  // named at most
	summary   bool // of the newest alert
	link      bool // of the newest alert
}

// A shown group is one that a digest lists.
type shown struct {
	*alert.Group

	much detail
	text []byte
	size int
}

// digest appends many alerts: the totals by state and severity, then the groups,
// the worst first, each with its count. What does not fit is counted in a last
// line, so that the counts always add up to the number of alerts. A link that
// all share which are not over stands once, above.
func (p *page) digest(alerts []alert.Alert, d *alert.Digest) {
	rows, worst := totals(d), &d.Groups[0].Alert
	p.Put(p.Form.Head)
	p.coloured(colour(worst), title(p.Locale, rows[0].status, rows[0].test, p.Locale.Count(d.Total)))
	p.Put(p.Form.HeadEnd)
	p.span(span(d))
	for i := range rows {
		p.Put(p.Form.Item)
		p.coloured(rows[i].colour(), rows[i].head(p.Locale))
		p.Put(rows[i].split(p.Locale))
		p.end()
	}
	p.shared = sharedURL(alerts)
	if link := p.link(p.Form.Item, p.shared, p.limit); p.Size()+p.sizeString(link) <= p.limit/2 {
		p.Put(link)
	} else {
		p.shared = ""
	}
	for i := range d.Groups {
		p.source = p.source || origin(&d.Groups[i].Alert) != origin(worst)
	}
	p.groups(d)
}

// groups appends as many groups as fit together with the line that counts the
// rest. Room that is left is used to say more of them, the worst first.
func (p *page) groups(d *alert.Digest) {
	open := 0
	for i := range d.Groups {
		open += stillOpen(&d.Groups[i])
	}
	count := func(n, open int) string {
		if n == len(d.Groups) {
			return ""
		}
		_, groups, alerts := d.Top(n)
		return p.Form.Group + rest(p.Locale, alerts, groups, open)
	}
	list, used := p.all(d)
	if len(list) < len(d.Groups) {
		list, used = list[:0], p.Size()
		for i := range d.Groups {
			left := open - stillOpen(&d.Groups[i])
			g := p.fit(&d.Groups[i], p.limit-used-p.sizeString(count(i+1, left)))
			if g.text == nil {
				break
			}
			list, used, open = append(list, g), used+g.size, left
		}
	}
	end := count(len(list), open)
	p.enrich(list, p.limit-used-p.sizeString(end))
	for i := range list {
		p.Buf = append(p.Buf, list[i].text...)
	}
	p.Put(end)
}

// all returns the groups as a digest of many shows them, up to the first that
// does not fit, and the size of the page with them.
func (p *page) all(d *alert.Digest) (list []shown, used int) {
	used = p.Size()
	for i := range d.Groups {
		g := p.draw(&d.Groups[i], detail{instances: fewInstances})
		if used += g.size; used > p.limit {
			break
		}
		list = append(list, g)
	}
	return list, used
}

// stillOpen returns how many alerts of a group report a problem that is real and
// not over.
func stillOpen(g *alert.Group) int {
	if g.Alert.Test || !g.Alert.Status.Open() {
		return 0
	}
	return g.Count
}

// fit returns a group that says as much as a digest of many groups does, or less
// if there is not enough room. It has no text if there is none for it at all.
func (p *page) fit(g *alert.Group, room int) shown {
	for n := min(fewInstances, len(g.Instances)); n >= 0; n-- {
		if s := p.draw(g, detail{instances: n}); s.size <= room {
			return s
		}
	}
	return shown{}
}

// enrich says more about groups as long as there is room: more instances, the
// newest summary and link, and then all instances that fit.
func (p *page) enrich(list []shown, room int) {
	try := func(s *shown, much detail) bool {
		if much == s.much || room <= 0 {
			return false
		}
		more := p.draw(s.Group, much)
		if more.size-s.size > room {
			return false
		}
		room -= more.size - s.size
		*s = more
		return true
	}
	instances := func(s *shown, most int) {
		for step := min(most-s.much.instances, len(s.Instances)-s.much.instances, room); step > 0; {
			if try(s, detail{s.much.instances + step, s.much.summary, s.much.link}) {
				step = min(step, most-s.much.instances, len(s.Instances)-s.much.instances)
			} else {
				step /= 2
			}
		}
	}
	for i := range list {
		instances(&list[i], someInstances)
	}
	for i := range list {
		try(&list[i], detail{list[i].much.instances, true, list[i].much.link})
		try(&list[i], detail{list[i].much.instances, list[i].much.summary, true})
	}
	for i := range list {
		instances(&list[i], len(list[i].Instances))
	}
}

// draw returns a group as it is shown.
func (p *page) draw(g *alert.Group, much detail) shown {
	start := len(p.Buf)
	p.group(g, much)
	text := append([]byte(nil), p.Buf[start:]...)
	p.Buf = p.Buf[:start]
	return shown{g, much, text, p.size(text)}
}

// group appends the line of one group and those below it.
func (p *page) group(g *alert.Group, much detail) {
	a := &g.Alert
	p.Put(p.Form.Group, p.Form.Bold, "×", strconv.Itoa(g.Count), p.Form.Bold, " ")
	p.level(a, State(p.Locale, a)+" ")
	spaced(&p.Writer, a.Product, maxGroupProduct)
	spaced(&p.Writer, a.Name, maxGroupName)
	if from := origin(a); p.source && !blank(from) {
		p.Put(" ·")
		spaced(&p.Writer, from, maxGroupProduct)
	}
	p.end()
	end := len(p.Buf)
	p.Put(p.Form.List)
	list := len(p.Buf)
	p.instances(g, much.instances)
	if much.summary {
		p.summary(a)
	}
	if much.link && a.URL != p.shared {
		p.Put(p.link(p.Form.Item, a.URL, p.limit/2))
	}
	if len(p.Buf) == list {
		p.Buf = p.Buf[:end] // there is no list
	}
}

// summary appends what the newest alert of a group says, in one line.
func (p *page) summary(a *alert.Alert) {
	start := len(p.Buf)
	p.label(p.detailsName(a))
	if !p.Line(readable(p.Locale, a), maxGroupSummary) {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}

// instances appends the line that names up to n instances and counts the
// alerts about others. A group that names no instance has none.
func (p *page) instances(g *alert.Group, n int) {
	named, others := g.Name(n)
	if len(named) == 0 {
		return
	}
	if p.Put(p.Form.Names); p.Form.Names == "" {
		p.label(p.name(&g.Alert, alert.FieldInstance))
	}
	for i, in := range named {
		if i > 0 {
			p.Put(p.Locale.Separator())
		}
		if !p.Line(in.Name, maxGroupInstance) {
			p.Put("?")
		}
		if in.Count > 1 {
			p.Put("×", strconv.Itoa(in.Count))
		}
	}
	p.Put(p.Locale.Others(others), p.Form.NamesEnd)
	p.end()
}
