package ocp

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
)

// statusOf maps a word for a status, as the consoles, the API and the documents
// of OCP and ocp-express write it. A silenced or inhibited alarm lasts: what is
// silent about it is OCP. A word is plain if it says no more than firing or
// resolved.
func statusOf(word string) (s alert.Status, known, plain bool) {
	switch strings.ToLower(word) {
	case "active", "firing", "告警中", "警示中":
		return alert.Firing, true, true
	case "silenced", "shielded", "blocked", "屏蔽", "已屏蔽", "屏蔽中", "inhibited", "suppressed", "抑制", "已抑制", "抑制中":
		return alert.Firing, true, false
	case "inactive", "cleared", "eliminated", "recovered", "restored", "resolved",
		"已消除", "已清除", "已恢复", "已恢復", "恢复", "恢復", "已解除", "已解决", "已解決":
		return alert.Resolved, true, true
	case "expired", "已过期", "已過期":
		return alert.Resolved, true, false
	}
	return alert.Firing, false, word == ""
}

// status maps the status. A word that is known decides. Otherwise an alarm is
// over if it says when it ended; or if there is no word at all and the message
// begins like OCP's own template for recoveries. The rest counts as firing.
func (p *Payload) status() alert.Status {
	word := p.word("alarm_status", "alarm_status_native")
	if s, known, _ := statusOf(word); known {
		return s
	}
	ended := p.time("alarm_resolved_at")
	if !ended.IsZero() && !ended.Before(p.began()) || word == "" && announcesRecovery(p.Message) {
		return alert.Resolved
	}
	return alert.Firing
}

// announcesRecovery reports whether a message begins like one of OCP's
// templates for recoveries, where no log line can stand.
func announcesRecovery(message string) bool {
	return begins(message, "【OCP 告警恢复通知】", "【告警恢复通知】", "【OCP 警示恢復通知】", "[Alarm Recover Notification]", "[Alert clearance notification]")
}

// announcesAlarm reports whether a message begins like one of OCP's templates for
// alarms.
func announcesAlarm(message string) bool {
	return begins(message, "OCP 告警通知", "OCP告警通知", "【OCP 告警通知】", "【OCP告警通知】", "【告警通知】", "OCP 警示通知", "【OCP 警示通知】",
		"OCP Alarm Notification", "[OCP Alarm Notification]", "[Alarm Notification]", "[Alert notification]")
}

// begins reports whether a message begins with one of the headings. The marks of
// markdown in front do not matter.
func begins(message string, headings ...string) bool {
	message = strings.TrimLeft(message, "#* \t\r\n")
	return slices.ContainsFunc(headings, func(heading string) bool {
		return len(message) >= len(heading) && strings.EqualFold(message[:len(heading)], heading)
	})
}

// severity maps the level. A word that OCP does not use means what other systems
// mean by it; without a word the colour counts.
func (p *Payload) severity() alert.Severity {
	word := p.levelWord()
	n := levelNumber(word)
	if s, known := alert.ParseSeverity(word); n == 0 && known && word != "" {
		return s
	}
	// 0, an unknown level, is a Warning.
	return [...]alert.Severity{alert.Warning, alert.Critical, alert.Critical, alert.Warning, alert.Notice, alert.Info}[cmp.Or(n, colourLevel(p.text("alarm_level_color")))]
}

func (p *Payload) levelWord() string { return p.word("alarm_level", "alarm_level_native", "level") }

// levelNumber returns the number of a level, from 1, the worst, to 5, or 0 for
// a word that OCP does not use. In English the words crossed over the years:
// "Alert" and "Warning" are both level 3.
func levelNumber(word string) int {
	switch strings.ToLower(word) {
	case "1", "down", "stopped", "停服":
		return 1
	case "2", "critical", "严重", "嚴重":
		return 2
	case "3", "alert", "warning", "警告":
		return 3
	case "4", "caution", "注意":
		return 4
	case "5", "info", "reminder", "提醒":
		return 5
	}
	return 0
}

// colourLevel returns the number of the level that has a colour, or 0. Purple,
// red, orange, blue and green are documented; of their values only that of
// purple is, so that the hue decides.
func colourLevel(colour string) int {
	names := []string{"", "purple", "red", "orange", "blue", "green"}
	if n := slices.Index(names, strings.ToLower(colour)); n > 0 {
		return n
	}
	rgb, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != len("#722ED1") {
		return 0
	}
	r, g, b := float64(rgb>>16), float64(rgb>>8&255), float64(rgb&255)
	if max(r, g, b)-min(r, g, b) < 32 { // a grey
		return 0
	}
	switch hue := math.Atan2(math.Sqrt(3)*(g-b), 2*r-g-b) * 180 / math.Pi; { // degrees, 0 is red
	case hue < -115 || hue >= 165:
		return 4
	case hue < -60:
		return 1
	case hue < -20: // pink
		return 0
	case hue < 16:
		return 2
	case hue < 65:
		return 3
	}
	return 5
}

// word returns the first of the variables that holds a whole word. What was lost
// on the way says nothing: a program of Java that runs in a C locale writes a
// question mark for each letter that ASCII lacks.
func (p *Payload) word(names ...string) string {
	return p.firstBut(func(text string) bool { return isLost(text) || strings.Contains(text, "\uFFFD") }, names...)
}

// prose returns the first of the variables of which at least a part is left.
func (p *Payload) prose(names ...string) string { return p.firstBut(isLost, names...) }

// lost returns the variables whose text was lost, of those that matter most.
func (p *Payload) lost() (names []string) {
	for _, name := range [...]string{"alarm_status", "alarm_level"} {
		if p.text(name) != p.word(name) {
			names = append(names, name)
		}
	}
	for _, name := range [...]string{"alarm_name", "alarm_description"} {
		if p.text(name) != p.prose(name) {
			names = append(names, name)
		}
	}
	return names
}

// isLost reports whether nothing is left of a text but marks for characters
// that an encoding lacks, and at most punctuation between them.
func isLost(text string) bool {
	return strings.ContainsAny(text, "?？\uFFFD") &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

func (p *Payload) began() time.Time {
	return cmp.Or(p.time("alarm_active_at"), p.time("alarm_time"))
}

// parseTime reads RFC 3339, with or without a fraction, a colon in the offset
// and seconds. Times before 1970 and after 9999 are mistakes. The zone is kept:
// it is the one that people at the source read.
func parseTime(text string) time.Time {
	// Parse accepts a fraction of a second that the layout does not mention.
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, text)
		if year := t.UTC().Year(); err != nil || year < 1970 || year > 9999 || t.Year() < 1970 || t.Year() > 9999 {
			continue
		}
		// Parse takes time.Local where the offset happens to be that of the machine.
		if _, offset := t.Zone(); offset != 0 {
			return t.In(time.FixedZone("", offset))
		}
		return t.UTC()
	}
	return time.Time{}
}
