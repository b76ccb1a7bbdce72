package alert

import (
	"log/slog"
	"maps"
	"time"
	"unicode/utf8"
)

// An Alert is one statement by a monitoring system about one problem: it has
// begun, it is over, or nothing is known of it any more. News is the exception:
// a statement that is about no problem.
//
// It is a plain value. Write it as a literal, copy it freely, and call
// [Alert.Clone] before changing Labels, the only part that copies share. The
// zero value is a firing warning about nothing in particular; every Sender
// must accept it. All text is UTF-8 of any length: channels bound and clean
// it for their own wire.
type Alert struct {
	// Source names the system that raised the alert, such as "aliyun".
	Source string `json:"source,omitempty"`

	// ID is the identity of this event at its source. Two alerts with equal
	// Source and ID are one event delivered twice. Firing and resolved differ.
	ID string `json:"id,omitempty"`

	// Key is the identity of the problem at its source. The alert that reports
	// it and the one that resolves it share Source and Key. An empty Key
	// matches nothing.
	Key string `json:"key,omitempty"`

	// Status says whether the problem has begun or is over, or that the alert is
	// News and neither.
	Status Status `json:"status"`

	// Test marks a trial: a dry run of a console, a test button, a self-test. It
	// says nothing about a real problem. Every channel shows it as a test, and
	// nothing rings for it unless its owner asked for that.
	Test bool `json:"test,omitempty"`

	// Severity orders alerts by urgency. On a resolved alert it is the
	// severity of the problem that is over, so that filters keep the pair.
	Severity Severity `json:"severity"`

	// Level is the source's own word for the severity, as it spells it
	// ("WARN", "紧急", "P2"). [Alert.LevelWord] falls back to Severity.
	Level string `json:"level,omitempty"`

	Name     string `json:"name,omitempty"`     // what happened: rule or event name
	Summary  string `json:"summary,omitempty"`  // the details, for people
	Product  string `json:"product,omitempty"`  // product or service, such as "ecs"
	Region   string `json:"region,omitempty"`   // region or site, such as "cn-hangzhou"
	Resource string `json:"resource,omitempty"` // full resource identifier, such as an ARN
	Instance string `json:"instance,omitempty"` // name of the instance, for people

	// Labels holds what the source said beyond the fields above.
	Labels map[string]string `json:"labels,omitempty"`

	StartsAt time.Time `json:"startsAt,omitzero"` // when the problem began
	EndsAt   time.Time `json:"endsAt,omitzero"`   // when it ended; zero while it lasts

	// URL is a page where a person can see more, if the source gave one.
	URL string `json:"url,omitempty"`
}

// Clone returns a copy of a that shares nothing with it.
func (a Alert) Clone() Alert {
	a.Labels = maps.Clone(a.Labels)
	return a
}

// LevelWord returns the source's own word for the severity, or the word of
// Severity when the source gave none.
func (a Alert) LevelWord() string {
	if a.Level != "" {
		return a.Level
	}
	return a.Severity.String()
}

// Time returns the moment at which the alert changed to its Status: EndsAt of
// a resolved alert that has one, else StartsAt. It may be zero.
func (a Alert) Time() time.Time {
	if a.Status == Resolved && !a.EndsAt.IsZero() {
		return a.EndsAt
	}
	return a.StartsAt
}

// LogValue returns the fields that identify an alert in a log. Summary and
// Labels stay out: they are long and may hold personal data. A value longer
// than 256 bytes is cut, and ends in "…".
func (a Alert) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 11)
	attrs = append(attrs,
		slog.String("status", a.Status.String()),
		slog.String("severity", a.Severity.String()),
	)
	if a.Test {
		attrs = append(attrs, slog.Bool("test", true))
	}
	for _, f := range [...]struct{ key, value string }{
		{"source", a.Source}, {"id", a.ID}, {"key", a.Key}, {"level", a.Level},
		{"name", a.Name}, {"product", a.Product}, {"region", a.Region}, {"instance", a.Instance},
	} {
		if f.value != "" {
			attrs = append(attrs, slog.String(f.key, shorten(f.value)))
		}
	}
	return slog.GroupValue(attrs...)
}

// shorten cuts text for a log line to 256 bytes, at a rune boundary.
func shorten(text string) string {
	const limit, mark = 256, "…"
	if len(text) <= limit {
		return text
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
