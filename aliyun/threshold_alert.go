package aliyun

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// thresholdStatus maps alertState. An unknown state counts as firing.
func thresholdStatus(state string) (alert.Status, bool) {
	switch strings.ToUpper(strings.TrimSpace(state)) {
	case "ALERT", "ALARM":
		return alert.Firing, true
	case "OK":
		return alert.Resolved, true
	case "INSUFFICIENT_DATA":
		return alert.NoData, true
	}
	return alert.Firing, false
}

// level maps the vendor's word for a severity.
func level(word string) (alert.Severity, bool) { return alert.ParseSeverity(word) }

// isOK tells whether a level says that there is none.
func isOK(word string) bool { return strings.EqualFold(strings.TrimSpace(word), "OK") }

// severity returns the severity of the problem and the vendor's word for it.
// On recovery triggerLevel is OK and the previous level tells how bad it was.
func (t *Threshold) severity() (alert.Severity, string) {
	word := t.TriggerLevel
	if word == "" || isOK(word) {
		word = t.PreTriggerLevel
	}
	if isOK(word) {
		word = ""
	}
	if s, ok := level(t.TriggerLevel); ok {
		return s, word
	}
	s, _ := level(t.PreTriggerLevel)
	return s, word
}

// alert maps t.
func (t *Threshold) alert() alert.Alert {
	a := alert.Alert{
		Name:     cmp.Or(t.AlertName, t.MetricName, t.RawMetricName),
		Product:  cmp.Or(t.MetricProject, t.Namespace),
		Region:   cmp.Or(t.RegionID, t.Dimensions.Get("regionId"), t.Dimensions.Get("region")),
		Instance: cmp.Or(t.InstanceName, t.object()),
		Resource: t.object(),
		Summary:  t.summary(),
		Labels:   t.labels(),
	}
	a.Status, _ = thresholdStatus(t.AlertState)
	a.Severity, a.Level = t.severity()
	if a.Status == alert.Resolved {
		a.EndsAt = t.At
	} else {
		a.StartsAt = t.At
	}
	a.Key, a.ID = t.identities(a.Labels)
	return a
}

// identities returns Key and ID. The vendor's transId lasts from trigger to
// recovery, and older bodies have the rule, the oldest only names. All of them
// say which object of a rule it is about, and the levels of a rule are one
// problem that gets worse or better.
func (t *Threshold) identities(labels map[string]string) (key, id string) {
	what := t.TransID
	if what == "" && (t.RuleID != "" || t.AlertName != "" || t.MetricName != "") {
		what = cmp.Or(t.RuleID, digest(t.UserID, cmp.Or(t.Namespace, t.MetricProject), t.MetricName, t.AlertName))
	}
	where := t.about()
	if what != "" {
		key = identity("threshold", what, where)
	}
	when := t.Timestamp
	if what == "" || when == "" {
		rest := make(Fields, 0, len(labels))
		for k, v := range labels {
			rest = append(rest, Field{k, v})
		}
		when += digest(append(flat(leaves(rest, "")), t.AlertName, t.InstanceName, t.RegionID)...)
	}
	return key, identity("threshold", what, where, t.AlertState, t.TriggerLevel, when)
}

// about identifies the object of the rule: the dimensions, in whatever order
// they came, and the name of the instance and the group where the dimensions
// name nothing.
func (t *Threshold) about() string {
	var about []string
	for _, d := range t.Dimensions.sorted() {
		about = append(about, d.Key, d.Value)
	}
	if t.object() == "" {
		about = append(about, t.DimensionsText, t.InstanceName, t.GroupID)
	}
	return digest(about...)[:16]
}

// object names what the alert is about: the instance of the dimensions, or all
// dimensions that do not name the account or the region.
func (t *Threshold) object() string {
	if id := t.Dimensions.Get("instanceId"); id != "" {
		return id
	}
	var parts []string
	for _, d := range t.Dimensions.sorted() {
		switch d.Key {
		case "userId", "region", "regionId":
		default:
			parts = append(parts, d.Key+"="+d.Value)
		}
	}
	return strings.Join(parts, ", ")
}

// summary says what was measured, against which condition, and on what.
func (t *Threshold) summary() string {
	var s lines
	head := cmp.Or(t.MetricName, t.RawMetricName)
	if t.CurValue != "" {
		head += " = " + t.CurValue + t.Unit
	}
	if condition := readable(t.Expression); condition != "" {
		head += " (" + condition + ")"
	}
	s.add("", strings.TrimSpace(head))
	s.add("lastTime", t.LastTime)
	s.add("productGroupName", t.ProductGroupName)
	for _, d := range t.Dimensions.sorted() {
		if d.Key != "userId" {
			s.add(d.Key, d.Value)
		}
	}
	for _, l := range t.CustomLabels.sorted() {
		s.add(l.Key, l.Value)
	}
	return s.String()
}

// readable returns the conditions of the JSON text that the documentation of
// 2018 prints as expression, and every other expression as it is.
func readable(expression string) string {
	var list []struct{ Expression string }
	if !strings.HasPrefix(expression, "[") || json.Unmarshal([]byte(expression), &list) != nil {
		return expression
	}
	conditions := make([]string, 0, len(list))
	for _, e := range list {
		conditions = append(conditions, e.Expression)
	}
	return strings.Join(conditions, ", ")
}

// labels returns what the alert says beyond its own fields.
func (t *Threshold) labels() map[string]string {
	own := [...]Field{
		{"alertState", t.AlertState}, {"curValue", t.CurValue}, {"expression", t.Expression},
		{"groupId", t.GroupID}, {"lastTime", t.LastTime}, {"metricName", t.MetricName}, {"namespace", t.Namespace},
		{"preTriggerLevel", t.PreTriggerLevel}, {"productGroupName", t.ProductGroupName},
		{"rawMetricName", t.RawMetricName}, {"regionName", t.RegionName}, {"ruleId", t.RuleID},
		{"transId", t.TransID}, {"triggerLevel", t.TriggerLevel}, {"unit", t.Unit}, {"userId", t.UserID},
	}
	m := newLabels(t.Extra, t.Dimensions, t.CustomLabels, own[:])
	m.all("", t.Extra)
	m.all("dimension.", t.Dimensions)
	m.all("label.", t.CustomLabels)
	m.all("", own[:])
	return m.orNil()
}
