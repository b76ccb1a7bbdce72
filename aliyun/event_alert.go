package aliyun

import (
	"cmp"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// alert maps e. The raw text only serves as identity when nothing else does.
func (e *Event) alert(status StatusFunc, raw string) alert.Alert {
	a := alert.Alert{
		Name:     e.Name,
		Product:  e.Product,
		Level:    e.Level,
		Region:   cmp.Or(e.RegionID, arnRegion(e.ResourceID)),
		Instance: cmp.Or(e.InstanceName, e.Content.Get("instanceName"), e.Content.Get("ecsInstanceName"), arnObject(e.ResourceID)),
		Resource: e.ResourceID,
		Summary:  e.summary(),
		Labels:   e.labels(),
		Status:   status(e),
		Key:      e.key(),
		ID:       e.id(raw),
	}
	a.Severity, _ = level(e.Level)
	e.setTimes(&a)
	return a
}

// setTimes sets the times of a, whose Status is decided.
func (e *Event) setTimes(a *alert.Alert) {
	if a.Status != alert.Resolved {
		a.StartsAt = e.At
		return
	}
	a.EndsAt = e.At
	if finished, ok := eventTime(e.Content.Get("executeFinishTime")); ok && !finished.IsZero() {
		a.EndsAt = finished
	}
	if started, ok := eventTime(e.Content.Get("executeStartTime")); ok && !started.After(a.EndsAt) {
		a.StartsAt = started
	}
}

// key identifies the problem: the maintenance task of ECS, or else the
// resource and what happened to it. An outcome such as started or failed makes
// a problem of its own, so that deduplication by Key does not swallow the
// second message about an operation.
func (e *Event) key() string {
	what := e.Content.Get("eventId")
	resource := e.ResourceID
	if resource == "" || strings.Contains(resource, "{") {
		resource += e.InstanceName // a placeholder names nothing
	}
	if what == "" && resource != "" {
		what = digest(resource) // it holds the account, which is no matter for a title
	}
	if what == "" {
		return ""
	}
	return identity("event", strings.ToLower(e.Product), problemName(strings.ToLower(e.Name)), what, e.outcome())
}

// id identifies the event. The vendor prints one id for several states, and
// nothing promises that it does not do so for several resources.
func (e *Event) id(raw string) string {
	when := e.EventTime
	if e.ID == "" || when == "" {
		when += digest(raw)
	}
	where := digest(e.ResourceID, e.InstanceName)[:16]
	return identity("event", e.ID, e.Name, e.State(), e.outcome(), when, where)
}

// summary says what the event says beyond name, product, level and place.
func (e *Event) summary() string {
	var s lines
	e.describe(&s)
	return s.String()
}

// describe adds the details of the event to s.
func (e *Event) describe(s *lines) {
	if e.DryRun() {
		s.add("", "测试 (dry run)")
	}
	s.add("status", e.Status)
	s.add("ruleName", e.RuleName)
	if e.Content == nil {
		s.add("content", e.ContentText)
	}
	for _, c := range e.Content.sorted() {
		s.add(c.Key, c.Value)
	}
}

// labels returns what the event says beyond the fields of an alert.
func (e *Event) labels() map[string]string {
	m := newLabels()
	m.all("", e.Extra)
	m.all("content.", e.Content)
	if e.Content == nil {
		m.add("content", e.ContentText)
	}
	if e.DryRun() {
		m.add("dry_run", "true")
	}
	m.add("eventType", e.EventType)
	m.add("groupId", e.GroupID)
	m.add("id", e.ID)
	m.add("ruleName", e.RuleName)
	m.add("state", e.State())
	m.add("status", e.Status)
	m.add("traceId", e.TraceID)
	m.add("userId", e.UserID)
	m.add("ver", e.Ver)
	return m.orNil()
}

// arnRegion returns the region of acs:product:region:account:object.
func arnRegion(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[2]
	}
	return ""
}

// arnObject returns what acs:product:region:account:type/object is about.
func arnObject(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 {
		return ""
	}
	return parts[4][strings.LastIndexByte(parts[4], '/')+1:]
}
