package aliyun

import (
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// grade maps the words for a severity of CloudMonitor 2.0, ARMS and the log
// service: those of [alert.ParseSeverity], P1 to P4, and 10 to 2.
func grade(word string) (alert.Severity, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "p0", "p1", "10":
		return alert.Critical, true
	case "p2", "8", "高":
		return alert.Major, true
	case "p3", "6", "medium", "中":
		return alert.Warning, true
	case "4", "低":
		return alert.Notice, true
	case "p4", "2", "report", "report only", "仅报告":
		return alert.Info, true
	}
	return alert.ParseSeverity(word)
}

// grade maps word and notes one that it does not know.
func (r *reader) grade(key, word string) {
	if _, ok := grade(word); !ok && strings.TrimSpace(word) != "" {
		r.problem(key, "unknown level")
	}
}

// public returns the fields that are not about people.
func public(fields Fields) Fields {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return personal(f.Key) })
}

// common returns the labels that all of these shapes have: fields of their own,
// extra ones, labels and annotations.
func common(own, extra, named, annotations Fields) labels {
	m := newLabels(own, extra, named, annotations)
	m.all("", extra)
	m.all("label.", public(named))
	m.all("annotation.", public(annotations))
	m.all("", own)
	return m
}

// pairs returns the keys and values of fields in one order, as parts of an
// identity.
func pairs(fields Fields) []string {
	var parts []string
	for _, f := range fields.sorted() {
		parts = append(parts, f.Key, f.Value)
	}
	return parts
}

// first returns the value of the first of the keys that has one.
func (f Fields) first(keys ...string) string {
	for _, key := range keys {
		if value := strings.TrimSpace(f.Get(key)); value != "" {
			return value
		}
	}
	return ""
}
