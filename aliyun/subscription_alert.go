package aliyun

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// event returns the system event that the subscription reports, completed from
// the rest of the message: some deliveries have no sysEventMeta, or one
// without names.
func (s *Subscription) event() *Event {
	e := Event{Content: s.Alert.Content, ContentText: s.Alert.ContentText}
	if s.Alert.Meta != nil {
		e = *s.Alert.Meta
	}
	a := &s.Alert
	e.Product = cmp.Or(e.Product, a.Product)
	e.Name = cmp.Or(e.Name, a.EventName, s.StrategyName)
	e.Level = cmp.Or(a.Severity, s.Severity, e.Level)
	e.ResourceID = cmp.Or(e.ResourceID, a.ARN)
	e.GroupID = cmp.Or(e.GroupID, a.GroupID)
	e.EventType = cmp.Or(e.EventType, a.EventType)
	e.TraceID = cmp.Or(e.TraceID, a.TraceID)
	e.UserID = cmp.Or(e.UserID, a.UserID, s.UserID)
	e.At = cmp.Or(a.At, e.At, s.At)
	return &e
}

// alert maps s. A policy without recovery says TRIGGERED of good news too, so
// the event is asked what it means.
func (s *Subscription) alert() alert.Alert {
	e := s.event()
	resolved := strings.EqualFold(strings.TrimSpace(s.Alert.AlertStatus), "RESOLVED")
	status := alert.Resolved
	if !resolved {
		status = e.meaning()
	}
	a := e.alert(status)
	if resolved {
		// The event may be the one that began the problem.
		a.EndsAt = cmp.Or(s.At, a.EndsAt)
	}
	// The event names its problem better than dedupId, which is the ID of the
	// event in the only public capture, and so differs from begin to end.
	if a.Key == "" && s.Alert.DedupID != "" {
		a.Key = identity("subscription", s.Alert.DedupID)
	}
	a.ID = identity("subscription", s.Alert.DedupID, s.Alert.AlertStatus, cmp.Or(s.Time, s.Alert.Timestamp, s.BatchID), digest(a.ID))
	a.Summary = s.summary(e)
	a.Labels = s.labels(e)
	return a
}

// summary says what happened and which policy sent it.
func (s *Subscription) summary(e *Event) string {
	var l lines
	if zh := e.Extra.Get("eventNameZh"); zh != e.Name {
		l.add("", zh)
	}
	if s.Merged > 0 {
		l.add("", fmt.Sprintf("合并 %d 条报警 (%[1]d alerts in one message)", s.Merged))
	}
	e.describe(&l)
	l.add("strategyName", s.StrategyName)
	return l.String()
}

// labels returns what the subscription says beyond the fields of an alert.
func (s *Subscription) labels(e *Event) map[string]string {
	a := &s.Alert
	own := [...]Field{
		{"alertStatus", a.AlertStatus}, {"batchId", s.BatchID}, {"dedupId", a.DedupID}, {"groupName", a.GroupName},
		{"project", a.Project}, {"source", a.Source}, {"strategyName", s.StrategyName},
		{"subscriptionUuid", s.Policy.SubscriptionUUID},
	}
	extra := e.Extra
	e.Extra = nil
	m := newLabels(s.Extra, a.Extra, e.Content, extra, own[:])
	m.all("", s.Extra)
	m.all("", a.Extra)
	maps.Copy(m, e.labels())
	m.all("meta.", extra)
	m.all("", own[:])
	if s.Merged > 0 {
		m["alertCount"] = strconv.Itoa(s.Merged)
	}
	return m.orNil()
}
