package aliyun

import (
	"strings"
	"time"
)

// A LogAlert is an alert of the log service (SLS), as its default content
// template or {{ alert | to_json }} sends it. A merged push is an array of them
// and becomes [Callback.Parts]. Texts are as the vendor spelled them, and each
// may be missing: users write the template.
type LogAlert struct {
	UserID      string // aliuid, the account
	InstanceID  string // alert_instance_id; another one for each evaluation
	AlertID     string // of the rule, unique in the project
	Name        string // alert_name
	Project     string
	Region      string
	Status      string // firing or resolved
	Severity    string // 10, 8, 6, 4 or 2: critical, high, medium, low, report only
	Fingerprint string // of account, project, rule and labels
	Condition   string

	AlertTime   string // seconds as they came; so are the next two
	FireTime    string
	ResolveTime string    // 0 while firing
	EvaluatedAt time.Time // AlertTime in its own zone, a number in UTC; zero if absent or unreadable, like the next two
	FiredAt     time.Time
	ResolvedAt  time.Time

	Labels      Fields
	Annotations Fields // title, desc and others

	FireResults string // JSON text of the rows that raised the alert, at most 100
	FireCount   string // number of these rows, which may be greater

	URL string // the first usable of the links to the alert, the query and the dashboard

	Extra Fields // other fields
}

// logAlert reads an alert of the log service.
func (r *reader) logAlert(fields []field) *LogAlert {
	l := &LogAlert{}
	var signin Fields
	l.Extra = r.read(fields, map[string]*string{
		"aliuid": &l.UserID, "alert_instance_id": &l.InstanceID, "alert_id": &l.AlertID, "alert_name": &l.Name,
		"project": &l.Project, "region": &l.Region, "status": &l.Status, "severity": &l.Severity,
		"fingerprint": &l.Fingerprint, "condition": &l.Condition, "alert_time": &l.AlertTime,
		"fire_time": &l.FireTime, "resolve_time": &l.ResolveTime, "fire_results_count": &l.FireCount,
	}, func(key string, f field) bool {
		switch key {
		case "labels":
			l.Labels, _ = r.members(f)
		case "annotations":
			l.Annotations, _ = r.members(f)
		case "fire_results":
			l.FireResults = f.value()
		case "results", "fire_results_as_kv": // long, and said by fire_results
		case "signin_url":
			signin = Fields{{key, f.value()}} // opens the console for everybody: no label
		default:
			return false
		}
		return true
	})
	l.URL = link(append(signin, l.Extra...), "alert_url", "query_url", "dashboard_url", "alert_history_dashboard_url", "signin_url")
	for _, t := range [...]struct {
		key, text string
		at        *time.Time
	}{
		{"alert_time", l.AlertTime, &l.EvaluatedAt}, {"fire_time", l.FireTime, &l.FiredAt}, {"resolve_time", l.ResolveTime, &l.ResolvedAt},
	} {
		var ok bool
		if *t.at, ok = eventTime(t.text); !ok {
			r.problem(t.key, "not a time")
		}
	}
	if !l.resolved() && !strings.EqualFold(strings.TrimSpace(l.Status), "firing") {
		r.problem("status", "unknown state")
	}
	r.grade("severity", l.Severity)
	return l
}
