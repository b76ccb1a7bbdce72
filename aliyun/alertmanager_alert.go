package aliyun

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// levelLabel is the label in which ARMS says how bad an alert is.
const levelLabel = "_aliyun_arms_alert_level"

// alerts maps m: its alerts, and what Alertmanager left out of them. The raw
// text only serves as identity when nothing else does.
func (m *Alertmanager) alerts(raw string) []alert.Alert {
	list := make([]alert.Alert, 0, len(m.Alerts)+1)
	text, name := textDigest(raw), m.CommonLabels.first("alertname")
	for i := range m.Alerts {
		a := m.Alerts[i].alert(m.Status, text+strconv.Itoa(i))
		a.Name = cmp.Or(a.Name, name)
		list = append(list, a)
	}
	if m.Truncated > 0 {
		list = append(list, alert.Alert{
			Name:    "alerts left out",
			Summary: fmt.Sprintf("Alertmanager left out %d alerts of a group for the receiver %s", m.Truncated, m.Receiver),
			Labels:  map[string]string{"truncatedAlerts": strconv.Itoa(m.Truncated)},
			URL:     webURL(m.ExternalURL),
			ID:      identity("alertmanager", "truncated", text),
		})
	}
	return list
}

// level returns the word for how bad the alert is.
func (a *AlertmanagerAlert) level() string {
	return a.Labels.first(levelLabel, "severity", "level")
}

// alert maps a. The group's status counts if it has none; text stands for its
// place in the whole body.
func (a *AlertmanagerAlert) alert(group, text string) alert.Alert {
	l := a.Labels
	m := alert.Alert{
		Level:    a.level(),
		Name:     cmp.Or(l.first("alertname", "_aliyun_arms_alert_name", "alert_name"), a.Annotations.first("summary", "message")),
		Product:  l.first("_aliyun_arms_product_type", "job", "_aliyun_arms_integration_name"),
		Region:   l.first("_aliyun_arms_region_id", "region", "cluster", "clustername"),
		Instance: l.first("instance", "pod_name", "pod", "node", "host", "_aliyun_arms_involvedObject_name", "clustername"),
		Resource: l.first("_aliyun_arms_involvedObject_id", "instance"),
		Summary:  a.summary(),
		Labels:   common(Fields{{"fingerprint", a.Fingerprint}, {"status", a.Status}}, a.Extra, l, a.Annotations).orNil(),
		URL:      a.URL,
		StartsAt: a.StartsAt,
	}
	if m.Product == "" && l.first(levelLabel) != "" {
		m.Product = "ARMS"
	}
	m.Severity, _ = grade(m.Level)
	if strings.EqualFold(l.first(levelLabel), "page") { // in ARMS the least, P4; elsewhere a page wakes people
		m.Severity = alert.Info
	}
	if strings.EqualFold(strings.TrimSpace(cmp.Or(a.Status, group)), "resolved") {
		m.Status, m.EndsAt = alert.Resolved, a.EndsAt
	}
	m.Key, m.ID = a.identities(m.Status, text)
	return m
}

// identities returns Key and ID. Without a fingerprint the labels make the
// problem, but for the level, which may change while it lasts.
func (a *AlertmanagerAlert) identities(status alert.Status, text string) (key, id string) {
	var what []string
	for _, f := range a.Labels.sorted() {
		if f.Key != levelLabel {
			what = append(what, f.Key, f.Value)
		}
	}
	switch {
	case a.Fingerprint != "":
		key = identity("alertmanager", a.Fingerprint)
	case len(what) > 0:
		key = identity("alertmanager", digest(what...))
	}
	when := a.StartTime
	if status == alert.Resolved {
		when += " " + a.EndTime
	}
	if strings.TrimSpace(when) == "" || key == "" {
		when += text
	}
	level := a.Labels.first(levelLabel)
	return key, identity("alertmanager", a.Fingerprint, status.String(), level, digest(append(what, when)...)[:24])
}

// summary says what the rule's author wrote, and the value that ARMS adds.
func (a *AlertmanagerAlert) summary() string {
	var s lines
	text := a.Annotations.first("description", "summary", "message")
	s.add("", text)
	for _, f := range public(a.Annotations).sorted() {
		switch f.Key {
		case "_aliyun_arms_alert_message", "_aliyun_arms_alert_now_value", "_aliyun_arms_alert_past_value":
		case "_aliyun_arms_alert_value":
			if a.Annotations.Get("value") == "" {
				s.add("value", f.Value)
			}
		default:
			if f.Value != text {
				s.add(f.Key, f.Value)
			}
		}
	}
	return s.String()
}
