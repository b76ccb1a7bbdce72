package aliyun

import "strings"

// labels collects the labels of an alert.
type labels map[string]string

// newLabels returns labels with room for what a callback usually says.
func newLabels() labels { return make(labels, 24) }

// add sets a label unless it says nothing.
func (m labels) add(key, value string) {
	if value != "" {
		m[key] = value
	}
}

// all adds fields under a prefix.
func (m labels) all(prefix string, fields Fields) {
	for _, f := range fields {
		m.add(prefix+f.Key, f.Value)
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
