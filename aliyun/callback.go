package aliyun

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// Source is the [alert.Alert] Source of every alert from this package.
const Source = "aliyun"

// A Callback is what was sent, read but not yet interpreted. Either Parts is
// set, or exactly one of Threshold, Event, Subscription, CloudMonitor2, LogAlert
// and Alertmanager. It shares memory with nothing and may be read concurrently.
type Callback struct {
	Threshold     *Threshold
	Event         *Event
	Subscription  *Subscription
	CloudMonitor2 *CloudMonitor2
	LogAlert      *LogAlert
	Alertmanager  *Alertmanager

	// CloudEvent is the envelope in which EventBridge delivered one of the
	// above; nil if there was none.
	CloudEvent *CloudEvent

	// Parts are the elements of a JSON array, each read by itself: a merged push
	// of the log service, a batch of CloudEvents, or any other shape.
	Parts []*Callback

	// Unread says why an element of Parts or of Alertmanager.Alerts gave no
	// alert, for at most 32 of them: somebody should be told.
	Unread []*Error

	// Problems names the fields that could not be read as expected, at most
	// 32 of them, and never their values.
	Problems []string

	// Raw is the body as it came, or the query when there was no body. It may
	// hold personal data: a subscription names the owner of the account there
	// (userInfo), and nowhere else in a Callback.
	Raw string
}

// Parse reads a callback from the raw query of the URL and the body of the
// request, and keeps a copy of what it needs. The body counts; the query is
// read if the body is blank. Media type and method are not needed: text that
// begins with "{" is JSON and everything else a form.
//
// Keys are matched without regard to ASCII letter case, and of a key given
// twice the last value counts. Every error is an [*Error]. Time and memory are
// linear in the size of the input, which the caller bounds ([MaxBody]).
func Parse(query string, body []byte) (*Callback, error) {
	raw := string(body)
	text := trimBlank(raw)
	noBody := text == ""
	switch {
	case noBody:
		raw, text = query, query
	case text[0] == '{', text[0] == '[':
		return parseJSON(raw, text)
	}
	r := &reader{}
	fields := r.form(text)
	c, err := r.understand(raw, fields)
	if errors.Is(err, ErrUnknown) {
		if data := carried(fields); data != "" {
			return parseJSON(raw, data)
		}
	}
	switch {
	case noBody && errors.Is(err, ErrUnknown): // a query about something else
		return nil, refuse(ErrEmpty, "", fields)
	case !noBody && len(fields) == 0:
		return nil, &Error{Kind: ErrSyntax, Detail: "neither JSON nor a form"}
	}
	return c, err
}

// carried returns the JSON that a form carries in its field data or body: so
// the vendor describes deliveries of JSON by GET and by POST.
func carried(fields []field) string {
	for _, f := range fields {
		if f.key == "data" || f.key == "body" {
			return trimBlank(f.raw)
		}
	}
	return ""
}

// parseJSON reads text that must be a JSON object or an array of them.
func parseJSON(raw, text string) (*Callback, error) {
	if !json.Valid([]byte(text)) {
		return nil, &Error{Kind: ErrSyntax, Detail: whereInvalid(text)}
	}
	switch text[0] {
	case '{':
	case '[':
		return parseArray(raw, text)
	default:
		return nil, &Error{Kind: ErrSyntax, Detail: "JSON, but not an object"}
	}
	var room [24]field
	return new(reader).understand(raw, split(room[:0], text))
}

// whereInvalid says where JSON is broken without quoting it.
func whereInvalid(text string) string {
	var ignored json.RawMessage
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal([]byte(text), &ignored)); ok {
		return fmt.Sprintf("invalid JSON at byte %d of %d", e.Offset, len(text))
	}
	return "invalid JSON"
}

// trimBlank removes a byte order mark and the blanks around text. Some editors
// and consoles add them.
func trimBlank(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\uFEFF"))
}

// understand decides which shape the fields have and reads it.
func (r *reader) understand(raw string, fields []field) (*Callback, error) {
	c := &Callback{Raw: raw}
	s := signs(fields)
	switch {
	case r.unmistakable(c, s, fields):
	case s.product && s.name && !s.specVersion:
		c.Event = r.event(fields)
	case looksLikeCloudEvent(fields):
		return r.cloudEvent(c, fields)
	case looksLikeCloudMonitor2(fields):
		c.CloudMonitor2 = r.cloudMonitor2(fields)
	case s.product && s.name:
		c.Event = r.event(fields)
	case len(fields) == 0:
		return nil, &Error{Kind: ErrEmpty}
	default:
		return nil, refuse(ErrUnknown, "", fields)
	}
	return r.finish(c, fields)
}

// unmistakable reads a shape that has keys which no other has, and reports
// false if there are none.
func (r *reader) unmistakable(c *Callback, s tellTale, fields []field) bool {
	switch {
	case s.alertObject && s.envelope:
		c.Subscription = r.subscription(fields)
	case s.alertState:
		c.Threshold = r.threshold(fields)
	case s.alerts && (s.group || !s.product || !s.name):
		c.Alertmanager = r.alertmanager(fields)
	case s.logService || s.logRule && s.logState:
		c.LogAlert = r.logAlert(fields)
	default:
		return false
	}
	return true
}

// finish hands over what was noted while c was read.
func (r *reader) finish(c *Callback, fields []field) (*Callback, error) {
	if c.Alertmanager.empty() {
		if len(r.unread) > 0 {
			return nil, refuse(ErrUnknown, "", fields)
		}
		return nil, refuse(ErrEmpty, "", fields)
	}
	c.Problems, c.Unread = r.problems, r.unread
	return c, nil
}

// Alerts returns the alerts that the callback stands for, at least one: one for
// each element of Parts and of Alertmanager.Alerts, one for what Alertmanager
// left out, and one for every other shape.
//
// Most shapes say their state, and so does a subscription that says RESOLVED; a
// word that is not known is firing. Every event begins a problem ([alert.Firing]), ends one
// ([alert.Resolved]) or is [alert.News], by the vendor's tables of system events
// and by rules for names that no table has. An event that no rule knows begins a
// problem. The severity is the vendor's, whatever the event means.
//
// In each alert, ID is the same for a redelivery and differs for another state,
// object or time. Key is the same for the alert and its recovery: it names the
// problem, and the object inside the resource where the content names one. It is
// empty if the callback does not say what it is about. News and tests have keys
// that are never those of a problem. Neither depends on the order of JSON
// members, on white space or on the letter case of the product. URL is the best
// link of those that the callback carries, http or https. Labels hold the
// remaining fields under the vendor's names, entries of maps under "dimension.",
// "content.", "label.", "annotation.", "tag.", "entity.", "cloudevent." and
// "meta.". The names of the account's owner (userInfo) and of contacts are not
// copied.
func (c *Callback) Alerts() []alert.Alert {
	var alerts []alert.Alert
	switch {
	case c.Threshold != nil:
		alerts = []alert.Alert{c.Threshold.alert()}
	case c.Subscription != nil:
		alerts = []alert.Alert{c.Subscription.alert()}
	case c.Event != nil:
		alerts = []alert.Alert{c.Event.alert(c.Event.meaning())}
	case c.CloudMonitor2 != nil:
		alerts = []alert.Alert{c.CloudMonitor2.alert(c.Raw)}
	case c.LogAlert != nil:
		alerts = []alert.Alert{c.LogAlert.alert(c.Raw)}
	case c.Alertmanager != nil:
		alerts = c.Alertmanager.alerts(c.Raw)
	}
	for _, part := range c.Parts {
		alerts = append(alerts, part.Alerts()...)
	}
	for i := range alerts {
		alerts[i].Source = Source
		if c.CloudEvent != nil {
			c.CloudEvent.complete(&alerts[i])
		}
	}
	return alerts
}

// LogValue returns the shape and the problems. Everything else may hold
// personal data.
func (c *Callback) LogValue() slog.Value {
	shape := "none"
	switch {
	case c.Threshold != nil:
		shape = "threshold"
	case c.Event != nil:
		shape = "event"
	case c.Subscription != nil:
		shape = "subscription"
	case c.CloudMonitor2 != nil:
		shape = "cloudmonitor2"
	case c.LogAlert != nil:
		shape = "log service"
	case c.Alertmanager != nil:
		shape = "alertmanager"
	case c.Parts != nil:
		shape = "array"
	}
	attrs := []slog.Attr{slog.String("shape", shape), slog.Int("bytes", len(c.Raw))}
	if len(c.Problems) > 0 {
		attrs = append(attrs, slog.Any("problems", c.Problems))
	}
	return slog.GroupValue(attrs...)
}
