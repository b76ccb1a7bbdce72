package aliyun

import (
	"strings"
	"unicode/utf8"
)

// labels collects the labels of an alert.
type labels map[string]string

// newLabels returns labels with room for the given fields and no more: most of
// what one callback can say, another does not.
func newLabels(lists ...Fields) labels {
	n := 0
	for _, fields := range lists {
		for _, f := range fields {
			if f.Value != "" {
				n++
			}
		}
	}
	return make(labels, n)
}

// all adds the fields that say something, under a prefix.
func (m labels) all(prefix string, fields Fields) {
	for _, f := range fields {
		if f.Value != "" {
			m[prefix+f.Key] = f.Value
		}
	}
}

// orNil returns m, or nil if it is empty, as it comes back from JSON.
func (m labels) orNil() map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

// lines collects the summary of an alert: plain text, one statement a line.
type lines struct {
	b strings.Builder
}

// add appends a line unless it says nothing.
func (l *lines) add(key, value string) {
	if value == "" {
		return
	}
	if l.b.Len() > 0 {
		l.b.WriteByte('\n')
	}
	if key != "" {
		l.b.WriteString(key)
		l.b.WriteString(": ")
	}
	l.b.WriteString(value)
}

// String returns the lines.
func (l *lines) String() string { return l.b.String() }

// cut returns text in at most limit bytes, and shows that it is cut.
func cut(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return text
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
