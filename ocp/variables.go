package ocp

import (
	"regexp"
	"slices"
	"strings"
)

// labelVariables lists the variables that become labels of an alert under their
// own names: the vendor's tables of 3.1 to 4.2, and names that its reference of
// alarms, its examples and records of notifications show.
func labelVariables() []string {
	return strings.Fields(`alarm_id alarm_type alarm_status alarm_scope alarm_summary alarm_updated_at alarm_duration
		alarm_last_interval alarm_evaluation_interval alarm_threshold value value_shown alarm_count alarm_group_by alarm_group
		service app_cluster ob_cluster_group ob_cluster ob_cluster_id ob_tenant host_ip svr_ip host operation_name operator
		operation_result failed_reason check_item task_result error_message alarm_status_native host_name obproxy_cluster
		tenant_name tenant_id ob_tenant_id cluster_id ob_cluster_name obregion alarm_is_build_in_rule alarm_template_id
		host_services expected_exporter_count actual_exporter_count message_type`)
}

// otherVariables lists the variables that have a field of an alert, that say
// the same once more, or that are about the recipients.
func otherVariables() []string {
	names := strings.Fields(`alarm_name alarm_level alarm_level_native level alarm_level_color alarm_target alarm_description
		alarm_active_at alarm_resolved_at alarm_time alarm_url app_type app value_zh_cn value_zh_tw value_en_us message message_json
		recipients_uids recipients_json_array at_recipients receiver`)
	for _, name := range [...]string{"alarm_name", "alarm_summary", "alarm_description"} {
		names = append(names, translations(name)...)
	}
	return names
}

// knownVariables returns the set of all of them.
func knownVariables() map[string]bool {
	known := make(map[string]bool, 128)
	for _, name := range slices.Concat(labelVariables(), otherVariables()) {
		known[name] = true
	}
	return known
}

// translations returns the variables that hold what name holds in one language
// each: zh_CN, English and zh_TW, under the names of 4.x and those of 3.x.
func translations(name string) []string {
	return []string{name + "_zh_cn", name + "_en_us", name + "_zh_tw", name + "_1", name + "_2", name + "_3"}
}

// isFreeText reports whether a variable may hold what somebody wrote, such as a
// line of a log.
func isFreeText(name string) bool {
	return hasLines(name) || strings.HasPrefix(name, "alarm_name") || strings.HasPrefix(name, "value") || name == "alarm_target"
}

// hasLines reports whether such a text may have many lines.
func hasLines(name string) bool {
	return strings.HasPrefix(name, "alarm_summary") || strings.HasPrefix(name, "alarm_description") ||
		name == "message" || name == "failed_reason" || name == "error_message"
}

// A targetPart is one key=value of an alarm's target.
type targetPart struct{ key, value string }

// targetParts takes a target apart, in order: ob_cluster=demo-1:svr_ip=fe80::1
// has two parts. OCP escapes nothing, so a colon in a value cannot be told from
// a border for certain: it is taken for one only if a key and "=" follow, which
// leaves addresses of version 6, ports and times whole. Text without a key is left
// out; a key has at most 64 bytes.
func targetParts(target string) (parts []targetPart) {
	keys := regexp.MustCompile(`(?:^|:)([A-Za-z_][A-Za-z0-9_.-]{0,63})=`).FindAllStringSubmatchIndex(target, -1)
	for i, at := range keys {
		end := len(target)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		parts = append(parts, targetPart{target[at[2]:at[3]], target[at[1]:end]})
	}
	return parts
}

// targetValue returns the first value of the target under one of keys that is
// not empty.
func (p *Payload) targetValue(keys ...string) string {
	parts := targetParts(p.text("alarm_target"))
	for _, key := range keys {
		if i := slices.IndexFunc(parts, func(part targetPart) bool { return part.key == key && strings.TrimSpace(part.value) != "" }); i >= 0 {
			return parts[i].value
		}
	}
	return ""
}
