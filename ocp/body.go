package ocp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
)

// Template is what to enter as the body of an HTTP channel, for a [Handler]: one
// NAME=value a line. OCP replaces ${name} and escapes nothing, so what says which
// alarm it is and how it stands comes first, and text that may hold lines of logs
// last. Names that [FromEnv] knows may be added in front of alarm_target.
const Template = `alarm_id=${alarm_id}
alarm_type=${alarm_type}
alarm_status=${alarm_status}
alarm_level=${alarm_level}
alarm_level_color=${alarm_level_color}
alarm_active_at=${alarm_active_at}
alarm_updated_at=${alarm_updated_at}
alarm_resolved_at=${alarm_resolved_at}
alarm_count=${alarm_count}
alarm_group_by=${alarm_group_by}
alarm_url=${alarm_url}
app_type=${app_type}
service=${service}
ob_cluster=${ob_cluster}
ob_tenant=${ob_tenant}
host_ip=${host_ip}
alarm_threshold=${alarm_threshold}
value_shown=${value_shown}
alarm_target=${alarm_target}
alarm_name=${alarm_name}
alarm_description=${alarm_description}
message=${message}
`

var (
	errEmptyBody = errors.New("the body is empty")
	errJSONBody  = errors.New("the body template is JSON, which log text breaks since OCP escapes nothing")
	errBlankBody = errors.New("no variable of the body template has a value")
)

// parseBody reads the body of an HTTP channel, which OCP made from [Template] or
// from one of the operator's own.
func parseBody(body []byte) (*Payload, error) {
	text := strings.ReplaceAll(strings.ReplaceAll(decodeBody(body), "\r\n", "\n"), "\x00", "")
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return nil, errEmptyBody
	case trimmed[0] == '{' || strings.HasPrefix(trimmed, "[{"):
		return nil, errJSONBody
	}
	environ, named := splitBody(text)
	if len(environ) == 0 { // a template that is the message and nothing else
		environ = []string{"message=" + text}
	}
	p, err := FromEnv(environ)
	if err != nil {
		return nil, errBlankBody
	}
	p.unnamed = !named
	return p, nil
}

// decodeBody returns a body as text. UTF-16 is told by its mark or its zeros.
// Other encodings are left as they are: names are ASCII in all of them, and
// [FromEnv] makes the values UTF-8.
func decodeBody(body []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte("\xfe\xff")), len(body) > 1 && body[0] == 0 && body[1] != 0:
		order = binary.BigEndian
	case bytes.HasPrefix(body, []byte("\xff\xfe")), len(body) > 1 && body[0] != 0 && body[1] == 0:
		order = binary.LittleEndian
	default:
		return strings.TrimPrefix(string(body), "\uFEFF")
	}
	units := make([]uint16, len(body)/2)
	for i := range units {
		units[i] = order.Uint16(body[2*i:])
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF")
}

// splitBody takes the lines of a body apart and returns its variables, and
// whether one of them is of those that can name an alarm.
//
// The first value of a name counts, and message, whose value is all that
// follows, ends the variables: so a line of a log in it forges nothing. A text in
// front of the message may have many lines too. What stands below such a text may
// be the operator's or forged: if two lines say different things there of a name
// that is not above, neither is believed.
func splitBody(text string) (environ []string, named bool) {
	known, names := knownVariables(), naming()
	text = strings.TrimSuffix(text, "\n")
	place := map[string]int{}     // of a name in environ
	doubtful := map[string]bool{} // names that stand below a free text
	denied := map[string]bool{}   // of those, the ones that two lines dispute
	var free, open, message bool  // a free text has begun; the last entry may go on; it is the message
	last, next := 0, 0            // where the last entry and the next line begin
	for line := range strings.SplitSeq(text, "\n") {
		begin := next
		next += len(line) + 1
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		at, twice := place[name]
		switch {
		case found && doubtful[name] && strings.TrimSpace(environ[at]) != strings.TrimSpace(name+"="+value):
			denied[name] = true
		case found && known[name] && !twice && !message:
			if open {
				environ[len(environ)-1] = entryOf(text[last : begin-1])
			}
			place[name], last = len(environ), begin
			environ = append(environ, name+"="+value)
			doubtful[name] = free && !isFreeText(name)
			named = named || slices.Contains(names, name)
			open, message = hasLines(name), name == "message"
			free = free || isFreeText(name)
		}
	}
	if open {
		environ[len(environ)-1] = entryOf(text[last:])
	}
	return slices.DeleteFunc(environ, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return denied[name]
	}), named
}

// entryOf returns NAME=value for lines that begin so.
func entryOf(lines string) string {
	name, value, _ := strings.Cut(lines, "=")
	return strings.TrimSpace(name) + "=" + value
}
