package alert

import (
	"fmt"
	"strings"
)

// Severity orders alerts by urgency; a greater value is more urgent. The zero
// value is Warning: what a source does not grade is worth a look, and is
// neither swallowed by a filter nor reason enough to wake somebody.
type Severity int8

// The severities, from a remark to an emergency.
const (
	Info     Severity = iota - 2 // for the record
	Notice                       // worth knowing, nothing to do
	Warning                      // needs a look in working hours
	Major                        // needs work soon
	Critical                     // needs somebody now
)

// severityWords holds the canonical word of each severity, from Info up.
//
//nolint:gochecknoglobals // read-only table
var severityWords = [...]string{"info", "notice", "warning", "major", "critical"}

// String returns the lower-case English word for s.
func (s Severity) String() string {
	if s < Info || s > Critical {
		return fmt.Sprintf("Severity(%d)", int8(s))
	}
	return severityWords[s-Info]
}

// ParseSeverity maps a word used by monitoring systems to a Severity, without
// regard to letter case and surrounding blanks. For a word it does not know it
// returns Warning and false: keep the alert, and put the word into
// [Alert.Level].
func ParseSeverity(word string) (Severity, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical", "crit", "fatal", "emergency", "disaster", "紧急", "致命", "严重", "停服",
		"緊急", "嚴重", "致命的":
		return Critical, true
	case "major", "error", "err", "high", "重要", "错误", "重大":
		return Major, true
	case "warning", "warn", "minor", "average", "警告", "警报", "次要":
		return Warning, true
	case "notice", "attention", "low", "注意", "提醒", "通知":
		return Notice, true
	case "info", "information", "informational", "debug", "提示", "信息", "普通", "情報":
		return Info, true
	}
	return Warning, false
}

// MarshalText encodes s as its word.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Info || s > Critical {
		return nil, fmt.Errorf("alert: severity %d is out of range", int8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText decodes any word that [ParseSeverity] knows. An unknown word
// becomes Warning, never an error: a severity is no reason to lose an alert.
func (s *Severity) UnmarshalText(text []byte) error {
	*s, _ = ParseSeverity(string(text))
	return nil
}
