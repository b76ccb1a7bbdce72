package aliyun

import (
	"strings"
	"time"
)

// A Threshold is the callback of a metric alert rule. All texts are as the
// vendor spelled them, except that the literal text "null" is absent. Older
// bodies lack many of them.
//
// The field "signature" of the vendor has no documented algorithm and is not
// verified by anybody; it is kept in [Callback.Raw] only.
type Threshold struct {
	AlertName        string // name of the rule
	AlertState       string // OK, ALERT (once ALARM) or INSUFFICIENT_DATA
	CurValue         string // value of the metric, trimmed; may be empty
	Expression       string // condition, such as $Average>=95
	MetricName       string // metric; localized in some rules
	RawMetricName    string // identifier of the metric
	MetricProject    string // product, such as acs_ecs
	Namespace        string // namespace of the product
	InstanceName     string // display name of the instance
	RuleID           string
	TransID          string // same from trigger to recovery, absent before 2023
	TriggerLevel     string // CRITICAL, WARN or INFO; OK on recovery
	PreTriggerLevel  string // level of the previous notification
	LastTime         string // how long the alert has lasted, localized
	Unit             string // unit of CurValue
	GroupID          string // application group
	ProductGroupName string
	RegionID         string
	RegionName       string
	UserID           string // account

	Timestamp string    // time of the trigger as it came
	At        time.Time // Timestamp in UTC; zero if absent or unreadable

	DimensionsText string // the dimensions as they came
	Dimensions     Fields
	CustomLabels   Fields

	Extra Fields // fields that this package does not know
}

// slot returns where the text of the field with this lower-case key belongs.
func (t *Threshold) slot(key []byte) *string {
	switch string(key) {
	case "alertname":
		return &t.AlertName
	case "alertstate":
		return &t.AlertState
	case "curvalue":
		return &t.CurValue
	case "expression":
		return &t.Expression
	case "metricname":
		return &t.MetricName
	case "rawmetricname":
		return &t.RawMetricName
	case "metricproject":
		return &t.MetricProject
	case "namespace":
		return &t.Namespace
	case "instancename":
		return &t.InstanceName
	case "ruleid":
		return &t.RuleID
	case "transid":
		return &t.TransID
	case "triggerlevel":
		return &t.TriggerLevel
	case "pretriggerlevel":
		return &t.PreTriggerLevel
	case "lasttime":
		return &t.LastTime
	case "unit":
		return &t.Unit
	case "groupid":
		return &t.GroupID
	case "productgroupname":
		return &t.ProductGroupName
	case "regionid":
		return &t.RegionID
	case "regionname":
		return &t.RegionName
	case "userid":
		return &t.UserID
	case "timestamp":
		return &t.Timestamp
	}
	return nil
}

// threshold reads a threshold alert.
func (r *reader) threshold(fields []field) *Threshold {
	t := &Threshold{}
	var room [foldSize]byte
	for _, f := range fields {
		key := f.fold(room[:0])
		if p := t.slot(key); p != nil {
			if !r.fill(p, f) {
				t.Extra = keep(t.Extra, f)
			} else if *p == "null" && p != &t.AlertName {
				*p = "" // the vendor prints absent values like this
			}
			continue
		}
		switch string(key) {
		case "dimensions":
			t.DimensionsText, t.Dimensions = r.mapText(f)
		case "customlabels":
			_, t.CustomLabels = r.mapText(f)
		case "signature":
		default:
			t.Extra = keep(t.Extra, f)
		}
	}
	r.check(t)
	return t
}

// mapText reads a field that holds a map.
func (r *reader) mapText(f field) (string, Fields) {
	text := f.value()
	if text == "null" {
		return "", nil
	}
	fields, ok := parseMap(text)
	if !ok {
		r.problem(f.key, "not a map of the form {k=v, …}")
	}
	return text, fields
}

// check derives the time of t and notes values that nobody can interpret.
func (r *reader) check(t *Threshold) {
	t.CurValue = strings.TrimSpace(t.CurValue)
	var ok bool
	if t.At, ok = unixTime(t.Timestamp); !ok {
		r.problem("timestamp", "not a time")
	}
	if _, ok = thresholdStatus(t.AlertState); !ok {
		r.problem("alertState", "unknown state, taken for firing")
	}
	if _, ok = level(t.TriggerLevel); !ok && t.TriggerLevel != "" && !isOK(t.TriggerLevel) {
		r.problem("triggerLevel", "unknown level")
	}
	if _, ok = level(t.PreTriggerLevel); !ok && t.PreTriggerLevel != "" && !isOK(t.PreTriggerLevel) {
		r.problem("preTriggerLevel", "unknown level")
	}
}
