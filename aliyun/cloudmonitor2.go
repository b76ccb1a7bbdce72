package aliyun

import (
	"strings"
	"time"
)

// A CloudMonitor2 is an alert of CloudMonitor 2.0, as a notification object of
// the type webhook sends it. Texts are as the vendor spelled them, and each may
// be missing.
type CloudMonitor2 struct {
	ID        string // of the notification
	Status    string // OCCURRED, PERSISTENT, RESOLVED or RECOVERED
	Subtype   string // NORMAL_TRIGGER or NORMAL_RESOLVE; counts only without Status
	Severity  string // CRITICAL, WARNING, INFO; ERROR; 紧急, 错误, 警告, 普通; P1 to P4
	Subject   string // name of the rule
	Message   string // alertMessage
	RuleID    string
	EntityID  string // alertEntityId, such as ecs:i-aaaa
	Workspace string
	UserID    string // account
	TraceID   string

	Timestamp string    // milliseconds as they came
	Time      string    // RFC 3339 as it came
	At        time.Time // Timestamp, else Time in its own zone; zero if neither can be read

	Entity      Entity
	Tags        Fields // of the resource
	Labels      Fields
	Annotations Fields

	Value     string // what was measured
	Threshold string // what it was compared with
	Operator  string // how, such as >

	URL string // the first usable of the links to the alert, the entity and the rule

	Extra Fields // other fields
}

// An Entity is the object that an alert of CloudMonitor 2.0 is about.
type Entity struct {
	Domain     string // product, such as ecs
	Type       string // such as instance
	ID         string
	Properties Fields
}

// looksLikeCloudMonitor2 tells whether the fields are an alert of CloudMonitor
// 2.0. It is asked last: some deliveries lack specversion, type and ruleId, and
// what is left are common words.
func looksLikeCloudMonitor2(fields []field) bool {
	entity, message, rule := find(fields, "alertEntityId"), find(fields, "alertMessage"), find(fields, "ruleId")
	switch {
	case entity+message+rule+find(fields, "subject") == "":
		return false
	case entity+message != "", strings.EqualFold(find(fields, "type"), "ALERT"):
		return true
	}
	switch strings.ToUpper(find(fields, "status")) {
	case "OCCURRED", "PERSISTENT", "RESOLVED", "RECOVERED":
		return true
	}
	return rule != "" || strings.HasPrefix(strings.ToUpper(find(fields, "subtype")), "NORMAL_")
}

// find returns the text of the field with this name, without regard to letter
// case, or "".
func find(fields []field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.key, name) && !f.isNull() {
			text, _ := f.text()
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// cloudMonitor2 reads an alert of CloudMonitor 2.0.
func (r *reader) cloudMonitor2(fields []field) *CloudMonitor2 {
	c := &CloudMonitor2{}
	c.Extra = r.read(fields, map[string]*string{
		"id": &c.ID, "status": &c.Status, "subtype": &c.Subtype, "severity": &c.Severity, "subject": &c.Subject,
		"alertmessage": &c.Message, "ruleid": &c.RuleID, "alertentityid": &c.EntityID, "workspace": &c.Workspace,
		"userid": &c.UserID, "traceid": &c.TraceID, "timestamp": &c.Timestamp, "time": &c.Time,
	}, func(key string, f field) bool {
		switch key {
		case "labels":
			c.Labels, _ = r.members(f)
		case "annotations":
			c.Annotations, _ = r.members(f)
		case "resource":
			r.resource(c, f)
		case "data":
			return r.measurement(c, f)
		case "type", "specversion", "datacontenttype":
		default:
			return false
		}
		return true
	})
	c.URL = link(c.Extra, "alertHistoryUrl", "alertUrl", "entityUrl", "alertRuleUrl", "ruleUrl")
	var ok bool
	if c.At, ok = unixTime(c.Timestamp); !ok {
		r.problem("timestamp", "not a time")
	}
	if c.At.IsZero() {
		if c.At, ok = eventTime(c.Time); !ok {
			r.problem("time", "not a time")
		}
	}
	r.grade("severity", c.Severity)
	return c
}

// resource reads the field resource: the entity and its tags.
func (r *reader) resource(c *CloudMonitor2, f field) {
	for _, f := range r.inner(f) {
		switch strings.ToLower(f.key) {
		case "entity":
			r.entity(&c.Entity, f)
		case "tags":
			c.Tags, _ = r.members(f)
		default:
			f.key = "resource." + f.key
			c.Extra = keep(c.Extra, f)
		}
	}
}

// entity reads the object that the alert is about.
func (r *reader) entity(e *Entity, f field) {
	rest := r.read(r.inner(f), map[string]*string{
		"domain": &e.Domain, "entity_type": &e.Type, "entitytype": &e.Type, "entity_id": &e.ID, "entityid": &e.ID,
	}, func(key string, f field) bool {
		if key == "prop" || key == "properties" {
			e.Properties, _ = r.members(f)
			return true
		}
		return false
	})
	e.Properties = append(e.Properties, rest...)
}

// measurement reads the field data: what was measured and the threshold. It
// reports false if it is something else.
func (r *reader) measurement(c *CloudMonitor2, f field) bool {
	object, ok := f.object()
	if !ok {
		return false
	}
	for _, f := range split(nil, object) {
		switch strings.ToLower(f.key) {
		case "value":
			c.Value = f.value()
		case "threshold":
			c.Threshold = f.value()
		case "comparisonoperator":
			c.Operator = f.value()
		default:
			f.key = "data." + f.key
			c.Extra = keep(c.Extra, f)
		}
	}
	return true
}
