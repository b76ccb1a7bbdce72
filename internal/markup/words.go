package markup

import (
	"slices"

	"github.com/tocsin-go/tocsin/alert"
)

// Title returns the title of a message about alerts in the state s, marked if
// they are tests, with a count if there is one: "【测试】【告警通知】共 2 条告警".
func Title(l alert.Locale, s alert.Status, test bool, count string) string {
	title, mark := l.Title(s), ""
	if l != alert.English {
		if test {
			mark = "【" + l.Test() + "】"
		}
		return mark + "【" + title + "】" + count
	}
	if test {
		mark = "[" + l.Test() + "] "
	}
	if count != "" {
		title += ": " + count
	}
	return mark + title
}

// State returns the word for the state of an alert, behind that for a test if
// it is one.
func State(l alert.Locale, a *alert.Alert) string {
	if a.Test {
		return l.Test() + " " + l.Status(a.Status)
	}
	return l.Status(a.Status)
}

// Colon returns what follows the name of a field.
func Colon(l alert.Locale) string {
	if l == alert.English {
		return ": "
	}
	return ":"
}

// Quiet reports whether a message about the alerts mentions nobody: there is
// nothing to hurry for in news. Tests do mention, since that is to be tried too.
func Quiet(alerts []alert.Alert) bool {
	return !slices.ContainsFunc(alerts, func(a alert.Alert) bool { return a.Status != alert.News })
}
