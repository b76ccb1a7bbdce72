package markup

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// Fit appends as many of n items as Buf holds within limit together with the
// words that account for the rest: item appends one of them to Buf, and rest
// returns the words for what follows the first shown items. It reports
// whether all items fit. What Buf holds already must leave room for rest(0).
func (w *Writer) Fit(n, limit int, item func(i int), rest func(shown int) string) bool {
	shown, end := 0, len(w.Buf) // the items that leave room for the rest
	used := w.Size()
	for i := range n {
		start := len(w.Buf)
		item(i)
		used += w.size(w.Buf[start:])
		if used > limit {
			w.Buf = append(w.Buf[:end], rest(shown)...)
			return false
		}
		if used+w.sizeString(rest(i+1)) <= limit {
			shown, end = i+1, len(w.Buf)
		}
	}
	return true
}

// A Row is a line in the totals of a digest: the alerts in one state, by
// severity. Tests have a row of their own, in whatever state they are, so that
// nobody counts them among what is real.
type Row struct {
	Status alert.Status // of tests the foremost one
	Test   bool
	Total  int

	severities [alert.Critical - alert.Info + 1]int // from Info up
}

// Totals returns the rows of d that are not empty, of which the first says what
// the message is about: it is good news only if nothing else is in it. The
// Totals add up to that of d. As everywhere, a state out of range passes for
// Firing and a severity out of range for the nearest one.
func Totals(d *alert.Digest) []Row {
	order := [...]alert.Status{alert.Firing, alert.NoData, alert.News, alert.Resolved}
	rows := make([]Row, len(order)+1)
	for i, s := range order {
		rows[i].Status = s
	}
	tests := &rows[len(order)]
	foremost := len(order) - 1
	for i := range d.Groups {
		g := &d.Groups[i]
		at := max(slices.Index(order[:], g.Alert.Status), 0)
		row := &rows[at]
		if g.Alert.Test {
			row, foremost = tests, min(foremost, at)
		}
		row.Total += g.Count
		row.severities[min(max(g.Alert.Severity, alert.Info), alert.Critical)-alert.Info] += g.Count
	}
	tests.Test, tests.Status = true, order[foremost]
	return slices.DeleteFunc(rows, func(r Row) bool { return r.Total == 0 })
}

// Head returns what the row counts: "告警中 3".
func (r *Row) Head(l alert.Locale) string {
	word := l.Status(r.Status)
	if r.Test {
		word = l.Test()
	}
	return word + " " + strconv.Itoa(r.Total)
}

// Split returns what follows the head: ":紧急 2、警告 1".
func (r *Row) Split(l alert.Locale) string {
	var b strings.Builder
	separator := Colon(l)
	for severity := alert.Critical; severity >= alert.Info; severity-- {
		if n := r.severities[severity-alert.Info]; n > 0 {
			b.WriteString(separator + l.Severity(severity) + " " + strconv.Itoa(n))
			separator = l.Separator()
		}
	}
	return b.String()
}

// Worst returns the most urgent alert that reports a problem, or if there is
// none the most urgent news, or else the most urgent alert. Tests come after all
// that is real. There is at least one group.
func Worst(d *alert.Digest) *alert.Alert {
	worst := &d.Groups[0].Alert
	for i := range d.Groups {
		if a := &d.Groups[i].Alert; a.Test == worst.Test && urgency(a.Status) > urgency(worst.Status) {
			worst = a
		}
	}
	return worst
}

// urgency orders states for Worst.
func urgency(s alert.Status) int {
	switch {
	case s.Open():
		return 2
	case s == alert.News:
		return 1
	}
	return 0
}

// Span returns the first and the last time of all alerts that have one, or
// zeros if none has. There is at least one group.
func Span(d *alert.Digest) (first, last time.Time) {
	first, last = d.Groups[0].First, d.Groups[0].Last
	for i := range d.Groups {
		g := &d.Groups[i]
		if !g.First.IsZero() && (first.IsZero() || g.First.Before(first)) {
			first = g.First
		}
		if g.Last.After(last) {
			last = g.Last
		}
	}
	return first, last
}

// SharedURL returns the URL that all alerts share which are not over, or "" if
// they have none in common.
func SharedURL(alerts []alert.Alert) string {
	shared, found := "", false
	for i := range alerts {
		switch a := &alerts[i]; {
		case a.Status == alert.Resolved:
		case found && a.URL != shared:
			return ""
		default:
			shared, found = a.URL, true
		}
	}
	return shared
}
