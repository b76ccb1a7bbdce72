package speech

import (
	"fmt"
	"slices"
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
// alerts. Tests are counted by themselves; a message about nothing else begins
// by saying that it is one.
//
// What the listener needs comes first: a listener without patience, and a cut,
// loses the details. A limit of 40 runes holds the total and, but for tests, the
// severity in every language.
func (v Voice) Message(alerts []alert.Alert, limit int) string {
	d := alert.NewDigest(alerts)
	worst := &d.Groups[0].Alert
	count, tests := countOf(&d, worst)
	total := d.Total - tests
	parts := []string{v.opening(worst, total)}
	for _, s := range []string{worst.Product, worst.Instance, worst.Name} {
		if s = v.Clean(s, maxName); s != "" {
			parts = append(parts, s)
		}
	}
	if total > 1 {
		parts = append(parts, v.rest(count, total-count))
	}
	if tests > 0 {
		parts = append(parts, v.besides(tests))
	}
	if s := v.Clean(worst.Summary, max(limit, 1)); s != "" {
		parts = append(parts, s)
	}
	return v.bound(strings.Join(parts, v.comma()), limit)
}

// countOf returns the number of alerts in the group that a stands for, and that
// of the tests beside it, if it is none itself.
func countOf(d *alert.Digest, a *alert.Alert) (same, tests int) {
	for i := range d.Groups {
		g := &d.Groups[i]
		if &g.Alert == a {
			same = g.Count
		}
		if g.Alert.Test && !a.Test {
			tests += g.Count
		}
	}
	return same, tests
}

// opening says what the call is about, how many alerts there are, and how
// urgent the worst of them is.
func (v Voice) opening(worst *alert.Alert, total int) string {
	words := []string{v.Locale.Title(worst.Status)}
	switch {
	case worst.Test && v.Locale == alert.English:
		words = slices.Insert(words, 0, "This is a test")
	case worst.Test:
		words = slices.Insert(words, 0, v.Locale.Test())
	}
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

// besides counts the tests that came with what is real.
func (v Voice) besides(tests int) string {
	switch {
	case v.Locale == alert.English && tests == 1:
		return "plus 1 test"
	case v.Locale == alert.English:
		return fmt.Sprintf("plus %d tests", tests)
	case v.Locale == alert.Japanese:
		return fmt.Sprintf("ほかにテスト %d 件", tests)
	}
	return fmt.Sprintf("另有测试 %d 条", tests)
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
