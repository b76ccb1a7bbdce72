package markup

import (
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

// A Tally counts alerts by state and severity.
type Tally [alert.NoData + 1][alert.Critical - alert.Info + 1]int

// NewTally counts the alerts of d. As everywhere, a state out of range passes
// for Firing and a severity out of range for the nearest one.
func NewTally(d *alert.Digest) Tally {
	var t Tally
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

// Of returns how many alerts are in the state s, which is in range, and have
// the severity v, which is too.
func (t *Tally) Of(s alert.Status, v alert.Severity) int { return t[s][v-alert.Info] }

// Total returns how many alerts are in the state s, which is in range.
func (t *Tally) Total(s alert.Status) int {
	n := 0
	for _, count := range t[s] {
		n += count
	}
	return n
}

// Status returns the state that a message about all of them announces: it is
// good news only if nothing else is in it.
func (t *Tally) Status() alert.Status {
	switch {
	case t.Total(alert.Firing) > 0:
		return alert.Firing
	case t.Total(alert.NoData) > 0:
		return alert.NoData
	}
	return alert.Resolved
}

// Worst returns the most urgent alert that is not over, or the most urgent of
// all if all are over. There is at least one group.
func Worst(d *alert.Digest) *alert.Alert {
	for i := range d.Groups {
		if d.Groups[i].Alert.Status != alert.Resolved {
			return &d.Groups[i].Alert
		}
	}
	return &d.Groups[0].Alert
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
