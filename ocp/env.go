package ocp

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxVariable bounds a value in bytes. Linux starts no program with a longer one,
// so that only a list from elsewhere is ever cut.
const maxVariable = 128 << 10

// maxPayloadProblems bounds the list of problems of one Payload.
const maxPayloadProblems = 32

// ErrNoAlarm is what FromEnv's error matches if the environment holds nothing
// of an alarm: the program was not started by a channel of OCP, or behind
// something that clears the environment, such as sudo.
var ErrNoAlarm = errors.New("no variable of an alarm is set")

// FromEnv reads the variables of an alarm from a list of NAME=value, such as
// [os.Environ] returns. It takes the names of [Variables] and those that the
// caller adds in extra, and nothing else: the environment of OCP's process
// also holds its paths and whatever secrets it runs with. Names are matched
// exactly. Of a name given twice the first counts, as in [os.Getenv].
//
// What cannot be read is listed in [Payload.Problems] and never costs the
// alarm. A value that is blank, or that is its own unexpanded placeholder such
// as ${ob_tenant}, counts as missing. A value is cut, visibly, at 128 KiB, and
// bytes that are not UTF-8 become U+FFFD.
//
// The only error matches [ErrNoAlarm]. It is not retryable, and names
// variables, never values.
func FromEnv(environ []string, extra ...string) (*Payload, error) {
	table := knownVariables()
	wanted := make(map[string]bool, len(table)+len(extra))
	for i := range table {
		wanted[table[i].Name] = true
	}
	p := &Payload{Values: make(map[string]string)}
	for _, name := range extra {
		if name != "" && !wanted[name] {
			wanted[name] = true
			p.extra = append(p.extra, name)
		}
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, known := p.Values[name]; wanted[name] && !known {
			p.Values[name] = p.clean(name, value)
		}
	}
	for i := range table {
		p.take(&table[i])
	}
	return p.complete()
}

// clean bounds a value and makes it UTF-8.
func (p *Payload) clean(name, value string) string {
	const mark = "…"
	if len(value) > maxVariable {
		p.problem(name, "cut at 128 KiB")
		end := maxVariable - len(mark)
		for end > 0 && !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end] + mark
	}
	if !utf8.ValidString(value) {
		p.problem(name, "not UTF-8")
		value = strings.ToValidUTF8(value, "\uFFFD")
	}
	return value
}

// take reads one variable into its field.
func (p *Payload) take(v *knownVariable) {
	value, set := p.Values[v.Name]
	if !set {
		return
	}
	if strings.TrimSpace(value) == placeholder(v.Name) {
		p.problem(v.Name, "left unexpanded by OCP")
		return
	}
	if v.read == nil || strings.TrimSpace(value) == "" {
		return
	}
	if problem := v.read(p, value); problem != "" {
		p.problem(v.Name, problem)
	}
}

// complete fills in what another variable can say, and refuses a Payload that
// holds nothing.
func (p *Payload) complete() (*Payload, error) {
	if p.Message == "" {
		p.Message = p.messageFromJSON()
	}
	if text := p.text("alarm_time"); p.ActiveAt.IsZero() && text != "" {
		at, ok := parseTime(text)
		if !ok {
			p.problem("alarm_time", "not a time")
		}
		p.ActiveAt = at
	}
	if p.namesNothing() && p.Message == "" {
		return nil, noAlarm{}
	}
	return p, nil
}

// messageFromJSON returns message_json as text: OCP writes a JSON string, an
// object if the template is one, or what log lines made of either.
func (p *Payload) messageFromJSON() string {
	var text string
	if json.Unmarshal([]byte(p.MessageJSON), &text) == nil {
		return text
	}
	return p.MessageJSON
}

// namesNothing reports whether no variable says which alarm it is.
func (p *Payload) namesNothing() bool {
	return p.ID == "" && p.Type == "" && p.Target == "" && p.title() == "" && p.Level == "" && p.statusWord() == "" &&
		p.Summary == "" && p.details() == ""
}

// text returns the value of a variable without blanks around it, or "" if OCP
// said nothing in it.
func (p *Payload) text(name string) string {
	text := strings.TrimSpace(p.Values[name])
	if text == placeholder(name) {
		return ""
	}
	return text
}

// translated returns text, or what the first translation of the variable says.
func (p *Payload) translated(text, name string) string {
	if text != "" {
		return text
	}
	for _, other := range translations(name) {
		if text = p.text(other); text != "" {
			break
		}
	}
	return text
}

// problem notes that a variable could not be read as expected. It never quotes
// the value.
func (p *Payload) problem(name, what string) {
	if len(p.Problems) < maxPayloadProblems {
		p.Problems = append(p.Problems, plainName(name)+": "+what)
	}
}

// placeholder is how a template names a variable.
func placeholder(name string) string { return "${" + name + "}" }

// plainName makes a name that a caller gave fit for one line of a log.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name)
}

// readText returns the reading of a text.
func readText(field func(*Payload) *string) reading {
	return func(p *Payload, text string) string {
		*field(p) = strings.TrimSpace(text)
		return ""
	}
}

// readMessage keeps the blanks: in a template they are layout.
func readMessage(p *Payload, text string) string {
	p.Message = text
	return ""
}

// readTime returns the reading of a time.
func readTime(field func(*Payload) *time.Time) reading {
	return func(p *Payload, text string) string {
		at, ok := parseTime(text)
		if !ok {
			return "not a time"
		}
		*field(p) = at
		return ""
	}
}

// readDuration returns the reading of a duration.
func readDuration(field func(*Payload) *time.Duration) reading {
	return func(p *Payload, text string) string {
		d, ok := parseDuration(text)
		if !ok {
			return "not a duration"
		}
		*field(p) = d
		return ""
	}
}

// readCount reads the number of alarms. A number that cannot be read is more
// than one, since OCP counts aggregated messages only.
func readCount(p *Payload, text string) string {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		p.Aggregated = true
		return "not a number"
	}
	p.Count = n
	p.Aggregated = n > 1
	return ""
}

// readUIDs reads a comma list.
func readUIDs(p *Payload, text string) string {
	for uid := range strings.SplitSeq(text, ",") {
		if uid = strings.TrimSpace(uid); uid != "" {
			p.RecipientUIDs = append(p.RecipientUIDs, uid)
		}
	}
	return ""
}

// readRecipients reads a JSON array of texts or numbers.
func readRecipients(p *Payload, text string) string {
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) != nil {
		return "not a JSON array"
	}
	for _, raw := range list {
		var name string
		if json.Unmarshal(raw, &name) != nil {
			name = string(raw)
		}
		p.Recipients = append(p.Recipients, name)
	}
	return ""
}

// noAlarm is the error of FromEnv.
type noAlarm struct{}

// Error says what was looked for.
func (noAlarm) Error() string {
	return "ocp: from env: " + ErrNoAlarm.Error() + " (looked for message, alarm_id, alarm_type, alarm_name, alarm_target and others); " +
		"is this run as the script of an OCP alert channel?"
}

// Unwrap returns ErrNoAlarm.
func (noAlarm) Unwrap() error { return ErrNoAlarm }

// Retryable reports false.
func (noAlarm) Retryable() bool { return false }
