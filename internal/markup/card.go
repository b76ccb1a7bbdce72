package markup

import "github.com/tocsin-go/tocsin/alert"

// What a card keeps free while there is something to put there.
const roomForDetails = 60

// card appends one alert: the headline, the fields, the details and the link.
func (p *page) card(a *alert.Alert) {
	p.Put(p.Form.Head, p.Form.Colours[colour(a)])
	start := p.Size()
	mark := p.Mark
	p.Mark = "…" // the name is told in full below
	p.headline(&p.Writer, a, start+p.part(maxHeadline), true)
	p.Mark = mark
	p.Put(p.Form.Plain, p.Form.HeadEnd)

	p.times(a)
	p.field(p.name(a, alert.FieldProduct), a.Product, maxPlace)
	p.label(p.Locale.Field(alert.FieldLevel))
	p.level(a, "")
	p.end()
	p.field(p.name(a, alert.FieldRegion), a.Region, maxPlace)
	if !p.field(p.name(a, alert.FieldInstance), a.Instance, maxInstance) {
		p.field(p.Locale.Field(alert.FieldResource), a.Resource, maxInstance)
	}
	p.field(p.Locale.Field(alert.FieldContent), a.Name, maxName)
	p.label(p.Locale.Field(alert.FieldStatus))
	p.coloured(colour(a), State(p.Locale, a))
	p.end()
	p.field(p.Locale.Field(alert.FieldSource), origin(a), maxPlace)
	for _, name := range p.Labels {
		p.extra(name, a.Labels[name])
	}

	link := p.link(p.Form.Gap, a.URL, p.left()-roomForDetails)
	p.details(a, p.left()-p.sizeString(link))
	p.Put(link)
}

// extra appends a field whose name is text from outside as well.
func (p *page) extra(name, value string) {
	w := Writer{Mark: "…", Dialect: p.Dialect, Runes: p.Runes}
	if w.Line(name, maxWord) && p.left() > p.limit/4 {
		p.field(string(w.Buf), value, maxInstance)
	}
}

// details appends the summary, with its line breaks, within limit. What
// follows the first line is quoted, so that it cannot pass for a line of the
// card. Those of an alert that is over are from the time when it was not.
func (p *page) details(a *alert.Alert, limit int) {
	start, before := len(p.Buf), p.Size()
	p.Put(p.Form.Details, p.Form.Label, p.detailsName(a), colon(p.Locale), p.Form.LabelEnd)
	if !p.Lines(readable(p.Locale, a), limit-(p.Size()-before)-len("\n"), p.Form.Break) {
		p.Buf = p.Buf[:start]
		return
	}
	p.end()
}
