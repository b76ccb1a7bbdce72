package aliyun

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Alertmanager is the body of ARMS alert management with the template
// $alertmanager_content, and that of Prometheus Alertmanager itself, which adds
// Version, GroupKey and Truncated. Texts are as they came, and each may be
// missing.
type Alertmanager struct {
	Version     string
	GroupKey    string
	Receiver    string
	Status      string // of the group: firing while one of its alerts is
	ExternalURL string // of ARMS, the page of the alert
	Truncated   int    // alerts that Alertmanager left out

	CommonLabels      Fields
	CommonAnnotations Fields

	Alerts []AlertmanagerAlert

	Extra Fields // other fields
}

// An AlertmanagerAlert is one alert of an [Alertmanager].
type AlertmanagerAlert struct {
	Status      string // firing or resolved; if absent, that of the group counts
	Fingerprint string
	Labels      Fields // if absent and the alert is the only one, the common ones
	Annotations Fields // likewise

	StartTime string    // startsAt as it came
	EndTime   string    // endsAt as it came; ARMS sets it while the alert is firing
	StartsAt  time.Time // StartTime in its own zone; zero if absent or unreadable
	EndsAt    time.Time // likewise

	URL string // the first usable of the links to the rule and to ExternalURL

	Extra Fields // other fields
}

// empty tells whether there is a group and it stands for no alert.
func (m *Alertmanager) empty() bool {
	return m != nil && len(m.Alerts) == 0 && m.Truncated <= 0
}

// alertmanager reads a group of alerts.
func (r *reader) alertmanager(fields []field) *Alertmanager {
	m := &Alertmanager{}
	var list, truncated string
	m.Extra = r.read(fields, map[string]*string{
		"version": &m.Version, "groupkey": &m.GroupKey, "receiver": &m.Receiver, "status": &m.Status,
		"externalurl": &m.ExternalURL, "truncatedalerts": &truncated,
	}, func(key string, f field) bool {
		switch key {
		case "commonlabels":
			m.CommonLabels, _ = r.members(f)
		case "commonannotations":
			m.CommonAnnotations, _ = r.members(f)
		case "alerts":
			list, _ = f.array()
		case "grouplabels": // the alerts have them
		default:
			return false
		}
		return true
	})
	if truncated != "" {
		var err error
		if m.Truncated, err = strconv.Atoi(strings.TrimSpace(truncated)); err != nil {
			r.problem("truncatedAlerts", "not a number")
		}
	}
	if list == "" {
		return m
	}
	for i, element := range elements(nil, list) {
		r.groupMember(m, i, element)
	}
	if len(m.Alerts) == 1 { // of several, each would be as long as the whole
		if a := &m.Alerts[0]; len(a.Labels) == 0 {
			a.Labels = m.CommonLabels
		}
		if a := &m.Alerts[0]; len(a.Annotations) == 0 {
			a.Annotations = m.CommonAnnotations
		}
	}
	return m
}

// groupMember reads one alert of the group.
func (r *reader) groupMember(m *Alertmanager, i int, element string) {
	where := fmt.Sprintf("alerts[%d]", i)
	object, ok := field{raw: element}.object()
	if !ok {
		r.leave(where, &Error{Kind: ErrSyntax, Detail: "an alert that is not an object"})
		return
	}
	fields := split(nil, object)
	if len(fields) == 0 {
		r.leave(where, &Error{Kind: ErrEmpty})
		return
	}
	a := AlertmanagerAlert{}
	a.Extra = r.read(fields, map[string]*string{
		"status": &a.Status, "fingerprint": &a.Fingerprint, "startsat": &a.StartTime, "endsat": &a.EndTime,
	}, func(key string, f field) bool {
		switch key {
		case "labels":
			a.Labels, _ = r.members(f)
		case "annotations":
			a.Annotations, _ = r.members(f)
		default:
			return false
		}
		return true
	})
	a.URL = link(append(slices.Clip(a.Extra), Field{"externalURL", m.ExternalURL}),
		"generatorURL", "url", "dashboardURL", "panelURL", "externalURL")
	a.StartsAt = r.groupTime(where+".startsAt", a.StartTime)
	a.EndsAt = r.groupTime(where+".endsAt", a.EndTime)
	r.grade(where+".severity", a.level())
	m.Alerts = append(m.Alerts, a)
}

// groupTime reads a time of Alertmanager, for which the year 1 means none.
func (r *reader) groupTime(key, text string) time.Time {
	if strings.HasPrefix(text, "0001-01-01") {
		return time.Time{}
	}
	at, ok := eventTime(text)
	if !ok {
		r.problem(key, "not a time")
	}
	return at
}
