package speech

import (
	"fmt"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// maxName bounds each of the short parts of a message, in runes: what a
// listener keeps in mind.
const maxName = 60

// Message returns what the voice says about any number of alerts, at least
// one, in at most limit runes: how many there are, how bad the worst is, what
// it is, and how many others are like it. The numbers add up to the number of
// alerts.
//
// What the listener needs comes first: a listener without patience, and a cut,
// loses the details. A limit of 40 runes holds the total and the severity in
// every language.
func (v Voice) Message(alerts []alert.Alert, limit int) string {
	d := alert.NewDigest(alerts)
	worst := markup.Worst(&d)
	count := countOf(&d, worst)
	parts := []string{v.opening(worst, d.Total)}
	for _, s := range []string{worst.Product, worst.Instance, worst.Name} {
		if s = v.Clean(s, maxName); s != "" {
			parts = append(parts, s)
		}
	}
	if d.Total > 1 {
		parts = append(parts, v.rest(count, d.Total-count))
	}
	if s := v.Clean(worst.Summary, max(limit, 1)); s != "" {
		parts = append(parts, s)
	}
	return v.bound(strings.Join(parts, v.comma()), limit)
}

// countOf returns the number of alerts in the group that a stands for.
func countOf(d *alert.Digest, a *alert.Alert) int {
	for i := range d.Groups {
		if &d.Groups[i].Alert == a {
			return d.Groups[i].Count
		}
	}
	return 0
}

// opening says what the call is about, how many alerts there are, and how
// urgent the worst of them is.
func (v Voice) opening(worst *alert.Alert, total int) string {
	words := []string{v.Locale.Title(worst.Status)}
	if total > 1 {
		words = append(words, v.Locale.Count(total))
	}
	if worst.Status != alert.Resolved {
		words = append(words, v.Locale.Severity(worst.Severity))
	}
	return strings.Join(words, v.comma())
}

// rest counts the alerts like the one that was named, and the others if there
// are any.
func (v Voice) rest(same, others int) string {
	like, more := "此类 %d 条", "其他 %d 条"
	switch v.Locale {
	case alert.English:
		like, more = "%d like this", "%d more"
	case alert.Japanese:
		like, more = "同種 %d 件", "ほか %d 件"
	}
	if others == 0 {
		return fmt.Sprintf(like, same)
	}
	return fmt.Sprintf(like+v.comma()+more, same, others)
}

// comma makes a voice pause.
func (v Voice) comma() string {
	switch v.Locale {
	case alert.English:
		return ", "
	case alert.Japanese:
		return "、"
	}
	return "，"
}

// bound cuts a message that was made of clean parts.
func (v Voice) bound(s string, limit int) string {
	w := markup.Writer{Mark: v.Locale.Cut(), Runes: true}
	w.Line(s, limit)
	return string(w.Buf)
}
