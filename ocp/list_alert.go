package ocp

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// is reports whether the event has a status.
func (e *Event) is(status string) bool { return strings.EqualFold(e.Status, status) }

// Alert returns the event as an alert. Its Key is made of the id, and its ID of
// that, the status, the level and the times, so that each change is an event of
// its own: both are those of the same alarm out of a script channel. An event
// that is Inactive is Resolved; every other one is Firing, also if it is
// silenced.
func (e Event) Alert() alert.Alert {
	a := alert.Alert{
		Source: Source, Key: "alarm/" + e.ID, Severity: levelSeverity(e.Level), Level: eventLevel(e.Level),
		Name: cmp.Or(e.Name, e.Labels["alarm_name"], e.AlarmType), Summary: cmp.Or(e.Description, e.Summary),
		Product: e.AppType, Resource: e.Target,
		Instance: cmp.Or(e.Labels["svr_ip"], e.Labels["host_ip"], e.Labels["ob_tenant"], e.Labels["ob_cluster"]),
		Labels:   e.Labels, StartsAt: e.ActiveAt, URL: e.Labels["alarm_url"],
	}
	if e.is("Inactive") {
		a.Status, a.EndsAt = alert.Resolved, e.ResolvedAt
	}
	a.ID = strings.Join([]string{a.Key, a.Status.String(), strconv.Itoa(e.Level), instant(e.ActiveAt), instant(a.EndsAt)}, "/")
	return a.Clone()
}

// eventLevel returns the vendor's word for a level. "Alert" is its third.
func eventLevel(level int) string {
	words := [...]string{"Down", "Critical", "Alert", "Caution", "Info"}
	if level < 1 || level > len(words) {
		return ""
	}
	return words[level-1]
}
