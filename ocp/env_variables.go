package ocp

import "time"

// A Variable is one environment variable that OCP may hand to a script.
type Variable struct {
	Name string

	// Groups says in which templates of OCP the variable may be used: R rules,
	// N notifications, A aggregated messages, C channel settings, M the texts
	// of the message. A script gets at least N and C. It is empty for a
	// variable that was seen and is not documented.
	Groups string

	// Since is the first version whose documentation has the variable, or
	// "seen".
	Since string

	// Meaning is a short description.
	Meaning string
}

// Variables returns all variables that [FromEnv] reads, documented ones first.
// Nothing else of the environment gets into a [Payload] unless the caller
// names it.
func Variables() []Variable {
	table := knownVariables()
	list := make([]Variable, len(table))
	for i := range table {
		list[i] = table[i].Variable
	}
	return list
}

// A knownVariable is a variable and what is done with its value.
type knownVariable struct {
	Variable
	read  reading
	label bool // it becomes a label of the alert
}

// A reading puts the text of a variable, which is not blank, where it belongs,
// and returns what is wrong with it or "".
type reading func(p *Payload, text string) (problem string)

// knownVariables is the one list of variables: reading, labels, documentation
// and tests follow it.
func knownVariables() []knownVariable {
	return append(documentedVariables(), seenVariables()...)
}

// documentedVariables lists the tables of OCP 3.1 to 4.2.
func documentedVariables() []knownVariable {
	doc := func(name, groups, since, meaning string, read reading, label bool) knownVariable {
		return knownVariable{Variable{name, groups, since, meaning}, read, label}
	}
	return []knownVariable{
		doc("alarm_id", "NA", "3.1", "id of the alarm event", readText(func(p *Payload) *string { return &p.ID }), true),
		doc("alarm_type", "RNAC", "3.1", "name of the rule", readText(func(p *Payload) *string { return &p.Type }), true),
		doc("alarm_name", "RNAC", "3.1", "title of the rule, localized", readText(func(p *Payload) *string { return &p.Name }), false),
		doc("alarm_level", "RNAC", "3.1", "level, a localized word or 1 to 5", readText(func(p *Payload) *string { return &p.Level }), false),
		doc("alarm_status", "RNA", "3.1", "status, a localized word", readText(func(p *Payload) *string { return &p.Status }), true),
		doc("alarm_scope", "RNAC", "3.1", "scope, a localized word", readText(func(p *Payload) *string { return &p.Scope }), true),
		doc("alarm_level_color", "NA", "3.1", "colour of the level", readText(func(p *Payload) *string { return &p.LevelColor }), false),
		doc("alarm_target", "RNAC", "3.1", "the object, key=value joined by colons", readText(func(p *Payload) *string { return &p.Target }), false),
		doc("alarm_summary", "NAC", "3.1", "object and title", readText(func(p *Payload) *string { return &p.Summary }), true),
		doc("alarm_description", "NAC", "3.1", "details", readText(func(p *Payload) *string { return &p.Description }), false),
		doc("alarm_active_at", "RNA", "3.1", "when it began", readTime(func(p *Payload) *time.Time { return &p.ActiveAt }), false),
		doc("alarm_updated_at", "RNA", "3.1", "when it was last seen", readTime(func(p *Payload) *time.Time { return &p.UpdatedAt }), true),
		doc("alarm_resolved_at", "RNA", "3.1", "when it ended, if it did", readTime(func(p *Payload) *time.Time { return &p.ResolvedAt }), false),
		doc("alarm_duration", "RNA", "3.1", "how long it lasts, in seconds", readDuration(func(p *Payload) *time.Duration { return &p.Duration }), true),
		doc("alarm_last_interval", "RNA", "3.1", "how long it lasts, ISO 8601", readDuration(func(p *Payload) *time.Duration { return &p.LastInterval }), true),
		doc("alarm_evaluation_interval", "RNA", "3.1", "interval of the checks, in seconds",
			readDuration(func(p *Payload) *time.Duration { return &p.EvaluationInterval }), true),
		doc("alarm_threshold", "RNA", "3.1", "threshold", readText(func(p *Payload) *string { return &p.Threshold }), true),
		doc("value", "RNA", "3.1", "what was measured", readText(func(p *Payload) *string { return &p.Value }), true),
		doc("value_shown", "M", "4.0", "the same for people", readText(func(p *Payload) *string { return &p.ValueShown }), true),
		doc("value_zh_cn", "M", "4.0", "the same in Simplified Chinese", nil, false),
		doc("value_zh_tw", "M", "4.0", "the same in Traditional Chinese", nil, false),
		doc("value_en_us", "M", "4.0", "the same in English", nil, false),
		doc("alarm_url", "N", "3.1", "page of the alarm", readText(func(p *Payload) *string { return &p.URL }), false),
		doc("alarm_count", "A", "3.1", "alarms in the message", readCount, true),
		doc("alarm_group_by", "A", "3.1", "what they were grouped by", readText(func(p *Payload) *string { return &p.GroupBy }), true),
		doc("alarm_group", "A", "4.2.1", "categories of the rule", readText(func(p *Payload) *string { return &p.Group }), true),
		doc("app_type", "RNAC", "3.1", "application, such as OceanBase", readText(func(p *Payload) *string { return &p.AppType }), false),
		doc("service", "RNAC", "3.1", "service", readText(func(p *Payload) *string { return &p.Service }), true),
		doc("app_cluster", "RNAC", "3.1", "cluster of the application", readText(func(p *Payload) *string { return &p.AppCluster }), true),
		doc("ob_cluster_group", "RNAC", "3.1", "group of clusters", readText(func(p *Payload) *string { return &p.ClusterGroup }), true),
		doc("ob_cluster", "RNAC", "3.1", "cluster", readText(func(p *Payload) *string { return &p.Cluster }), true),
		doc("ob_cluster_id", "RN", "3.1", "id of the cluster", readText(func(p *Payload) *string { return &p.ClusterID }), true),
		doc("ob_tenant", "RNAC", "3.1", "tenant", readText(func(p *Payload) *string { return &p.Tenant }), true),
		doc("host_ip", "RNAC", "3.1", "address of the host", readText(func(p *Payload) *string { return &p.HostIP }), true),
		doc("svr_ip", "RNAC", "4.0", "the same under another name", readText(func(p *Payload) *string { return &p.ServerIP }), true),
		doc("operation_name", "R", "3.1", "operation", readText(func(p *Payload) *string { return &p.OperationName }), true),
		doc("operator", "R", "3.1", "who ran it", readText(func(p *Payload) *string { return &p.Operator }), true),
		doc("operation_result", "R", "3.1", "how it went", readText(func(p *Payload) *string { return &p.OperationResult }), true),
		doc("failed_reason", "R", "3.1", "why it failed", readText(func(p *Payload) *string { return &p.FailedReason }), true),
		doc("check_item", "R", "3.1", "item of an inspection", readText(func(p *Payload) *string { return &p.CheckItem }), true),
		doc("message", "C", "3.1", "the text made from the template", readMessage, false),
		doc("message_json", "C", "3.1", "the same as JSON, not always valid", readText(func(p *Payload) *string { return &p.MessageJSON }), false),
		doc("recipients_uids", "C", "3.1", "ids of the recipients, a comma list", readUIDs, false),
		doc("recipients_json_array", "C", "3.1", "recipients as a JSON array", readRecipients, false),
		doc("at_recipients", "C", "3.1", "text that mentions them", readText(func(p *Payload) *string { return &p.AtRecipients }), false),
	}
}

// seenVariables lists names outside the tables that examples, records of
// notifications and scripts in use have shown.
func seenVariables() []knownVariable {
	var list []knownVariable
	seen := func(label bool, meaning string, names ...string) {
		for _, name := range names {
			list = append(list, knownVariable{Variable{name, "", sinceSeen, meaning}, nil, label})
		}
	}
	seen(false, "level, native or a number; if alarm_level is missing", "alarm_level_native", "level")
	seen(true, "status, native; if alarm_status is missing", "alarm_status_native")
	seen(false, "title in one language; if alarm_name is missing", translations("alarm_name")...)
	seen(false, "alarm_summary in one language", translations("alarm_summary")...)
	seen(false, "details in one language; if alarm_description is missing", translations("alarm_description")...)
	seen(false, "application; if app_type is missing", "app")
	seen(false, "when it began; if alarm_active_at is missing", "alarm_time")
	seen(true, "name of the host", "host_name")
	seen(true, "tenant, cluster and region under other names", "tenant_name", "tenant_id", "ob_tenant_id", "cluster_id", "ob_cluster_name", "obregion")
	seen(true, "label of a rule", "alarm_is_build_in_rule", "alarm_template_id", "host_services", "expected_exporter_count", "actual_exporter_count", "message_type")
	seen(false, "recipient", "receiver")
	return list
}

// sinceSeen is Variable.Since of what is not documented.
const sinceSeen = "seen"

// translations returns the variables that hold what name holds, in one
// language each: zh_CN, English and zh_TW, under the names of 4.x and those of
// 3.x.
func translations(name string) []string {
	return []string{name + "_zh_cn", name + "_en_us", name + "_zh_tw", name + "_1", name + "_2", name + "_3"}
}
