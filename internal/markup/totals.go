package markup

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A row is a line in the totals of a digest: the alerts in one state, by
// severity. Tests have a row of their own, in whatever state they are, so that
// nobody counts them among what is real.
type row struct {
	status alert.Status // of tests the foremost one
	test   bool
	total  int

	severities [alert.Critical - alert.Info + 1]int // from Info up
}

// totals returns the rows of d that are not empty, of which the first says what
// the message is about: it is good news only if nothing else is in it. The
// Totals add up to that of d. As everywhere, a state out of range passes for
// Firing and a severity out of range for the nearest one.
func totals(d *alert.Digest) []row {
	order := [...]alert.Status{alert.Firing, alert.NoData, alert.News, alert.Resolved}
	rows := make([]row, len(order)+1)
	for i, s := range order {
		rows[i].status = s
	}
	tests := &rows[len(order)]
	foremost := len(order) - 1
	for i := range d.Groups {
		g := &d.Groups[i]
		at := max(slices.Index(order[:], g.Alert.Status), 0)
		to := &rows[at]
		if g.Alert.Test {
			to, foremost = tests, min(foremost, at)
		}
		to.total += g.Count
		to.severities[min(max(g.Alert.Severity, alert.Info), alert.Critical)-alert.Info] += g.Count
	}
	tests.test, tests.status = true, order[foremost]
	return slices.DeleteFunc(rows, func(r row) bool { return r.total == 0 })
}

// head returns what the row counts: "告警中 3".
func (r *row) head(l alert.Locale) string {
	word := l.Status(r.status)
	if r.test {
		word = l.Test()
	}
	return word + " " + strconv.Itoa(r.total)
}

// split returns what follows the head: ":紧急 2、警告 1".
func (r *row) split(l alert.Locale) string {
	var b strings.Builder
	separator := colon(l)
	for severity := alert.Critical; severity >= alert.Info; severity-- {
		if n := r.severities[severity-alert.Info]; n > 0 {
			b.WriteString(separator + l.Severity(severity) + " " + strconv.Itoa(n))
			separator = l.Separator()
		}
	}
	return b.String()
}

// span returns the first and the last time of all alerts that have one, or
// zeros if none has. There is at least one group.
func span(d *alert.Digest) (first, last time.Time) {
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

// sharedURL returns the URL that all alerts share which are not over, or "" if
// they have none in common.
func sharedURL(alerts []alert.Alert) string {
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
