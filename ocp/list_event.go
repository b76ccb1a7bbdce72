package ocp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxID bounds an id in bytes. Those seen are numbers.
const maxID = 64

// An Event is an alarm as OCP lists it. What is missing in an answer, or of a
// type that nobody expects, is empty.
type Event struct {
	ID          string // OCP sends a number; texts are taken too
	AlarmType   string // name of the rule
	AppType     string
	Name        string
	Scope       string
	Level       int    // 1 is the worst, 5 a remark; 0: not said
	Status      string // Active, Inactive, Silenced, Inhibited
	Target      string // with AlarmType the identity of the problem
	Summary     string
	Description string

	ActiveAt   time.Time
	UpdatedAt  time.Time
	ResolvedAt time.Time // zero while the alarm lasts

	// Labels holds texts as they are, numbers as they are written, and
	// whatever else there is as JSON.
	Labels map[string]string

	// Raw is the JSON of the event, with all that has no field here.
	Raw json.RawMessage
}

// A Notification is one sending of a message through a channel.
type Notification struct {
	ID        string
	AlarmIDs  []string
	AlarmType string
	AppType   string
	Scope     string
	Level     int
	Status    string // Pending, Sending, Success, Failed, Limited

	ChannelID string

	// ChannelResponse is what the channel answered; of a script
	// stdout=…,stderr=…. Success does not mean that it was a good answer:
	// before 3.3.0 nothing looked at it.
	ChannelResponse string

	Message     string
	Aggregated  bool
	GeneratedAt time.Time
	SentAt      time.Time
	Labels      map[string]string // as in Event; the variables of the message
	Raw         json.RawMessage
}

// fields is a JSON object whose members are read one by one, so that none of
// them can cost the others.
type fields map[string]json.RawMessage

// errNoObject is the fault of an entry that is none.
var errNoObject = errors.New("an entry of the list is no object with an id")

// parseEvent reads one event.
func parseEvent(raw json.RawMessage) (Event, error) {
	f, id, err := parseFields(raw)
	if err != nil {
		return Event{}, err
	}
	return Event{
		ID: id, AlarmType: f.text("alarmType"), AppType: f.text("appType"), Name: f.text("name"), Scope: f.text("scope"),
		Level: f.number("level"), Status: f.text("status"), Target: f.text("target"),
		Summary: f.text("summary"), Description: f.text("description"),
		ActiveAt: f.time("activeAt"), UpdatedAt: f.time("updatedAt"), ResolvedAt: f.time("resolvedAt"),
		Labels: f.labels(), Raw: raw,
	}, nil
}

// parseNotification reads one notification.
func parseNotification(raw json.RawMessage) (Notification, error) {
	f, id, err := parseFields(raw)
	if err != nil {
		return Notification{}, err
	}
	n := Notification{
		ID: id, AlarmType: f.text("alarmType"), AppType: f.text("appType"), Scope: f.text("scope"),
		Level: f.number("level"), Status: f.text("status"), ChannelID: f.text("channelId"),
		ChannelResponse: f.text("channelResponse"), Message: f.text("message"), Aggregated: string(f["isAggregated"]) == "true",
		GeneratedAt: f.time("generatedAt"), SentAt: f.time("sentAt"), Labels: f.labels(), Raw: raw,
	}
	var ids []json.RawMessage
	if json.Unmarshal(f["alarmIds"], &ids) == nil {
		for _, id := range ids {
			n.AlarmIDs = append(n.AlarmIDs, text(id))
		}
	}
	return n, nil
}

// parseFields reads an object that has an id.
func parseFields(raw json.RawMessage) (f fields, id string, err error) {
	if json.Unmarshal(raw, &f) != nil {
		return nil, "", errNoObject
	}
	id = f.text("id")
	if id == "" || len(id) > maxID || !isName(id) {
		return nil, "", errNoObject
	}
	return f, id, nil
}

// isName reports whether s can stand in a path as it is.
func isName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '-' && r != '_' && !isAlphanumeric(r) })
}

// parseOne reads the data of a single event, which is the event itself, or, as
// a table of the vendor says, a list with one in contents.
func parseOne(data json.RawMessage) (Event, error) {
	if e, err := parseEvent(data); err == nil {
		return e, nil
	}
	var list struct {
		Contents []json.RawMessage `json:"contents"`
	}
	if json.Unmarshal(data, &list) != nil || len(list.Contents) != 1 {
		return Event{}, errors.New("the answer holds no alarm")
	}
	return parseEvent(list.Contents[0])
}

// text returns a text or number as text.
func (f fields) text(name string) string { return text(f[name]) }

// number returns a small number, which may be written as text, or 0.
func (f fields) number(name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(f.text(name)))
	if err != nil {
		return 0
	}
	return n
}

// time returns a time with or without a fraction, or the zero time.
func (f fields) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, f.text(name))
	if err != nil {
		return time.Time{}
	}
	return t
}

// labels returns the labels, of whatever type they are.
func (f fields) labels() map[string]string {
	var raw map[string]json.RawMessage
	if json.Unmarshal(f["labels"], &raw) != nil || len(raw) == 0 {
		return nil
	}
	labels := make(map[string]string, len(raw))
	for name, value := range raw {
		labels[name] = text(value)
		if value = bytes.TrimSpace(value); len(value) > 0 && value[0] != '"' && string(value) != "null" {
			labels[name] = compact(value)
		}
	}
	return labels
}

// compact returns JSON without blanks.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}
