package alert

import (
	"fmt"
	"strings"
)

// Locale selects the language of the few words that Tocsin itself adds to a
// message. Text from the source is never translated. The zero value is
// Chinese; a value out of range speaks Chinese too.
//
// All methods are pure: safe for concurrent use and without state.
type Locale uint8

// The languages.
const (
	Chinese Locale = iota
	English
	Japanese
)

// Field names a part of a rendered alert.
type Field uint8

// The parts a card may show, and the member of [Alert] each one shows.
const (
	FieldTime     Field = iota // Alert.Time
	FieldStatus                // Alert.Status
	FieldSource                // Alert.Source
	FieldProduct               // Alert.Product
	FieldLevel                 // Alert.Level, or the word for Alert.Severity
	FieldRegion                // Alert.Region
	FieldInstance              // Alert.Instance
	FieldResource              // Alert.Resource
	FieldContent               // Alert.Name: what happened
	FieldDetails               // Alert.Summary
	FieldLink                  // Alert.URL
)

// ParseLocale maps the name of a language to a Locale: "zh", "en" and "ja",
// alone or as the head of a language tag or POSIX locale ("zh-CN",
// "zh_CN.UTF-8", "en-US", "ja_JP@calendar"), in any letter case. Any other
// word is an error.
func ParseLocale(word string) (Locale, error) {
	language := strings.TrimSpace(word)
	if i := strings.IndexAny(language, "-_.@"); i >= 0 {
		language = language[:i]
	}
	switch strings.ToLower(language) {
	case "zh":
		return Chinese, nil
	case "en":
		return English, nil
	case "ja":
		return Japanese, nil
	}
	return Chinese, fmt.Errorf("alert: unknown locale %.40q (want zh, en or ja)", word)
}

// String returns the ISO 639-1 code of the language: "zh", "en" or "ja".
func (l Locale) String() string {
	switch l {
	case Chinese:
		return "zh"
	case English:
		return "en"
	case Japanese:
		return "ja"
	}
	return fmt.Sprintf("Locale(%d)", uint8(l))
}

// MarshalText encodes l as its language code.
func (l Locale) MarshalText() ([]byte, error) {
	if l > Japanese {
		return nil, fmt.Errorf("alert: locale %d is out of range", uint8(l))
	}
	return []byte(l.String()), nil
}

// UnmarshalText decodes any word that [ParseLocale] knows and refuses others.
// With MarshalText it makes a Locale fit for flag.TextVar.
func (l *Locale) UnmarshalText(text []byte) error {
	parsed, err := ParseLocale(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

// Field returns the name of f, such as "云产品" or "Product", without a colon:
// renderers punctuate. It is empty for a field out of range.
func (l Locale) Field(f Field) string {
	words := l.words()
	if int(f) >= len(words.field) {
		return ""
	}
	return words.field[f]
}

// Status returns the word for s, such as "告警中" or "Firing". A status out of
// range gets the word of Firing, since it must not pass for good news.
func (l Locale) Status(s Status) string {
	words := l.words()
	if int(s) >= len(words.status) {
		s = Firing
	}
	return words.status[s]
}

// Severity returns the word for s, such as "紧急" or "Critical". Values out of
// range get the nearest word.
func (l Locale) Severity(s Severity) string {
	return l.words().severity[min(max(s, Info), Critical)-Info]
}

// Level returns what stands at [FieldLevel]: the source's own word, or the
// word for the severity when the source gave none.
func (l Locale) Level(a Alert) string {
	if a.Level != "" {
		return a.Level
	}
	return l.Severity(a.Severity)
}

// Title returns the title of a card about alerts in the state s, such as
// "告警通知" or "Resolved".
func (l Locale) Title(s Status) string {
	words := l.words()
	if int(s) >= len(words.title) {
		s = Firing
	}
	return words.title[s]
}

// Test returns the word that marks an alert with [Alert.Test]: "测试", "Test".
func (l Locale) Test() string { return l.words().test }

// Count returns the phrase that counts the alerts of a message: "共 5000 条告警".
func (l Locale) Count(n int) string {
	switch l {
	case English:
		return plural(n, "alert")
	case Japanese:
		return fmt.Sprintf("アラート 計 %d 件", n)
	}
	return fmt.Sprintf("共 %d 条告警", n)
}

// More returns the phrase for what a message leaves out: so many alerts in so
// many groups, "另有 4990 条（37 组）未列出". Give 0 groups to leave them out of
// the phrase.
func (l Locale) More(alerts, groups int) string {
	switch {
	case l == English && groups > 0:
		return fmt.Sprintf("%s in %s not listed", plural(alerts, "more alert"), plural(groups, "group"))
	case l == English:
		return fmt.Sprintf("%s not listed", plural(alerts, "more alert"))
	case l == Japanese && groups > 0:
		return fmt.Sprintf("ほか %d 件（%d グループ）は省略", alerts, groups)
	case l == Japanese:
		return fmt.Sprintf("ほか %d 件は省略", alerts)
	case groups > 0:
		return fmt.Sprintf("另有 %d 条（%d 组）未列出", alerts, groups)
	}
	return fmt.Sprintf("另有 %d 条未列出", alerts)
}

// Others returns the phrase that follows the named instances of a group and
// counts the n alerts about other instances, with the blank that separates
// it where the language has one: "i-1、i-2" + " 等，另有 8 条". It is empty for 0.
func (l Locale) Others(n int) string {
	if n == 0 {
		return ""
	}
	switch l {
	case English:
		return fmt.Sprintf(" and %d more", n)
	case Japanese:
		return fmt.Sprintf(" ほか %d 件", n)
	}
	return fmt.Sprintf(" 等，另有 %d 条", n)
}

// Separator returns what stands between the items of a list: "、" or ", ".
func (l Locale) Separator() string {
	if l == English {
		return ", "
	}
	return "、"
}

// Cut returns the mark that a shortened text ends in: "…（已截断）".
func (l Locale) Cut() string {
	switch l {
	case English:
		return "… (cut)"
	case Japanese:
		return "…（省略）"
	}
	return "…（已截断）"
}

// plural counts nouns that take an s.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
