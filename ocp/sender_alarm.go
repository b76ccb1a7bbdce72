package ocp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// Bounds of the alarm made of an alert.
const (
	maxPart  = 120 // bytes of one value in a target
	maxValue = 1024
	maxOwn   = 64 // labels of an alert that are kept
	maxSpace = 32 << 10
)

// Alarm returns what Send pushes for an alert.
func (s *Sender) Alarm(a alert.Alert) Alarm {
	alarm := Alarm{Type: s.alarmType, Target: target(&a), Labels: labels(&a)}
	if s.adjust != nil {
		alarm = s.adjust(a, alarm)
	}
	return alarm
}

// target returns the name of the problem that an alert is about: the same for
// everything that is said about it, and another one for every other problem.
func target(a *alert.Alert) string {
	parts := [][2]string{{"source", a.Source}, {"key", a.Key}}
	if a.Key == "" {
		parts = [][2]string{
			{"source", a.Source}, {"product", a.Product}, {"region", a.Region},
			{"resource", cmp.Or(a.Resource, a.Instance)}, {"name", a.Name},
		}
	}
	if a.Test {
		parts = slices.Insert(parts, 0, [2]string{"test", "true"})
	}
	var b strings.Builder
	for _, part := range parts {
		if part[1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(':')
		}
		b.WriteString(part[0] + "=" + targetValue(part[1]))
	}
	return cmp.Or(b.String(), "source=unknown")
}

// targetValue returns s in a form that holds nothing but letters, digits and a
// few signs: OCP takes targets apart at colons and equals signs. What was
// changed or cut gets a sum behind it, so that no two problems become one.
func targetValue(s string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./@+,#", r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(s, "_"))
	short := markup.OneLine(plain, maxPart)
	if short == s {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.TrimSuffix(short, "…") + "~" + hex.EncodeToString(sum[:6])
}

// labels returns the labels of an alert: its fields first, then its own ones
// by name, as far as there is room.
func labels(a *alert.Alert) map[string]string {
	all := map[string]string{}
	room := maxSpace
	add := func(name, value string) {
		value = markup.OneLine(value, maxValue)
		// A value may take six bytes a character in JSON.
		if size := len(name) + len(encodeJSON(value)) + len(`"":,`); value != "" && size <= room && all[name] == "" {
			all[name] = value
			room -= size
		}
	}
	name, test := a.Name, ""
	if a.Test {
		name, test = "[Test] "+name, "true"
	}
	for _, f := range [...][2]string{
		{"alert_test", test}, {"alert_status", a.Status.String()}, {"alert_severity", a.Severity.String()}, {"alert_level", a.LevelWord()},
		{"alert_source", a.Source}, {"alert_key", a.Key}, {"alert_name", name}, {"alert_summary", a.Summary},
		{"alert_product", a.Product}, {"alert_region", a.Region}, {"alert_resource", a.Resource},
		{"alert_instance", a.Instance}, {"alert_url", a.URL}, {"alert_starts_at", stamp(a.StartsAt)},
	} {
		add(f[0], f[1])
	}
	names := slices.Sorted(maps.Keys(a.Labels))
	for _, name := range names[:min(len(names), maxOwn)] {
		add(labelName(name), a.Labels[name])
	}
	return all
}

// labelName returns the name of a label as a template can use it. What would
// pass for a field of the alert, or for what OCP itself sets, is told apart.
func labelName(s string) string {
	const longest = 64
	name := strings.Map(func(r rune) rune {
		if isAlphanumeric(r) || r == '_' {
			return r
		}
		return '_'
	}, s)
	name = name[:min(len(name), longest)]
	if name == "" || strings.HasPrefix(name, "alert_") || strings.HasPrefix(name, "alarm_") {
		name = "label_" + name
	}
	return name
}

// stamp returns a time as OCP writes them, and nothing for one that it cannot
// write.
func stamp(t time.Time) string {
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}
