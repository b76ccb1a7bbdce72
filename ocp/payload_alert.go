package ocp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// testName is the name of the alert that the test button makes. It says what
// it is in both languages, since no locale is known here.
const testName = "OCP 通道测试 (test)"

// Alert returns the alert that the payload stands for. OCP runs the script once
// a message, so that an aggregated message is one alert too, whose Summary
// begins with the count.
//
// Name is the title of the rule, Product the application, Region the cluster,
// Instance the tenant, the host or both, and Resource the target. Level is
// OCP's own word. Labels hold the other variables under their own names, the
// first 64 parts of the target that have a key under "target.", and what the
// caller asked for; neither the message nor recipients nor translations, which
// Payload has.
//
// Key is the same for an alarm and its recovery. ID is the same each time that
// OCP repeats an active alarm, and another one for its recovery, another level
// or a new beginning. An aggregated message has no Key, and an ID that depends
// on all that it says.
//
// A message from the test button (see [Payload.IsTest]) becomes a notice that
// is a test, without Key and ID.
func (p *Payload) Alert() alert.Alert {
	a := alert.Alert{Source: Source, Summary: p.summary(), Labels: p.labels()}
	if p.IsTest() {
		a.Test, a.Name, a.Severity = true, testName, alert.Notice
		return a
	}
	a.Name = cmp.Or(p.title(), p.Type)
	a.Level = p.levelWord()
	a.Severity, _ = p.Severity()
	a.Status, _ = p.State()
	a.Product = cmp.Or(p.AppType, p.text("app"))
	a.Region = cmp.Or(p.Cluster, p.text("ob_cluster_name"), p.AppCluster)
	a.Instance = p.instance()
	a.Resource = p.Target
	a.URL = p.URL
	a.Key, a.ID = p.problemKey(), p.eventID()
	a.StartsAt = p.ActiveAt
	if a.Status == alert.Resolved {
		a.EndsAt = p.ResolvedAt
		if a.EndsAt.IsZero() {
			a.EndsAt = p.UpdatedAt
		}
	} else if a.StartsAt.IsZero() {
		a.StartsAt = p.UpdatedAt
	}
	return a
}

// instance names for people what the alarm is about: tenant and host as far as
// they are known, or else the service or the whole target.
func (p *Payload) instance() string {
	tenant := cmp.Or(p.Tenant, p.text("tenant_name"), p.targetValue("tenant_name", "ob_tenant"))
	host := cmp.Or(p.HostIP, p.ServerIP, p.text("host_name"), p.targetValue("svr_ip", "host_ip", "host", "host_name"))
	switch {
	case tenant != "" && host != "":
		return tenant + " / " + host
	case tenant != "" || host != "":
		return tenant + host
	}
	return cmp.Or(p.Service, p.Target)
}

// summary says what the alarm says beyond its name, level and place.
func (p *Payload) summary() string {
	var s summaryLines
	if count := p.text("alarm_count"); count != "" {
		s.add("alarm_count", count)
		s.add("alarm_group_by", p.GroupBy)
	}
	if !isPlainStatus(p.statusWord()) {
		s.add("alarm_status", p.statusWord())
	}
	message := strings.TrimSpace(p.Message)
	switch {
	case p.Aggregated: // the description is that of one alarm
		s.add("", cmp.Or(message, p.details(), p.Summary))
	default:
		s.add("", cmp.Or(p.details(), p.Summary, message))
	}
	if value := p.value(); value != "" && p.Threshold != "" {
		s.add("value", value+" (alarm_threshold: "+p.Threshold+")")
	} else {
		s.add("value", value)
	}
	s.add("operation_name", p.OperationName)
	s.add("operator", p.Operator)
	s.add("operation_result", p.OperationResult)
	s.add("failed_reason", p.FailedReason)
	s.add("check_item", p.CheckItem)
	for _, name := range p.extra {
		s.add(name, p.text(name))
	}
	return strings.Join(s, "\n")
}

// value returns what was measured, for people.
func (p *Payload) value() string {
	return cmp.Or(p.ValueShown, p.text("value_zh_cn"), p.text("value_en_us"), p.text("value_zh_tw"), p.Value)
}

// maxTargetLabels bounds the labels made of the target, which is in Resource
// as a whole.
const maxTargetLabels = 64

// labels returns what the payload says beyond the fields of an alert.
func (p *Payload) labels() map[string]string {
	m := make(map[string]string)
	for _, part := range p.TargetParts() {
		name := "target." + part.Key
		if _, twice := m[name]; part.Key != "" && !twice && len(m) < maxTargetLabels {
			m[name] = part.Value
		}
	}
	for _, v := range knownVariables() {
		if v.label {
			m[v.Name] = p.text(v.Name)
		}
	}
	for _, name := range p.extra {
		m[name] = p.text(name)
	}
	for name, value := range m {
		if value == "" {
			delete(m, name)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// summaryLines collects the summary of an alert: plain text, one statement a
// line.
type summaryLines []string

// add appends a line unless it says nothing or the same as a line before. A
// value with a name stays in that line, lest it looks like several.
func (s *summaryLines) add(name, value string) {
	if value == "" {
		return
	}
	if name != "" {
		value = name + ": " + strings.Join(strings.Fields(value), " ")
	}
	if !slices.Contains(*s, value) {
		*s = append(*s, value)
	}
}
