package check

import (
	"fmt"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// A tracker follows one check. Its zero value begins with a clean slate.
type tracker struct {
	standing Standing

	// How many looks in a row showed this, or worse. A look that shows nothing
	// is no proof that a problem has gone, nor that it has not: it ends a row of
	// good ones and no other.
	good, warning, critical, unknown int

	began time.Time // the first look since all was well that showed something else
}

// observe counts a finding, and returns the status to announce if it makes a
// difference after so many bad or good ones in a row.
//
// While a problem is open its severity only rises, so that a disk that moves
// around its second threshold does not ring at each turn.
func (t *tracker) observe(l Level, now time.Time, bad, good int) (alert.Status, bool) {
	t.count(l, now)
	severity, isBad := alert.Warning, t.warning >= bad
	if t.critical >= bad {
		severity = alert.Critical
	}
	s := &t.standing
	switch {
	case isBad && (!s.Open || s.NoData || severity > s.Severity):
		if s.Open {
			severity = max(severity, s.Severity)
		}
		s.Severity, s.Open, s.NoData = severity, true, false
		return alert.Firing, true
	case t.unknown >= bad && !s.NoData:
		if !s.Open {
			s.Severity = alert.Warning
		}
		s.Open, s.NoData = true, true
		t.warning, t.critical = 0, 0 // what was bad before is to be seen anew
		return alert.NoData, true
	case t.good >= good && s.Open:
		s.Open, s.NoData = false, false
		return alert.Resolved, true
	}
	return 0, false
}

// count keeps the rows.
func (t *tracker) count(l Level, now time.Time) {
	if l != Good && t.warning+t.unknown == 0 {
		t.began = now
	}
	switch l {
	case Good:
		t.good, t.warning, t.critical, t.unknown = t.good+1, 0, 0, 0
	case Warning:
		t.good, t.warning, t.critical, t.unknown = 0, t.warning+1, 0, 0
	case Critical:
		t.good, t.warning, t.critical, t.unknown = 0, t.warning+1, t.critical+1, 0
	default:
		t.good, t.unknown = 0, t.unknown+1
	}
}

// announce makes the alert of a change. Its ID holds the moment: the next change
// is another event, and one that is sent again after a restart is the same.
func (t *tracker) announce(status alert.Status, c *Check, source, text string, now time.Time) alert.Alert {
	now = now.UTC().Truncate(time.Millisecond)
	s := &t.standing
	if s.Since.IsZero() {
		s.Since = t.began.UTC().Truncate(time.Millisecond)
	}
	a := alert.Alert{
		Source: source, Key: c.Key, ID: fmt.Sprintf("%s/%s/%d", c.Key, status, now.UnixMilli()),
		Status: status, Severity: s.Severity, Name: c.Name, Summary: text,
		Instance: c.Instance, Resource: c.Resource, StartsAt: s.Since,
	}
	if status == alert.Resolved {
		a.EndsAt = now
		t.standing = Standing{}
	}
	return a
}
