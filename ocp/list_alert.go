package ocp

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// eventSource is the Source of alerts made of events.
const eventSource = "ocp"

// key returns the identity of the problem: the vendor calls the same rule
// about the same object one alarm, whatever the id.
func (e *Event) key() string { return e.AlarmType + ":" + e.Target }

// is reports whether the event has a status.
func (e *Event) is(status string) bool { return strings.EqualFold(e.Status, status) }

// Alert returns the event as an alert. Its Key is made of AlarmType and
// Target, so that what recurs under another id is the same problem; its ID of
// the id, the status and the level, so that each change is an event of its
// own. An event that is Inactive is Resolved; every other one is Firing, also
// if it is silenced.
func (e Event) Alert() alert.Alert {
	a := alert.Alert{
		Source: eventSource, Key: e.key(), Severity: eventSeverity(e.Level), Level: eventLevel(e.Level),
		Name: cmp.Or(e.Name, e.Labels["alarm_name"], e.AlarmType), Summary: cmp.Or(e.Description, e.Summary),
		Product: e.AppType, Resource: e.Target,
		Instance: cmp.Or(e.Labels["svr_ip"], e.Labels["host_ip"], e.Labels["ob_tenant"], e.Labels["ob_cluster"]),
		Labels:   e.Labels, StartsAt: e.ActiveAt, URL: e.Labels["alarm_url"],
	}
	if e.is("Inactive") {
		a.Status, a.EndsAt = alert.Resolved, e.ResolvedAt
	}
	a.ID = e.ID + "/" + a.Status.String() + "/" + strconv.Itoa(e.Level)
	return a.Clone()
}

// eventSeverity orders a level of OCP, of which 1 is the worst, among the
// severities. An alarm without a level is a Warning.
func eventSeverity(level int) alert.Severity {
	switch level {
	case 1, 2:
		return alert.Critical
	case 4:
		return alert.Notice
	case 5:
		return alert.Info
	}
	return alert.Warning
}

// eventLevel returns the vendor's word for a level. "Alert" is its third.
func eventLevel(level int) string {
	words := [...]string{"Down", "Critical", "Alert", "Caution", "Info"}
	if level < 1 || level > len(words) {
		return ""
	}
	return words[level-1]
}
