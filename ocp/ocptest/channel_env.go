package ocptest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// environment returns the variables of an alarm, and PATH. Names that no shell
// can hold are left out. Which variables OCP sets that have no value is not
// documented; here those that every alarm has are empty, the others missing.
func (c *Channel) environment(e *Event) []string {
	all := map[string]string{}
	for name, value := range e.Labels {
		if isVariable(name) {
			all[name] = value
		}
	}
	maps.Copy(all, c.variables(e))
	all["message"] = c.message(e, all)
	all["message_json"] = encode(all["message"])
	all["PATH"] = cmp.Or(c.Path, defaultPath)
	var env []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		env = append(env, name+"="+strings.ReplaceAll(all[name], "\x00", ""))
	}
	return env
}

// variables returns what the server itself says of an alarm.
func (c *Channel) variables(e *Event) map[string]string {
	words := c.words()
	all := map[string]string{
		"alarm_id": strconv.FormatInt(e.ID, 10), "alarm_type": e.Type, "alarm_name": e.Name, "app_type": e.AppType,
		"alarm_level": words.level(e.Level), "alarm_level_color": color(e.Level), "alarm_status": words.active,
		"alarm_scope": words.scope(e.Scope), "alarm_target": e.Target, "alarm_summary": e.Summary, "alarm_description": e.Description,
		"alarm_active_at": local(e.ActiveAt), "alarm_updated_at": local(e.UpdatedAt),
		"alarm_duration": strconv.Itoa(int(e.UpdatedAt.Sub(e.ActiveAt) / time.Second)), "alarm_evaluation_interval": "60",
		"alarm_url":       "http://192.0.2.1:8080/alarm/event/" + strconv.FormatInt(e.ID, 10),
		"recipients_uids": "", "recipients_json_array": "[]", "at_recipients": "",
	}
	if e.Status == "Inactive" {
		all["alarm_status"], all["alarm_resolved_at"] = words.inactive, local(e.ResolvedAt)
	}
	for _, name := range []string{"ob_cluster", "ob_cluster_group", "ob_tenant", "host_ip", "svr_ip", "service", "app_cluster"} {
		all[name] = e.Labels[name]
	}
	return all
}

// message renders the message of an alarm as the default template does.
func (c *Channel) message(e *Event, all map[string]string) string {
	words := c.words()
	heading := words.heading
	if e.Status == "Inactive" {
		heading = words.recovery
	}
	return fmt.Sprintf("### %s %s\n- %s%s\n- %s%s\n- %s%s", heading, e.Name,
		words.fields[0], all["alarm_level"], words.fields[1], e.Target, words.fields[2], e.Description)
}

// isVariable reports whether a shell can hold a variable of that name.
func isVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// local writes a time as notifications do: with an offset.
func local(t time.Time) string {
	return t.In(time.FixedZone("", 8*60*60)).Format("2006-01-02T15:04:05.999-07:00")
}

// variable returns a variable that a script got.
func (r *Run) variable(name string) string {
	for _, pair := range r.Env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// Variable returns a variable that the script got, and whether it got it.
func (r Run) Variable(name string) (value string, ok bool) {
	ok = slices.ContainsFunc(r.Env, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	return r.variable(name), ok
}

// wire returns a start as the list of notifications shows it.
func (r *Run) wire(id int) map[string]any {
	status := "Failed"
	if r.Accepted {
		status = "Success"
	}
	alarm, _ := strconv.ParseInt(r.variable("alarm_id"), 10, 64)
	labels := map[string]string{}
	for _, pair := range r.Env {
		if name, value, _ := strings.Cut(pair, "="); name != "PATH" {
			labels[name] = value
		}
	}
	return map[string]any{
		"id": id, "alarmIds": []int64{alarm}, "alarmType": labels["alarm_type"], "appType": labels["app_type"], "channelId": 100001,
		"channelResponse": "stdout=" + r.Stdout + ",stderr=" + r.Stderr, "generatedAt": utc(r.Time), "sentAt": utc(r.Time),
		"isAggregated": false, "labels": labels, "message": labels["message"], "status": status,
	}
}
