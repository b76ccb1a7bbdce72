package wecom

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// minPlain is the least TextLimit in bytes that holds a card or the totals of
// a digest.
const minPlain = 1024

// textDialect is what a text message has of markup: <@userid> mentions a
// member.
type textDialect struct{}

// Plain returns the characters that never are markup.
func (textDialect) Plain() markup.Set {
	return markup.Set{Low: markup.AllLow, High: markup.AllHigh &^ (1 << ('@' - 64))}
}

// Markup reports whether an @ follows a <.
func (textDialect) Markup(at markup.Place) bool {
	return at.Char == '@' && bytes.HasSuffix(at.Before, []byte("<"))
}

// plain returns a function that renders alerts as text, with the mentions that
// markdown does not have.
func (st style) plain(o *Options, limit int) (func([]alert.Alert) (Message, error), error) {
	members := Text{Content: "x", Mentions: o.Mentions, Mobiles: o.Mobiles}
	if err := members.check(limit); err != nil {
		return nil, err
	}
	if limit < minPlain {
		return nil, &FieldError{"TextLimit", fmt.Sprintf("%d bytes, PlainText needs %d", limit, minPlain)}
	}
	return func(alerts []alert.Alert) (Message, error) {
		p := &plainPage{markup.Writer{Mark: st.locale.Cut(), Dialect: textDialect{}}, &st, limit}
		if len(alerts) == 1 {
			p.card(&alerts[0])
		} else {
			p.digest(alerts)
		}
		m := members
		if markup.Quiet(alerts) {
			m.Mentions, m.Mobiles = nil, nil
		}
		m.Content = string(bytes.TrimSuffix(p.Buf, []byte("\n")))
		return m, nil
	}, nil
}

// A plainPage is a text message under construction, of at most limit bytes.
type plainPage struct {
	markup.Writer
	*style
	limit int
}

// card renders one alert, as style.card does. The details get what the other
// fields leave, and the link is shown only if it leaves some.
func (p *plainPage) card(a *alert.Alert) {
	p.title(a.Status, a.Test, "")
	p.span(a.Time(), a.Time())
	most := p.limit / 8
	p.field(alert.FieldProduct, a.Product, most)
	p.level(a)
	p.field(alert.FieldRegion, a.Region, most)
	if !p.field(alert.FieldInstance, a.Instance, most) {
		p.field(alert.FieldResource, a.Resource, most)
	}
	p.field(alert.FieldContent, a.Name, most)
	p.Put(p.label(alert.FieldStatus), markup.State(p.locale, a), "\n")
	link := p.link(a.URL)
	if len(p.Buf)+len(link) > p.limit-most/2 {
		link = ""
	}
	start := len(p.Buf)
	p.Put(p.label(alert.FieldDetails))
	if p.Lines(a.Summary, p.limit-len(p.Buf)-len(link)-len("\n"), "\n> ") {
		p.Put("\n")
	} else {
		p.Buf = p.Buf[:start]
	}
	p.Put(link)
}

// digest renders many alerts, as style.digest does: what does not fit is
// counted.
func (p *plainPage) digest(alerts []alert.Alert) {
	d := alert.NewDigest(alerts)
	rows := markup.Totals(&d)
	p.title(rows[0].Status, rows[0].Test, p.locale.Count(d.Total))
	p.span(markup.Span(&d))
	for i := range rows {
		p.Put(rows[i].Head(p.locale), rows[i].Split(p.locale), "\n")
	}
	head := len(p.Buf)
	for _, much := range [...]detail{{instances: 10, summary: true}, {instances: 3}} {
		p.Buf = p.Buf[:head]
		all := p.Fit(len(d.Groups), p.limit+len("\n"), func(i int) { p.group(&d.Groups[i], much) }, func(shown int) string {
			_, groups, left := d.Top(shown)
			return p.locale.More(left, groups) + "\n"
		})
		if all {
			return
		}
	}
}

// title appends the first line.
func (p *plainPage) title(s alert.Status, test bool, count string) {
	p.Put(markup.Title(p.locale, s, test, count), "\n")
}

// span appends the line with the time, or with the first and the last of many.
func (p *plainPage) span(first, last time.Time) {
	if last.IsZero() {
		return
	}
	p.Put(p.label(alert.FieldTime), p.clock(first))
	if !first.Equal(last) {
		p.Put(" ~ ", p.clock(last))
	}
	p.Put("\n")
}

// clock returns t with its zone.
func (p *plainPage) clock(t time.Time) string {
	if p.location != nil {
		t = t.In(p.location)
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}

// label returns the begin of the line of a field.
func (p *plainPage) label(f alert.Field) string { return p.locale.Field(f) + markup.Colon(p.locale) }

// field appends the line of a field. It reports whether there is any.
func (p *plainPage) field(f alert.Field, value string, limit int) bool {
	start := len(p.Buf)
	p.Put(p.label(f))
	if !p.Line(value, limit) {
		p.Buf = p.Buf[:start]
		return false
	}
	p.Put("\n")
	return true
}

// level appends the line of the level.
func (p *plainPage) level(a *alert.Alert) {
	if !p.field(alert.FieldLevel, p.locale.Level(*a), maxWord) {
		p.Put(p.label(alert.FieldLevel), p.locale.Severity(a.Severity), "\n")
	}
}

// link returns the line with the address of more, or "" if it is not fit.
func (p *plainPage) link(raw string) string {
	if u := markup.URL(raw, "", maxURL); u != "" {
		return p.label(alert.FieldLink) + u + "\n"
	}
	return ""
}

// group appends the lines of one group.
func (p *plainPage) group(g *alert.Group, much detail) {
	a := &g.Alert
	p.Put("×", strconv.Itoa(g.Count), " ", markup.State(p.locale, a), " ")
	if !p.Line(p.locale.Level(*a), maxWord) {
		p.Put(p.locale.Severity(a.Severity))
	}
	for _, part := range [...]struct {
		text  string
		limit int
	}{{a.Product, maxGroupProduct}, {a.Name, maxGroupName}} {
		p.Put(" ")
		p.Line(part.text, part.limit)
	}
	p.Buf = append(bytes.TrimRight(p.Buf, " "), '\n')
	p.instances(g, much.instances)
	if much.summary {
		p.field(alert.FieldDetails, a.Summary, maxGroupSummary)
	}
}

// instances appends the line that names up to n instances.
func (p *plainPage) instances(g *alert.Group, n int) {
	named, rest := g.Name(n)
	if len(named) == 0 {
		return
	}
	p.Put("> ")
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
	p.Put(p.locale.Others(rest), "\n")
}
