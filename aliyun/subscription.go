package aliyun

import "time"

// A Subscription is the callback of an event subscription policy. Texts are as
// the vendor spelled them. The vendor's field userInfo, which holds personal
// data, is kept in [Callback.Raw] only.
type Subscription struct {
	StrategyName string // name of the policy
	Severity     string // CRITICAL, WARN or INFO
	BatchID      string
	UserID       string // account

	Time string    // time of the message as it came
	At   time.Time // Time in UTC, else the time of the alert; may be zero

	// Merged counts the alerts for which this message stands, of which Alert is
	// one; 0 unless it says that they are more than one.
	Merged int

	Policy Policy
	Alert  SubscribedAlert

	Extra Fields // fields that this package does not know
}

// A Policy identifies the policy that selects the events of a subscription.
type Policy struct {
	SubscriptionUUID string
	Extra            Fields // its conditions, and how they relate
}

// A SubscribedAlert is the part of a subscription that says what happened.
type SubscribedAlert struct {
	AlertStatus string // TRIGGERED or RESOLVED
	EventName   string
	EventType   string
	Product     string
	Severity    string
	ARN         string
	GroupID     string
	GroupName   string
	Project     string
	Source      string // such as SYS_EVENT
	TraceID     string
	DedupID     string // in the only public capture, the ID of the event
	UserID      string

	Timestamp string    // as it came
	At        time.Time // Timestamp in UTC; zero if absent or unreadable

	ContentText string // eventContentMap as it came, else eventRawContent
	Content     Fields // its entries

	// Meta describes the system event; nil for other sources. Its Content is
	// that of the alert.
	Meta *Event

	Extra Fields // fields that this package does not know
}

// slot returns where the text of the field with this lower-case key belongs.
func (s *Subscription) slot(key []byte) *string {
	switch string(key) {
	case "strategyname":
		return &s.StrategyName
	case "severity":
		return &s.Severity
	case "batchid":
		return &s.BatchID
	case "userid":
		return &s.UserID
	case "time":
		return &s.Time
	}
	return nil
}

// slot returns where the text of the field with this lower-case key belongs.
func (a *SubscribedAlert) slot(key []byte) *string {
	switch string(key) {
	case "alertstatus":
		return &a.AlertStatus
	case "eventname":
		return &a.EventName
	case "eventtype":
		return &a.EventType
	case "product":
		return &a.Product
	case "severity":
		return &a.Severity
	case "arn":
		return &a.ARN
	case "groupid":
		return &a.GroupID
	case "groupname":
		return &a.GroupName
	case "project":
		return &a.Project
	case "source":
		return &a.Source
	case "traceid":
		return &a.TraceID
	case "dedupid":
		return &a.DedupID
	case "userid":
		return &a.UserID
	case "timestamp":
		return &a.Timestamp
	}
	return nil
}
