package aliyun

import (
	"cmp"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// alert maps e, which says status of its problem.
func (e *Event) alert(status alert.Status) alert.Alert {
	content := leaves(e.Content, e.ContentText)
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
		Status:   status,
		Test:     e.DryRun(),
		ID:       e.id(content),
	}
	a.Key = e.key(a.Status, a.ID, content)
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
	if finished := e.contentTime("executeFinishTime", "end_time"); !finished.IsZero() {
		a.EndsAt = finished
	}
	if started := e.contentTime("executeStartTime", "start_time"); !started.After(a.EndsAt) {
		a.StartsAt = started
	}
}

// contentTime returns the time that the content has under the first of the
// keys that is there.
func (e *Event) contentTime(keys ...string) time.Time {
	for _, key := range keys {
		if text := e.Content.Get(key); text != "" {
			at, _ := eventTime(text)
			return at
		}
	}
	return time.Time{}
}

// key identifies the problem: what happened, and the objects it happened to.
// Neither the outcome of an operation nor anything else that differs between
// the beginning and the end belongs to it. A test has a key of its own kind, also
// where a placeholder leaves it without an object, and so has each piece of news:
// neither must be taken for a problem.
func (e *Event) key(status alert.Status, id string, content Fields) string {
	if status == alert.News {
		return "news/" + id
	}
	kind, about := "event", e.objects(content)
	switch {
	case e.DryRun():
		kind = "test"
	case len(about) == 0:
		return ""
	}
	// The digest hides the account, which is no matter for a title.
	return identity(kind, strings.ToLower(e.Product), e.problem(), digest(about...))
}

// id identifies the event. The vendor prints one id for several states, and
// nothing promises that it does not do so for several objects.
func (e *Event) id(content Fields) string {
	when := e.EventTime
	if e.ID == "" || when == "" {
		when += digest(e.everything(content)...)
	}
	where := append(flat(content), resourceKey(e.ResourceID), e.InstanceName)
	return identity("event", e.ID, e.Name, e.State(), when, digest(where...)[:16])
}

// everything returns all that the event says, in an order of its own.
func (e *Event) everything(content Fields) []string {
	own := []string{
		strings.ToLower(e.Product), e.Name, e.Level, e.Status, resourceKey(e.ResourceID), e.InstanceName, e.RegionID, e.UserID,
		e.ID, e.TraceID, e.GroupID, e.EventType, e.RuleName, e.EventTime,
	}
	return append(append(own, flat(leaves(e.Extra, ""))...), flat(content)...)
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
	s.add("status", e.Status)
	s.add("ruleName", e.RuleName)
	if e.Content == nil {
		s.add("content", e.ContentText)
	}
	for _, c := range e.Content.sorted() {
		if c.Value != e.UserID { // the number of the account is no matter for people
			s.add(c.Key, c.Value)
		}
	}
}

// labels returns what the event says beyond the fields of an alert.
func (e *Event) labels() map[string]string {
	var content string
	if e.Content == nil {
		content = e.ContentText
	}
	own := [...]Field{
		{"content", content}, {"eventType", e.EventType}, {"groupId", e.GroupID}, {"id", e.ID}, {"ruleName", e.RuleName},
		{"state", e.State()}, {"status", e.Status}, {"traceId", e.TraceID}, {"userId", e.UserID},
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
