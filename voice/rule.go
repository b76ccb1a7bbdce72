package voice

import (
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Rule may withhold a call: it returns why, or "" to let it be placed. It is
// asked for each callee just before the call, with the worst severity among the
// alerts that are not resolved, is called concurrently, and must be quick. The
// reason stands in the Result and in the log; it must hold no number.
//
// Who is withheld counts as dealt with, as an alert that alert.Only drops: the
// operator wanted it so.
type Rule func(now time.Time, s alert.Severity, c Callee) (why string)

// Rules returns a Rule with the objections of all of them: the first one
// counts. A nil Rule objects to nothing.
func Rules(rules ...Rule) Rule {
	rules = append([]Rule(nil), rules...)
	return func(now time.Time, s alert.Severity, c Callee) string {
		for _, rule := range rules {
			if why := rule.ask(now, s, c); why != "" {
				return why
			}
		}
		return ""
	}
}

// QuietHours withholds calls from one time of day to another, both counted
// from midnight in zone, as its clocks show them: 22*time.Hour to 8*time.Hour
// is the night. Equal times are no quiet hours, a nil zone is that of the
// machine. Alerts of at least the severity loud ring all the same.
func QuietHours(from, to time.Duration, zone *time.Location, loud alert.Severity) Rule {
	if zone == nil {
		zone = time.Local
	}
	return func(now time.Time, s alert.Severity, _ Callee) string {
		if s >= loud || !within(timeOfDay(now.In(zone)), from, to) {
			return ""
		}
		return "quiet hours"
	}
}

// timeOfDay returns what a clock shows.
func timeOfDay(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}

// within reports whether t is in the span that begins at from and ends before
// to, perhaps on the next day.
func within(t, from, to time.Duration) bool {
	if from <= to {
		return from <= t && t < to
	}
	return t >= from || t < to
}

// Block withholds every call to some callees, at whatever severity: user names,
// or numbers in the spelling that is used to call them.
func Block(usersOrNumbers ...string) Rule {
	blocked := make([]secret.Text, 0, len(usersOrNumbers))
	for _, entry := range usersOrNumbers {
		if entry = strings.TrimSpace(entry); entry != "" {
			blocked = append(blocked, secret.New(entry))
		}
	}
	return func(_ time.Time, _ alert.Severity, c Callee) string {
		for _, entry := range blocked {
			if s := entry.Reveal(); s == c.User || phone.Bare(s) == c.Number.Reveal() {
				return "blocked"
			}
		}
		return ""
	}
}

// ask asks a Rule that may be nil.
func (r Rule) ask(now time.Time, s alert.Severity, c Callee) string {
	if r == nil {
		return ""
	}
	return r(now, s, c)
}

// split divides callees into those who may be called, with their places, and
// the results of the others.
func (r Rule) split(callees []Callee, s alert.Severity, results []Result) (allowed []Callee, at []int) {
	now := time.Now()
	for i, c := range callees {
		if why := r.ask(now, s, c); why != "" {
			results[i] = Result{Callee: c, State: Withheld, Reason: markup.OneLine(why, maxReason)}
			continue
		}
		allowed, at = append(allowed, c), append(at, i)
	}
	return allowed, at
}
