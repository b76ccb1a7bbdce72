package aliyun

import (
	"cmp"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// alert maps e. The raw text only serves as identity when nothing else does.
func (e *Event) alert(status StatusFunc, raw string) alert.Alert {
	region, object := cutARN(e.ResourceID)
	a := alert.Alert{
		Name:     e.Name,
		Product:  e.Product,
		Level:    e.Level,
		Region:   cmp.Or(e.RegionID, region),
		Instance: cmp.Or(e.InstanceName, e.Content.Get("instanceName"), e.Content.Get("ecsInstanceName"), object),
		Resource: e.ResourceID,
		Summary:  e.summary(),
		Labels:   e.labels(),
		Status:   status(e),
		Test:     e.DryRun(),
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
	s.b.Grow(len(e.ContentText) + 96) // JSON is longer than the lines made of it
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
	var content, dryRun string
	if e.Content == nil {
		content = e.ContentText
	}
	if e.DryRun() {
		dryRun = "true"
	}
	own := [...]Field{
		{"content", content}, {"dry_run", dryRun},
		{"eventType", e.EventType}, {"groupId", e.GroupID}, {"id", e.ID}, {"ruleName", e.RuleName},
		{"state", e.State()}, {"status", e.Status}, {"traceId", e.TraceID}, {"userId", e.UserID}, {"ver", e.Ver},
	}
	m := newLabels(e.Extra, e.Content, own[:])
	m.all("", e.Extra)
	m.all("content.", e.Content)
	m.all("", own[:])
	return m.orNil()
}

// cutARN returns the region and the object of
// acs:product:region:account:type/object.
func cutARN(arn string) (region, object string) {
	rest := arn
	for i := range 4 {
		part, after, ok := strings.Cut(rest, ":")
		if !ok {
			return "", ""
		}
		if i == 2 {
			region = part
		}
		rest = after
	}
	return region, rest[strings.LastIndexByte(rest, '/')+1:]
}
