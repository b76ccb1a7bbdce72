package markup

import (
	"strconv"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// late is how long after the event a message is told to be late.
const late = time.Minute

// times appends when a problem began and ended and how long it lasted, and when
// it is told if that is later. Times that are not known, and spans that two
// clocks make negative, are left out.
func (p *page) times(a *alert.Alert) {
	w := wordsOf(p.Locale)
	began, ended := a.StartsAt, a.EndsAt
	over := a.Status == alert.Resolved
	if !began.IsZero() {
		lasts, until := "", p.now
		switch {
		case a.Status.Open():
			lasts = w.lasting
		case over && !ended.IsZero():
			lasts, until = w.lasted, ended
		}
		p.time(w.began, began, until.Sub(began), lasts)
	}
	last := began
	if over && !ended.IsZero() {
		p.time(w.ended, ended, 0, "")
		last = ended
	}
	if !last.IsZero() && p.now.Sub(last) > late {
		p.time(w.told, p.now.In(last.Location()), 0, "")
	}
}

// time appends a line with a time, and how long it has lasted if that is a
// second or more. The format has the place for that.
func (p *page) time(name string, at time.Time, d time.Duration, format string) {
	p.label(name)
	p.clock(at)
	if format != "" && d >= time.Second {
		p.Put(format, duration(p.Locale, d), wordsOf(p.Locale).lastEnd)
	}
	p.end()
}

// span appends the line with the first and the last time of many alerts. There
// is no line if none is known.
func (p *page) span(first, last time.Time) {
	if last.IsZero() {
		return
	}
	p.label(wordsOf(p.Locale).time)
	p.clock(first)
	if !first.Equal(last) {
		p.Put(" – ")
		p.clock(last)
	}
	p.end()
}

// clock appends t with its zone.
func (p *page) clock(t time.Time) {
	if p.Location != nil {
		t = t.In(p.Location)
	}
	p.Buf = t.AppendFormat(p.Buf, "2006-01-02 15:04:05 -07:00")
}

// duration returns d in the two largest units that it has: "2 小时 5 分钟".
func duration(l alert.Locale, d time.Duration) string {
	units := [...]time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	words := wordsOf(l).units
	for i, unit := range units {
		n := d / unit
		if n == 0 {
			continue
		}
		text := amount(l, n, words[i])
		if i+1 < len(units) && i < 2 {
			if rest := d % unit / units[i+1]; rest > 0 {
				text += " " + amount(l, rest, words[i+1])
			}
		}
		return text
	}
	return amount(l, 0, words[len(words)-1])
}

// amount returns a number of units: "5 分钟", "5 minutes".
func amount(l alert.Locale, n time.Duration, unit string) string {
	if l == alert.English && n != 1 {
		unit += "s"
	}
	return strconv.FormatInt(int64(n), 10) + " " + unit
}
