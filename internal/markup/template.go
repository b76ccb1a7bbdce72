package markup

import (
	"errors"
	"io"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// maxEscaped bounds what Escape returns, in bytes.
const maxEscaped = 64 << 10

// Escape returns text as one line in which nothing is markup.
func Escape(text string, d Dialect) string {
	w := Writer{Mark: "…", Dialect: d}
	w.Line(text, maxEscaped)
	return string(w.Buf)
}

// escape returns a with nothing in it that is markup. The summary keeps its line
// breaks, in the way of the form.
func (f *Form) escape(a alert.Alert) alert.Alert {
	for _, s := range [...]*string{
		&a.Source, &a.ID, &a.Key, &a.Level, &a.Name, &a.Product, &a.Region, &a.Resource, &a.Instance,
	} {
		*s = Escape(*s, f.Dialect)
	}
	w := Writer{Mark: "…", Dialect: f.Dialect}
	w.Lines(a.Summary, maxEscaped, f.Break)
	a.Summary, a.URL = string(w.Buf), URL(a.URL, f.SpecialURL, maxEscaped)
	labels := a.Labels
	a.Labels = make(map[string]string, len(labels))
	for name, value := range labels {
		a.Labels[Escape(name, f.Dialect)] = Escape(value, f.Dialect)
	}
	return a
}

// Execute returns what a template makes of alerts whose text is escaped, in at
// most limit: of what is longer whole lines are left out at the end, which shows.
func Execute(t interface {
	Execute(w io.Writer, data any) error
}, f *Form, alerts []alert.Alert, limit int) (string, error) {
	escaped := make([]alert.Alert, len(alerts))
	for i, a := range alerts {
		escaped[i] = f.escape(a)
	}
	var b strings.Builder
	if err := t.Execute(&b, escaped); err != nil {
		return "", err
	}
	w := Writer{Runes: f.Runes}
	text := strings.ToValidUTF8(strings.TrimSuffix(b.String(), "\n"), "\uFFFD")
	if w.sizeString(text) <= limit {
		return text, nil
	}
	for text != "" {
		text = text[:max(0, strings.LastIndexByte(text, '\n'))]
		if w.sizeString(text)+len("\n…") <= limit && text != "" {
			return text + "\n…", nil
		}
	}
	return "", errors.New("the first line that the template makes is longer than a message")
}
