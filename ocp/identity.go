package ocp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/inbound"
)

// problemKey identifies the problem: the event that OCP made of it, which its
// recovery shares; or else the rule and the object, which together are what
// OCP calls one alarm. What a channel aggregates is a problem of its own, for
// as long as the group lasts.
func (p *Payload) problemKey() string {
	id, rule, target := p.text("alarm_id"), p.text("alarm_type"), p.text("alarm_target")
	switch {
	case p.isGroup():
		return inbound.Identity("group", rule, inbound.Digest(p.group()...))
	case id != "":
		return inbound.Identity("alarm", id)
	case rule != "" && target != "":
		return inbound.Identity("rule", rule, inbound.Digest(target))
	}
	return ""
}

// isGroup reports whether the channel aggregates and says by what. Then a group
// of one has the Key that it keeps when it grows.
func (p *Payload) isGroup() bool {
	return (p.isAggregated() || p.text("alarm_group_by") != "") && p.first("alarm_type", "alarm_group_by") != ""
}

// group returns what tells one group from another: cluster, criteria, and the
// values of those that come without one. Id, times, values and the target are
// those of one of the alarms, which may be another one next time; only if there
// are no criteria do tenant and target stand in for them.
func (p *Payload) group() []string {
	parts := []string{p.cluster(), p.text("ob_cluster_id")}
	criteria := strings.FieldsFunc(p.text("alarm_group_by"), func(r rune) bool { return strings.ContainsRune(",，;； \t\r\n", r) })
	if len(criteria) == 0 {
		return append(parts, p.first("ob_tenant", "tenant_name"), p.text("alarm_target"))
	}
	slices.Sort(criteria)
	for _, one := range criteria {
		if known := p.text(one); known != "" && one != "alarm_status" && !strings.Contains(one, "=") {
			one += "=" + known
		}
		parts = append(parts, one)
	}
	return parts
}

// eventID identifies what is said of the problem. OCP repeats an active alarm
// every few minutes, with another time of update and perhaps another value:
// that is the same event. Another level, another number of aggregated alarms,
// the recovery and a new beginning are events of their own.
func (p *Payload) eventID() string {
	key, began := p.problemKey(), p.began()
	switch {
	case key == "":
		return inbound.Identity("message", inbound.Digest(string(encodeJSON(p.Values))))
	case began.IsZero() && (p.isGroup() || p.text("alarm_id") == ""):
		return "" // a repetition and a new beginning look the same, and nothing may be dropped
	}
	level := strings.ToLower(p.levelWord())
	if n := levelNumber(level); n != 0 {
		level = strconv.Itoa(n)
	}
	parts := []string{p.status().String(), level, instant(began), instant(p.time("alarm_resolved_at"))}
	if p.isGroup() {
		parts = append(parts, p.text("alarm_count"))
	}
	return inbound.Identity(key, parts...)
}

// instant writes a time in a form that does not depend on its zone.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("20060102T150405.999Z")
}
