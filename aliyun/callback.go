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

// A Callback is what CloudMonitor sent, read but not yet interpreted. Exactly
// one of Threshold, Event and Subscription is set. It shares memory with
// nothing and may be read concurrently.
type Callback struct {
	Threshold    *Threshold
	Event        *Event
	Subscription *Subscription

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

// parseJSON reads text that must be a JSON object.
func parseJSON(raw, text string) (*Callback, error) {
	if !json.Valid([]byte(text)) {
		return nil, &Error{Kind: ErrSyntax, Detail: whereInvalid(text)}
	}
	if text[0] != '{' {
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
	case s.alertObject && s.envelope:
		c.Subscription = r.subscription(fields)
	case s.alertState:
		c.Threshold = r.threshold(fields)
	case s.product && s.name:
		c.Event = r.event(fields)
	case len(fields) == 0:
		return nil, &Error{Kind: ErrEmpty}
	default:
		return nil, refuse(ErrUnknown, "", fields)
	}
	c.Problems = r.problems
	return c, nil
}

// tellTale holds which keys that betray a shape are there. A key whose value
// is null or blank betrays nothing: no alert is made of empty fields.
type tellTale struct {
	alertObject, envelope bool // event subscription
	alertState            bool // threshold
	product, name         bool // system event
}

// signs looks for the tell-tale keys.
func signs(fields []field) tellTale {
	var s tellTale
	var room [foldSize]byte
	for _, f := range fields {
		if f.isNull() {
			continue
		}
		switch string(f.fold(room[:0])) {
		case "alert":
			s.alertObject = f.looksLikeObject()
		case "subscription", "strategyname", "batchid":
			s.envelope = true
		case "alertstate":
			s.alertState = f.saysSomething()
		case "product":
			s.product = f.saysSomething()
		case "name":
			s.name = f.saysSomething()
		}
	}
	return s
}

// saysSomething tells whether the field holds text that is not blank.
func (f field) saysSomething() bool {
	text, _ := f.text()
	return strings.TrimSpace(text) != ""
}

// Alerts returns the alerts that the callback stands for, at least one.
// CloudMonitor sends one alert a callback today.
//
// Threshold alerts say their state, and so does a subscription that says
// RESOLVED. Every other event begins a problem ([alert.Firing]), ends one
// ([alert.Resolved]) or is [alert.News], by the vendor's tables of system events
// and by rules for names that no table has. An event that no rule knows begins a
// problem. The severity is the vendor's, whatever the event means.
//
// In each alert, ID is the same for a redelivery and differs for another state,
// object or time. Key is the same for the alert and its recovery: it names the
// problem, and the object inside the resource where the content names one. It is
// empty if the callback does not say what it is about. News and tests have keys
// that are never those of a problem. Neither depends on the order of JSON
// members, on white space or on the letter case of the product. Labels hold the
// remaining fields under the vendor's names, entries of maps under "dimension.",
// "content.", "label." and "meta.". The names of the account's owner (userInfo)
// are not copied.
func (c *Callback) Alerts() []alert.Alert {
	var a alert.Alert
	switch {
	case c.Threshold != nil:
		a = c.Threshold.alert()
	case c.Subscription != nil:
		a = c.Subscription.alert()
	case c.Event != nil:
		a = c.Event.alert(c.Event.meaning())
	default:
		return nil
	}
	a.Source = Source
	return []alert.Alert{a}
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
	}
	attrs := []slog.Attr{slog.String("shape", shape), slog.Int("bytes", len(c.Raw))}
	if len(c.Problems) > 0 {
		attrs = append(attrs, slog.Any("problems", c.Problems))
	}
	return slog.GroupValue(attrs...)
}
