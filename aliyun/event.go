package aliyun

import (
	"cmp"
	"strings"
	"time"
)

// An Event is the callback of an event alert rule, and the part of a
// subscription that describes a system event. All texts are as the vendor
// spelled them, and each may be missing but for Product and Name.
type Event struct {
	Product      string // short name such as ECS, cfw or oss, in either case
	Name         string // such as Disk:Stalled:Executing
	Level        string // CRITICAL, WARN or INFO: how much it matters, not whether it is bad
	Status       string // a word of the product's own choice
	ResourceID   string // ARN; {instanceId} or <resource-id> in it betrays a test
	InstanceName string // the word instanceName in a test
	RegionID     string
	UserID       string // account
	ID           string // identity; the vendor prints one for several states
	TraceID      string
	GroupID      string // application groups
	EventType    string // such as StatusNotification, Exception or Maintenance
	RuleName     string // rule that sent the event

	EventTime string    // as it came, such as 20201216T160841.792+0800
	At        time.Time // EventTime in its own zone; zero if absent or unreadable

	ContentText string // the details as they came: an object, or text
	Content     Fields // their entries, if they are an object

	Extra Fields // fields that this package does not know
}

// slot returns where the text of the field with this lower-case key belongs.
func (e *Event) slot(key []byte) *string {
	switch string(key) {
	case "product":
		return &e.Product
	case "name":
		return &e.Name
	case "level":
		return &e.Level
	case "status":
		return &e.Status
	case "resourceid":
		return &e.ResourceID
	case "instancename":
		return &e.InstanceName
	case "regionid":
		return &e.RegionID
	case "userid":
		return &e.UserID
	case "id":
		return &e.ID
	case "traceid":
		return &e.TraceID
	case "groupid":
		return &e.GroupID
	case "eventtype":
		return &e.EventType
	case "rulename":
		return &e.RuleName
	case "eventtime":
		return &e.EventTime
	}
	return nil
}

// event reads a system event.
func (r *reader) event(fields []field) *Event {
	e := &Event{}
	var room [foldSize]byte
	for _, f := range fields {
		key := f.fold(room[:0])
		if p := e.slot(key); p != nil {
			if !r.fill(p, f) {
				e.Extra = keep(e.Extra, f)
			}
			continue
		}
		switch string(key) {
		case "content":
			e.Content, e.ContentText = r.members(f)
		case "ver", "timemetrics":
			// The version is always 1.0, and the milliseconds in the vendor's
			// pipeline differ between deliveries of one event.
		default:
			e.Extra = keep(e.Extra, f)
		}
	}
	var ok bool
	if e.At, ok = eventTime(e.EventTime); !ok {
		r.problem("eventTime", "not a time")
	}
	if _, ok = level(e.Level); !ok && e.Level != "" {
		r.problem("level", "unknown level")
	}
	return e
}

// DryRun reports whether the event is a test: sent from the console or by
// SendDryRunSystemEvent, or with a gap of the template left in it, such as
// {instanceId} or <resource-id>. Its placeholders are kept as they came.
func (e *Event) DryRun() bool {
	return placeholder(e.ResourceID) || testName(e.InstanceName) || e.Content.Get("logStore") == "dry_run"
}

// State returns the word for the state that the event reports: the eventStatus
// of the content, else Status, else the third part of an ECS name such as
// Disk:Stalled:Executing. The name comes last because the vendor's samples
// leave it at :Scheduled when the content already says Avoided.
func (e *Event) State() string {
	if state := e.Content.Get("eventStatus"); state != "" {
		return state
	}
	if e.Status != "" {
		return e.Status
	}
	if _, state := cutState(e.Name); state != "" {
		return state
	}
	return ""
}

// cutState cuts the state off a name of three parts. A colon alone does not
// make a state: QuotaExceeded:Route is one name.
func cutState(name string) (base, state string) {
	at := strings.LastIndexByte(name, ':')
	if at < 0 || strings.Count(name, ":") != 2 {
		return name, ""
	}
	switch strings.ToLower(name[at+1:]) {
	case "scheduled", "inquiring", "waiting", "remindernotifice", "executing", "executed", "avoided", "canceled", "cancelled",
		"failed", "delay": // the vendor spells remindernotifice like that
		return name[:at], name[at+1:]
	}
	return name, ""
}

// outcome returns what a lifecycle event says about its end, in one of three
// places: started, accomplished, Deleted and so on. A failure goes before the
// rest, wherever it stands (invocationStatus, jobResult).
func (e *Event) outcome() string {
	for _, f := range e.Content {
		if _, word := lastWord(f.Key); is(word, "state", "status", "result") && failedWord(f.Value) {
			return f.Value
		}
	}
	return cmp.Or(e.Content.Get("state"), e.Content.Get("status"), e.Content.Get("result"))
}
