package aliyun

import (
	"strings"

	"github.com/tocsin-go/tocsin/alert"
)

// A verdict says what the event of this name means, where the rules of
// [Event.meaning] and [Event.problem] would read something else in it. The
// vendor's tables of system events are in testdata, with the verdict on each row.
type verdict struct {
	name    string
	state   string       // State or outcome; empty for every one that is no failure
	status  alert.Status // Firing begins a problem, Resolved ends one
	problem string       // the begin that it ends, if not of the same name
}

// verdicts is the table. DataRestoreFail stands there as the vendor's table
// files it, beside DataRestoreSuccess.
//
//nolint:gochecknoglobals // read-only table
var verdicts = [...]verdict{
	{name: "EMR-110401002", status: alert.News},                               // workflow succeeded
	{name: "EMR-110401007", status: alert.News},                               // workflow node completed
	{name: "EMR-110401008", status: alert.News},                               // workflow node ended
	{name: "EMR-110401009", status: alert.News},                               // workflow node canceled
	{name: "EMR-110401010", status: alert.News},                               // workflow canceled
	{name: "EMR-110401014", status: alert.News},                               // workflow ended
	{name: "EMR-110401012", status: alert.Resolved, problem: "EMR-110401013"}, // resumed after a pause
	{name: "AUTOSCALING:SCALE_IN_WARN", status: alert.Resolved, problem: "AUTOSCALING:SCALE_OUT_WARN"},
	{name: "DataRestoreSuccess", status: alert.Resolved, problem: "DataRestore"},
	{name: "DataRestoreFail", state: "Failed", status: alert.Resolved, problem: "DataRestore"},
	{name: "Instance:LiveMigrationAcrossDDH", state: "accomplished", status: alert.Resolved},
	// A machine that runs is no problem. It does not prove a stop over either:
	// the messages may come in another order than the changes.
	{name: "Instance:StateChange", state: "Created", status: alert.News},
	{name: "Instance:StateChange", state: "Starting", status: alert.News},
	{name: "Instance:StateChange", state: "Running", status: alert.News},
}

// listed returns the verdict of the table on an event, if it has one.
func listed(name, state, outcome string, failed bool) (verdict, bool) {
	for _, v := range verdicts {
		switch {
		case !strings.EqualFold(v.name, name):
		case v.state == "" && !failed, v.state != "" && is(v.state, strings.ToLower(state), strings.ToLower(outcome)):
			return v, true
		}
	}
	return verdict{}, false
}

// counterpart returns the word that stands for both ends of a problem whose
// name ends in word: Failure_Start and Failure_End, DeviceOffline and
// DeviceOnline. Begins of different kinds stay different problems, because each
// kind has its own word. Failed and Recovered have none: the rest names the
// problem. It reports false for a word that belongs to the name.
func counterpart(word string) (shared string, ok bool) {
	switch {
	case is(word, "start", "begin", "add", "end", "ended"):
		return "start", true
	case is(word, "abnormal", "restore"):
		return "abnormal", true
	case is(word, "stopped", "running"):
		return "stopped", true
	case is(word, "offline", "online"):
		return "offline", true
	case is(word, "down", "up"):
		return "down", true
	case is(word, "paused", "suspended", "resumed"):
		return "paused", true
	case is(word, "failed", "fail", "recovered", "restored", "resolved", "cleared"):
		return "", true
	}
	return "", false
}

// problem returns the part of the event's name that the beginning and the end
// of a problem share, in lower case and without underscores.
func (e *Event) problem() string {
	name, _ := cutState(e.Name)
	for _, v := range verdicts {
		if v.problem != "" && strings.EqualFold(v.name, e.Name) {
			name = v.problem
		}
	}
	rest, word := lastWord(name)
	if shared, ok := counterpart(word); ok && rest != "" {
		name = strings.TrimRight(rest, "_:.-")
		if shared != "" {
			name += "+" + shared
		}
	}
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}
