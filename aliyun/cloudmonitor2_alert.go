package aliyun

import (
	"cmp"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// status returns what the alert says about its problem. Status decides, and
// Subtype only where there is none: OCCURRED with NORMAL_RESOLVE is firing.
func (c *CloudMonitor2) status() alert.Status {
	word := strings.ToUpper(strings.TrimSpace(cmp.Or(c.Status, c.Subtype)))
	switch word {
	case "RESOLVED", "RECOVERED", "NORMAL_RESOLVE":
		return alert.Resolved
	}
	return alert.Firing
}

// alert maps c. The raw text only serves as identity when nothing else does.
func (c *CloudMonitor2) alert(raw string) alert.Alert {
	domain, object, _ := strings.Cut(c.EntityID, ":")
	if object == "" {
		domain, object = "", c.EntityID
	}
	a := alert.Alert{
		Status:  c.status(),
		Level:   c.Severity,
		Name:    cmp.Or(c.Subject, c.Message, c.RuleID),
		Product: cmp.Or(c.Entity.Domain, domain),
		Region: cmp.Or(
			c.Tags.first("regionId", "region", "RegionId"), c.Labels.first("_cms_region", "regionId", "region"),
			c.Entity.Properties.first("regionId", "region_id", "region"),
		),
		Instance: cmp.Or(
			c.Entity.Properties.first("instanceName", "instance_name", "name"), c.Tags.first("instanceName"),
			c.Entity.ID, object, c.Labels.first("instanceName", "instanceId", "instance"),
		),
		Resource: cmp.Or(c.EntityID, c.Entity.ID),
		Summary:  c.summary(),
		Labels:   c.labels(),
		URL:      c.URL,
	}
	a.Severity, _ = grade(c.Severity)
	if a.Status == alert.Resolved {
		a.EndsAt = c.At
	} else {
		a.StartsAt = c.At
	}
	a.Key, a.ID = c.identities(raw)
	return a
}

// identities returns Key and ID. The rule and the object make the problem, and
// the labels too: one rule watches several disks of one machine.
func (c *CloudMonitor2) identities(raw string) (key, id string) {
	what := []string{c.Workspace, c.UserID, c.RuleID, c.EntityID, c.Entity.Domain, c.Entity.Type, c.Entity.ID}
	if c.RuleID == "" {
		what = append(what, c.Subject)
	}
	if c.RuleID+c.EntityID+c.Entity.ID+c.Subject != "" || len(c.Labels) > 0 {
		for _, l := range c.Labels.sorted() {
			switch l.Key {
			case "severity", "level", "status", "value", "current_value": // may change while the problem lasts
			default:
				what = append(what, l.Key, l.Value)
			}
		}
		key = identity("cloudmonitor2", digest(what...))
	}
	when := cmp.Or(c.Timestamp, c.Time)
	if c.ID == "" || when == "" {
		when += textDigest(raw)
	}
	return key, identity("cloudmonitor2", c.ID, c.Status, c.Subtype, c.Severity, when, digest(key)[:16])
}

// summary says what happened, what was measured, and on what.
func (c *CloudMonitor2) summary() string {
	var s lines
	s.add("", c.Message)
	value := c.Value
	if value != "" && c.Threshold != "" {
		value += " (" + strings.TrimSpace(c.Operator+" "+c.Threshold) + ")"
	}
	s.add("value", value)
	s.add("entity", strings.Trim(c.Entity.Type+" "+cmp.Or(c.Entity.ID, c.EntityID), " "))
	for _, f := range public(c.Annotations).sorted() {
		if f.Value != c.Message {
			s.add(f.Key, f.Value)
		}
	}
	return s.String()
}

// labels returns what the alert says beyond its own fields.
func (c *CloudMonitor2) labels() map[string]string {
	m := common(Fields{
		{"alertEntityId", c.EntityID}, {"comparisonOperator", c.Operator}, {"id", c.ID}, {"ruleId", c.RuleID},
		{"status", c.Status}, {"subtype", c.Subtype}, {"threshold", c.Threshold}, {"traceId", c.TraceID},
		{"userId", c.UserID}, {"value", c.Value}, {"workspace", c.Workspace}, {"entityType", c.Entity.Type},
		{"entityId", c.Entity.ID},
	}, c.Extra, c.Labels, c.Annotations)
	m.all("tag.", public(c.Tags))
	m.all("entity.", public(c.Entity.Properties))
	return m.orNil()
}
