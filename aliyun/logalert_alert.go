package aliyun

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// maxRows and maxRow (in bytes) bound what a summary quotes of log data.
const (
	maxRows = 3
	maxRow  = 300
)

// resolved tells whether the problem is over. Without a status, the time of the
// recovery says it, which is 0 while firing.
func (l *LogAlert) resolved() bool {
	switch strings.ToLower(strings.TrimSpace(l.Status)) {
	case "resolved", "恢复", "已恢复", "恢复通知":
		return true
	case "":
		return !l.ResolvedAt.IsZero()
	}
	return false
}

// level returns the word for a severity, which the vendor sends as a number.
func (l *LogAlert) level() string {
	switch l.Severity {
	case "10":
		return "critical"
	case "8":
		return "high"
	case "6":
		return "medium"
	case "4":
		return "low"
	case "2":
		return "report"
	}
	return l.Severity
}

// alert maps l. The raw text only serves as identity when nothing else does.
func (l *LogAlert) alert(raw string) alert.Alert {
	a := alert.Alert{
		Level:    l.level(),
		Name:     cmp.Or(l.Name, l.Annotations.first("title"), l.AlertID, l.InstanceID),
		Product:  "sls",
		Region:   l.Region,
		Instance: l.Project,
		Resource: l.Project,
		Summary:  l.summary(),
		Labels:   l.labels(),
		URL:      l.URL,
		StartsAt: cmp.Or(l.FiredAt, l.EvaluatedAt),
	}
	a.Severity, _ = grade(l.Severity)
	if l.resolved() {
		a.Status, a.StartsAt, a.EndsAt = alert.Resolved, l.FiredAt, cmp.Or(l.ResolvedAt, l.EvaluatedAt)
	}
	a.Key, a.ID = l.identities(raw)
	return a
}

// identities returns Key and ID. Without the fingerprint, what it is made of
// makes the problem: alert_instance_id is another one for each evaluation.
func (l *LogAlert) identities(raw string) (key, id string) {
	switch rule := cmp.Or(l.AlertID, l.Name); {
	case l.Fingerprint != "":
		key = identity("sls", l.Project, l.AlertID, l.Fingerprint)
	case rule != "":
		key = identity("sls", l.Project, rule, digest(append(pairs(l.Labels), l.UserID)...))
	case l.InstanceID != "":
		key = identity("sls", l.Project, l.InstanceID)
	}
	when := l.AlertTime
	if when == "" {
		when = textDigest(raw)
	}
	return key, identity("sls", l.InstanceID, l.Status, l.Severity, when, l.ResolveTime, digest(key)[:16])
}

// summary says what the rule's author wrote, and which rows raised the alert.
func (l *LogAlert) summary() string {
	var s lines
	title, desc := l.Annotations.first("title"), l.Annotations.first("desc")
	if title != l.Name {
		s.add("", title)
	}
	s.add("", desc)
	s.add("condition", l.Condition)
	l.rows(&s)
	for _, f := range public(l.Annotations).sorted() {
		if f.Key != "title" && f.Key != "desc" && !strings.HasPrefix(f.Key, "__") {
			s.add(f.Key, f.Value)
		}
	}
	for _, f := range public(l.Labels).sorted() {
		s.add(f.Key, f.Value)
	}
	return s.String()
}

// rows adds the first rows, and how many there are beyond them.
func (l *LogAlert) rows(s *lines) {
	if !strings.HasPrefix(l.FireResults, "[") || !json.Valid([]byte(l.FireResults)) {
		s.add("fire_results", cut(l.FireResults, maxRow))
		return
	}
	list := elements(nil, l.FireResults)
	shown := min(len(list), maxRows)
	for _, row := range list[:shown] {
		var text []string
		if row[0] == '{' {
			for _, f := range split(nil, row) {
				text = append(text, f.key+"="+f.value())
			}
		} else {
			text = []string{field{raw: row}.value()}
		}
		s.add("", cut(strings.Join(text, ", "), maxRow))
	}
	count, _ := strconv.Atoi(l.FireCount)
	if more := max(count, len(list)) - shown; more > 0 && shown > 0 {
		s.add("", fmt.Sprintf("… +%d", more))
	}
}

// labels returns what the alert says beyond its own fields.
func (l *LogAlert) labels() map[string]string {
	return common(Fields{
		{"aliuid", l.UserID}, {"alert_id", l.AlertID}, {"alert_instance_id", l.InstanceID}, {"condition", l.Condition},
		{"fingerprint", l.Fingerprint}, {"fire_results_count", l.FireCount}, {"project", l.Project}, {"severity", l.Severity},
		{"status", l.Status},
	}, l.Extra, l.Labels, l.Annotations).orNil()
}
