package alert

import (
	"errors"
	"time"
)

const day = 24 * time.Hour

// QuietHours are a time of day in which only urgent alerts ring. What is held is
// not lost: it may ring when they end.
type QuietHours struct {
	// From and To are times of day as the clocks of Zone show them, counted from
	// midnight, in whole minutes: 22*time.Hour to 8*time.Hour is the night. Equal
	// times are no quiet hours. Where clocks change, what they show decides: an
	// hour that they show twice is quiet twice, and quiet hours that end in an hour
	// that is left out end after it.
	From, To time.Duration

	// Zone is where the clocks are. Nil is the zone of the machine, time.Local.
	Zone *time.Location

	// Loud is the least severity that rings all the same: Major or Critical.
	// Critical+1 silences everything. Default, which Warning means too: Critical.
	Loud Severity
}

// check returns what is wrong with q, or nil.
func (q QuietHours) check() error {
	for _, t := range [...]time.Duration{q.From, q.To} {
		if t < 0 || t > day || t%time.Minute != 0 {
			return errors.New("quiet hours must be whole minutes from 0 to 24 hours after midnight")
		}
	}
	return nil
}

// left returns how long an alert must wait, or 0.
func (q QuietHours) left(now time.Time, s Severity) time.Duration {
	loud, zone := q.Loud, q.Zone
	if loud == Warning {
		loud = Critical
	}
	if zone == nil {
		zone = time.Local
	}
	if s >= loud || !q.includes(now.In(zone)) {
		return 0
	}
	// Asking the clock for each minute is right on days of 23 and 25 hours too.
	end := now.In(zone).Truncate(time.Minute).Add(time.Minute)
	for end.Sub(now) < 2*day && q.includes(end) {
		end = end.Add(time.Minute)
	}
	return end.Sub(now)
}

// includes reports whether a clock that shows t shows quiet hours.
func (q QuietHours) includes(t time.Time) bool {
	h, m, _ := t.Clock()
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	from, to := q.From%day, q.To%day
	switch {
	case q.From == 0 && q.To == day:
		return true
	case from <= to:
		return from <= at && at < to
	}
	return at >= from || at < to
}
