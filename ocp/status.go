package ocp

import (
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// statusOf maps a word for a status. A silenced or inhibited alarm lasts: what
// is silent about it is OCP.
func statusOf(word string) (alert.Status, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "active", "告警中", "警示中", "silenced", "屏蔽", "已屏蔽", "inhibited", "抑制", "已抑制":
		return alert.Firing, true
	case "inactive", "cleared", "已消除":
		return alert.Resolved, true
	}
	return alert.Firing, false
}

// isPlainStatus reports whether a word says no more than firing or resolved.
func isPlainStatus(word string) bool {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "", "active", "告警中", "警示中", "inactive", "cleared", "已消除":
		return true
	}
	return false
}

// announcesRecovery reports whether a message begins like one of OCP's
// templates for recoveries. The heading marks of markdown in front do not
// matter. No log line can forge it: a template begins with its own text.
func announcesRecovery(message string) bool {
	message = strings.TrimLeft(message, "# \t\r\n")
	for _, heading := range [...]string{
		"【OCP 告警恢复通知】", "【告警恢复通知】", "【OCP 警示恢復通知】", "[Alarm Recover Notification]", "[Alert clearance notification]",
	} {
		if len(message) >= len(heading) && strings.EqualFold(message[:len(heading)], heading) {
			return true
		}
	}
	return false
}
