package ocp

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxVariable        = 128 << 10 // bytes; Linux starts no program with a longer one
	maxPayloadProblems = 32
)

var errNoAlarm = errors.New("ocp: from env: no variable of an alarm is set (looked for message, alarm_id, alarm_type, alarm_name, alarm_target " +
	"and others); is this run as the script of an OCP alert channel?")

// A Payload is what OCP said about one alarm, or about several in an aggregated
// message. It may be read concurrently. Its texts may hold lines of logs, with
// whatever somebody wrote there.
type Payload struct {
	// Values holds every variable that was set, under its own name and as it
	// came, blank ones and unexpanded placeholders included.
	Values map[string]string

	// Message is the text that OCP made from the template of the channel, with
	// the blanks around it. Up to 128 KiB.
	Message string

	// Problems names the variables that could not be read as expected, at most
	// 32 of them, and never their values.
	Problems []string

	unnamed bool // the template of the HTTP channel names no variable that identifies an alarm
}

// FromEnv reads the variables of an alarm from a list of NAME=value, such as
// [os.Environ] returns. It takes the names that OCP is known to set and nothing
// else: the environment of OCP's process also holds its paths and whatever secrets
// it runs with. Of a name given twice the first counts, as in [os.Getenv].
//
// What cannot be read is listed in [Payload].Problems and never costs the
// alarm. A blank value, and an unexpanded placeholder such as ${ob_tenant}, counts
// as missing. A value is cut, visibly, at 128 KiB, and bytes that are not UTF-8
// become U+FFFD.
//
// The only error says that the environment holds nothing of an alarm: the program
// was not started by a channel of OCP, or behind something that clears the
// environment, such as sudo. It names variables, never values.
func FromEnv(environ []string) (*Payload, error) {
	p := &Payload{Values: make(map[string]string)}
	known := knownVariables()
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, twice := p.Values[name]; known[name] && !twice {
			p.Values[name] = p.clean(name, value)
		}
	}
	if p.Message = p.Values["message"]; p.text("message") == "" {
		p.Message = p.messageFromJSON()
	}
	if p.namesNothing() && p.Message == "" {
		return nil, errNoAlarm
	}
	p.check()
	return p, nil
}

func (p *Payload) clean(name, value string) string {
	if len(value) > maxVariable {
		p.problem(name, "cut at 128 KiB")
		value = cut(value, maxVariable)
	}
	if !utf8.ValidString(value) {
		p.problem(name, "not UTF-8")
		value = strings.ToValidUTF8(value, "\uFFFD")
	}
	if strings.TrimSpace(value) == placeholder(name) {
		p.problem(name, "left unexpanded by OCP")
	}
	return value
}

// cut returns text in at most limit bytes, and shows that it is cut.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// check notes what the alert will have to do without.
func (p *Payload) check() {
	for _, name := range [...]string{"alarm_active_at", "alarm_updated_at", "alarm_resolved_at", "alarm_time"} {
		if p.text(name) != "" && p.time(name).IsZero() {
			p.problem(name, "not a time")
		}
	}
	if p.count() < 0 {
		p.problem("alarm_count", "not a number")
	}
	for _, name := range p.lost() {
		p.problem(name, "lost on the way: nothing but ? or U+FFFD is left of it")
	}
}

// messageFromJSON returns message_json as text: OCP writes a JSON string, an
// object if the template is one, or what log lines made of either.
func (p *Payload) messageFromJSON() string {
	var text string
	if json.Unmarshal([]byte(p.text("message_json")), &text) == nil {
		return text
	}
	return p.text("message_json")
}

func naming() []string {
	return append([]string{
		"alarm_id", "alarm_type", "alarm_target", "alarm_name", "alarm_level", "alarm_level_native", "alarm_status", "alarm_status_native",
		"alarm_summary", "alarm_description",
	}, append(translations("alarm_name"), translations("alarm_description")...)...)
}

func (p *Payload) namesNothing() bool { return p.first(naming()...) == "" }

// text returns the value of a variable without blanks around it, or "" if OCP
// said nothing in it.
func (p *Payload) text(name string) string {
	text := strings.TrimSpace(p.Values[name])
	if text == placeholder(name) {
		return ""
	}
	return text
}

func (p *Payload) first(names ...string) string {
	return p.firstBut(func(string) bool { return false }, names...)
}

// firstBut is first for texts that are not to be skipped.
func (p *Payload) firstBut(skip func(string) bool, names ...string) string {
	for _, name := range names {
		if text := p.text(name); text != "" && !skip(text) {
			return text
		}
	}
	return ""
}

func (p *Payload) time(name string) time.Time { return parseTime(p.text(name)) }

// problem notes that a variable could not be read as expected.
func (p *Payload) problem(name, what string) {
	if len(p.Problems) < maxPayloadProblems {
		p.Problems = append(p.Problems, name+": "+what)
	}
}

func placeholder(name string) string { return "${" + name + "}" }
