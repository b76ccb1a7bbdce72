package ocp

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// Source is the [alert.Alert] Source of every alert from this package.
const Source = "ocp"

// Names of alerts that OCP gives none, in both languages: no locale is known here.
const (
	testName    = "OCP 通道测试 (test)"
	unnamedName = "OCP 告警 (alarm)"
)

// Alert returns the alert that the payload stands for. An aggregated message is one
// alert too, whose Summary begins with the count.
//
// Name is the title of the rule, Product the application, Region the cluster,
// Instance the tenant, the host or both, and Resource the target. Level is
// OCP's own word, in whatever language. Labels hold the other variables under
// their own names, and the first 64 parts of the target that have a key under
// "target.". All but the Summary is cut at 4 KiB.
//
// Key is the same for an alarm and its recovery; for an aggregated message it is
// made of rule, group and cluster. ID is the same each time that OCP repeats an
// active alarm, and another one for its recovery, another level, another number
// of aggregated alarms or a new beginning. It is empty if nothing tells a
// repetition from a new beginning: neither an id nor the time of the beginning.
//
// What the test button of a channel sends, a message that says of no alarm,
// becomes a notice that is a test, without Key and ID. If OCP gives values to
// variables that name an alarm too, as it may since 3.3.4, the test is told like one.
func (p *Payload) Alert() alert.Alert {
	a := alert.Alert{Source: Source, Summary: p.summary(), Labels: p.labels()}
	if p.isTest() {
		a.Test, a.Name, a.Severity = true, testName, alert.Notice
		return a
	}
	a.Name = cmp.Or(p.prose(append([]string{"alarm_name"}, translations("alarm_name")...)...), p.text("alarm_type"))
	if p.namesNothing() {
		a.Name = unnamedName
	}
	a.Level, a.Severity, a.Status = p.levelWord(), p.severity(), p.status()
	a.Product = p.first("app_type", "app")
	a.Region = p.cluster()
	a.Instance = p.instance()
	a.Resource = p.text("alarm_target")
	a.URL = p.text("alarm_url")
	a.Key, a.ID = p.problemKey(), p.eventID()
	a.StartsAt = p.began()
	updated := p.time("alarm_updated_at")
	if a.Status == alert.Resolved {
		a.EndsAt = cmp.Or(p.time("alarm_resolved_at"), updated)
	} else if a.StartsAt.IsZero() {
		a.StartsAt = updated
	}
	for _, text := range [...]*string{&a.Name, &a.Level, &a.Product, &a.Region, &a.Instance, &a.Resource, &a.URL} {
		*text = cut(*text, maxShort)
	}
	return a
}

func (p *Payload) isTest() bool {
	return p.namesNothing() && !p.unnamed && !announcesRecovery(p.Message) && !announcesAlarm(p.Message)
}

// count returns the number of alarms in the message; 0: not said, -1: not readable.
func (p *Payload) count() int {
	n, err := strconv.Atoi(cmp.Or(p.text("alarm_count"), "0"))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// isAggregated reports whether the message is about several alarms. A number
// that cannot be read is more than one: OCP counts aggregated messages only.
func (p *Payload) isAggregated() bool { return p.count() > 1 || p.count() < 0 }

func (p *Payload) cluster() string {
	return p.first("ob_cluster", "ob_cluster_name", "app_cluster", "obproxy_cluster")
}

// instance names for people what the alarm is about: tenant and host as far as
// they are known, or else the service or the whole target.
func (p *Payload) instance() string {
	tenant := cmp.Or(p.first("ob_tenant", "tenant_name"), p.targetValue("tenant_name", "ob_tenant"))
	host := cmp.Or(p.first("host_ip", "svr_ip", "host", "host_name"), p.targetValue("svr_ip", "host_ip", "host", "host_name"))
	switch {
	case tenant != "" && host != "":
		return tenant + " / " + host
	case tenant != "" || host != "":
		return tenant + host
	}
	return p.first("service", "alarm_target")
}

func (p *Payload) summary() string {
	var s summaryLines
	if count := p.text("alarm_count"); count != "" {
		s.add("alarm_count", count)
		s.add("alarm_group_by", p.text("alarm_group_by"))
	}
	word := p.word("alarm_status", "alarm_status_native")
	if _, _, plain := statusOf(word); !plain {
		s.add("alarm_status", word)
	}
	details := []string{p.prose(append([]string{"alarm_description"}, translations("alarm_description")...)...), p.text("alarm_summary"), strings.TrimSpace(p.Message)}
	if p.isAggregated() { // the description is that of one alarm
		details = []string{details[2], details[0], details[1]}
	}
	s.add("", cmp.Or(details...))
	value := p.first("value_shown", "value_zh_cn", "value_en_us", "value_zh_tw", "value")
	if threshold := p.text("alarm_threshold"); value != "" && threshold != "" {
		value += " (alarm_threshold: " + threshold + ")"
	}
	s.add("value", value)
	for _, name := range [...]string{"operation_name", "operator", "operation_result", "task_result", "failed_reason", "error_message", "check_item"} {
		s.add(name, p.text(name))
	}
	if lost := p.lost(); len(lost) > 0 {
		s.add("", "OCP 的文字在传送中丢失 (text lost between OCP and here: "+strings.Join(lost, ", ")+"; start OCP with -Dfile.encoding=UTF-8)")
	}
	if p.unnamed {
		s.add("", "OCP 通道的请求体缺少变量 (the body template of the channel lacks the variables of the alarm, such as alarm_id)")
	}
	return strings.Join(s, "\n")
}

const (
	maxShort        = 4 << 10 // bytes of all but the Summary, so that no alarm is too large for a store
	maxTargetLabels = 64      // made of the target, which is in Resource as a whole
)

func (p *Payload) labels() map[string]string {
	m := make(map[string]string)
	for _, part := range targetParts(p.text("alarm_target")) {
		name := "target." + part.key
		if _, twice := m[name]; part.value != "" && !twice && len(m) < maxTargetLabels {
			m[name] = cut(part.value, maxShort)
		}
	}
	for _, name := range labelVariables() {
		if text := p.text(name); text != "" {
			m[name] = cut(text, maxShort)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// summaryLines are the summary of an alert, one statement a line.
type summaryLines []string

// add appends a line unless it says nothing or the same as a line before. A
// value with a name stays in that line, lest it looks like several.
func (s *summaryLines) add(name, value string) {
	if value == "" {
		return
	}
	if name != "" {
		value = name + ": " + strings.Join(strings.Fields(cut(value, maxShort)), " ")
	}
	if !slices.Contains(*s, value) {
		*s = append(*s, value)
	}
}
