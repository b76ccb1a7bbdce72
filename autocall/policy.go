package autocall

import (
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// A Verdict says whether somebody may be rung.
type Verdict uint8

// The verdicts.
const (
	Ring   Verdict = iota // now
	NotNow                // the call waits; its expiry does not
	Skip                  // the person is passed over, in this round
)

// A Policy decides, at the moment of a hand-out, whether a person may be rung.
// It is called under the lock of the queue: it must be quick and must not call
// the queue. If it panics the call waits.
type Policy func(now time.Time, s alert.Severity, p Person) Verdict

// Policies asks one policy after the other; the strictest verdict counts. One
// that is nil allows everything.
func Policies(all ...Policy) Policy {
	return func(now time.Time, s alert.Severity, p Person) Verdict {
		worst := Ring
		for _, policy := range all {
			if policy != nil {
				worst = max(worst, policy(now, s, p))
			}
		}
		return worst
	}
}

// Blocklist never rings the given numbers, in whatever way they are spelled.
func Blocklist(numbers ...string) Policy {
	blocked := make(map[string]bool)
	for _, number := range numbers {
		blocked[phone.Bare(number)] = true
	}
	return func(_ time.Time, _ alert.Severity, p Person) Verdict {
		if blocked[phone.Bare(p.Number)] {
			return Skip
		}
		return Ring
	}
}

// QuietHours rings nobody between from and to, times of day in the given
// zone, which may lie on two sides of midnight, unless the severity is at
// least that of an emergency. Equal times make no quiet hours, and no zone is
// UTC.
func QuietHours(from, to time.Duration, zone *time.Location, emergency alert.Severity) Policy {
	if zone == nil {
		zone = time.UTC
	}
	return func(now time.Time, s alert.Severity, _ Person) Verdict {
		hour, minute, second := now.In(zone).Clock()
		at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
		quiet := from <= at && at < to
		if from > to {
			quiet = at >= from || at < to
		}
		if quiet && s < emergency {
			return NotNow
		}
		return Ring
	}
}
