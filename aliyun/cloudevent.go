package aliyun

import (
	"cmp"
	"encoding/base64"
	"maps"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// A CloudEvent is the envelope in which EventBridge delivers an event:
// CloudEvents 1.0, structured mode. What it carries is in the [Callback] beside
// it; data of no known shape becomes an Event that is named by Type.
type CloudEvent struct {
	ID      string // unique together with Source
	Source  string // such as acs.cms
	Type    string // such as cms:CloudMonitor:AgentStatusStopped
	Subject string // the resource
	Time    string // RFC 3339 as it came

	Extra Fields // extension attributes, such as aliyunregionid

	opaque bool // the data have no known shape
}

// looksLikeCloudEvent tells whether the fields are an envelope. CloudMonitor
// 2.0 has specversion, type, and sometimes source too, but neither the data of
// an event nor a type with colons.
func looksLikeCloudEvent(fields []field) bool {
	for _, f := range fields {
		if strings.EqualFold(f.key, "data_base64") {
			return true
		}
		if !strings.EqualFold(f.key, "data") {
			continue
		}
		if object, ok := f.object(); ok {
			if s := signs(split(nil, object)); s.product && s.name || s.alertState {
				return find(fields, "type") != ""
			}
		}
	}
	kind, source := find(fields, "type"), find(fields, "source")
	if kind == "" || source == "" || strings.EqualFold(kind, "ALERT") {
		return false
	}
	if strings.Contains(kind, ":") {
		return true
	}
	return find(fields, "specversion") != "" && !looksLikeCloudMonitor2(fields)
}

// cloudEvent reads an envelope and what it carries into c.
func (r *reader) cloudEvent(c *Callback, fields []field) (*Callback, error) {
	e := &CloudEvent{}
	data := field{raw: "null"}
	e.Extra = r.read(fields, map[string]*string{
		"id": &e.ID, "source": &e.Source, "type": &e.Type, "subject": &e.Subject, "time": &e.Time,
	}, func(key string, f field) bool {
		switch key {
		case "data":
			data = f
		case "data_base64":
			text, _ := f.text()
			decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
			if err != nil {
				r.problem("data_base64", "not base64")
				return true
			}
			data = field{key: "data", raw: trimBlank(validText(string(decoded))), plain: true}
		case "specversion", "datacontenttype", "dataschema":
		default:
			return false
		}
		return true
	})
	if e.Type == "" {
		return nil, refuse(ErrUnknown, "", fields)
	}
	c.CloudEvent = e
	object, ok := data.object()
	var inner []field
	if ok {
		inner = split(nil, object)
	}
	switch s := signs(inner); {
	case r.unmistakable(c, s, inner):
	case s.product || s.name || ok && strings.Contains(e.Type, ":CloudMonitor:"):
		c.Event = r.event(inner)
	case looksLikeCloudMonitor2(inner):
		c.CloudMonitor2 = r.cloudMonitor2(inner)
	default:
		e.opaque = true
		c.Event = &Event{Product: e.product()}
		c.Event.Content, c.Event.ContentText = r.members(data)
	}
	if c.Event != nil {
		e.fill(c.Event)
	}
	return r.finish(c, fields)
}

// product returns the product that the source names: ecs for acs.ecs.
func (e *CloudEvent) product() string {
	product, ok := strings.CutPrefix(strings.ToLower(e.Source), "acs")
	if !ok || len(product) < 2 {
		return e.Source
	}
	return product[1:]
}

// fill completes an event from its envelope, so that its Key is the one that
// CloudMonitor's own callback would give it.
func (e *CloudEvent) fill(event *Event) {
	product := e.product()
	if product == "cms" {
		product = "CloudMonitor"
	}
	event.Product = cmp.Or(event.Product, product)
	event.Name = cmp.Or(event.Name, e.name())
	event.ID = cmp.Or(event.ID, e.ID)
	event.UserID = cmp.Or(event.UserID, e.Extra.Get("aliyunoriginalaccountid"), e.Extra.Get("aliyunaccountid"))
	if event.ResourceID+event.InstanceName == "" {
		event.ResourceID = e.Subject
	}
	if region, _ := cutARN(event.ResourceID); region == "" {
		event.RegionID = cmp.Or(event.RegionID, e.Extra.Get("aliyunregionid"))
	}
	if event.At.IsZero() {
		event.EventTime = cmp.Or(event.EventTime, e.Time)
		event.At, _ = eventTime(e.Time)
	}
}

// name returns the name of the event in CloudMonitor's spelling, as far as Type
// says it: Agent_Status_Stopped for cms:CloudMonitor:AgentStatusStopped, and
// Instance:Reboot:Executed for ecs:CloudMonitor:Instance[Reboot:Executed].
func (e *CloudEvent) name() string {
	_, name, ok := strings.Cut(e.Type, ":CloudMonitor:")
	if !ok {
		return e.Type
	}
	if strings.Contains(name, "[") {
		return strings.TrimSuffix(strings.Replace(name, "[", ":", 1), "]")
	}
	if strings.ContainsAny(name, ":_") {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if i > 0 && 'A' <= name[i] && name[i] <= 'Z' && 'a' <= name[i-1] && name[i-1] <= 'z' {
			b.WriteByte('_')
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// complete adds the envelope to an alert made of what it carries.
func (e *CloudEvent) complete(a *alert.Alert) {
	m := make(labels, len(a.Labels)+len(e.Extra)+3)
	maps.Copy(m, a.Labels)
	m.all("cloudevent.", Fields{{"source", e.Source}, {"subject", e.Subject}, {"type", e.Type}})
	m.all("cloudevent.", e.Extra)
	a.Labels = m
	if e.opaque && e.Subject != "" { // the part behind the account, which is no matter for people
		subject := e.Subject[strings.LastIndexByte(e.Subject, ':')+1:]
		a.Summary = strings.TrimSuffix("subject: "+subject+"\n"+a.Summary, "\n")
	}
}
