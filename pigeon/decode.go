package pigeon

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// Bounds, in bytes, of what is kept of an answer.
const (
	maxID      = 256
	maxWord    = 64
	maxName    = 256
	maxMessage = 512
	maxCalls   = 10000 // calls of a chain, entries of a page
)

// A loose is a value whose type nobody knows for certain. A string or a number
// is kept as text; everything else is empty. It is never an error: one odd
// field must not hide the others.
type loose string

// UnmarshalJSON never fails.
func (l *loose) UnmarshalJSON(data []byte) error {
	*l = ""
	switch c := data[0]; {
	case c == '"':
		var s string
		if json.Unmarshal(data, &s) == nil {
			*l = loose(s)
		}
	case c == '-' || '0' <= c && c <= '9':
		*l = loose(data)
	}
	return nil
}

// line returns l as one clean line of at most limit bytes.
func (l loose) line(limit int) string { return markup.OneLine(string(l), limit) }

// key returns a pressed key: 1, 1.0 and "1" are all the key 1.
func (l loose) key() string {
	s := l.line(maxWord)
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == float64(int(f)) && 0 <= f && f <= 9 {
		return strconv.Itoa(int(f))
	}
	return s
}

// time reads RFC 3339, or milliseconds since 1970.
func (l loose) time() time.Time {
	if t, err := time.Parse(time.RFC3339Nano, string(l)); err == nil {
		return t
	}
	ms, err := strconv.ParseInt(string(l), 10, 64)
	if err != nil || ms <= 0 || ms > 253402300799999 { // the year 9999
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// A flag is true, false, or anything else, which is neither.
type flag struct{ known, set bool }

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.Trim(string(data), `"`) {
	case "true":
		*f = flag{true, true}
	case "false":
		*f = flag{true, false}
	default:
		*f = flag{}
	}
	return nil
}

// A list is the objects in an array, and empty for everything else.
type list[T any] []T

// UnmarshalJSON never fails. What is no object is left out.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	var raw []json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return nil
	}
	for _, r := range raw[:min(len(raw), maxCalls)] {
		var v T
		if len(r) > 0 && r[0] == '{' && json.Unmarshal(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// vendorText returns what the body of a refusal says, in one of the shapes
// that are likely. A page of a proxy says nothing.
func vendorText(body []byte) string {
	var a struct {
		Message loose         `json:"message"`
		Error   loose         `json:"error"`
		Detail  loose         `json:"detail"`
		Errors  list[problem] `json:"errors"`
	}
	if json.Unmarshal(body, &a) != nil {
		text := markup.OneLine(string(body), len(body)) // which takes away what could hide the first character
		if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			return ""
		}
		return text
	}
	var parts []string
	for _, s := range []loose{a.Message, a.Error, a.Detail} {
		if line := s.line(len(s)); line != "" {
			parts = append(parts, line)
		}
	}
	for _, p := range a.Errors {
		if line := p.line(); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}

// A problem is one entry of a list of errors.
type problem struct {
	Field   loose `json:"field"`
	Message loose `json:"message"`
}

func (p problem) line() string {
	field, message := p.Field.line(len(p.Field)), p.Message.line(len(p.Message))
	if field == "" || message == "" {
		return field + message
	}
	return field + ": " + message
}

// minSecret is the length in bytes from which a secret is looked for.
const minSecret = 4

// hide removes from a text of the vendor what it may repeat of the request,
// and all that looks like a telephone number. It cuts last, lest half of one
// stays.
func (c *Client) hide(text string, numbers []string) string {
	for _, t := range []secret.Text{c.token, c.password} {
		if len(t.Reveal()) >= minSecret {
			text = t.Redact(text)
		}
	}
	text = phone.Redact(text, numbers...)
	return markup.OneLine(digits().ReplaceAllString(text, "[number]"), maxMessage)
}

// digits finds what may be a telephone number, written in any way.
func digits() *regexp.Regexp { return regexp.MustCompile(`\+?\d(?:[-. ()]{0,2}\d){7,}`) }

// checkID refuses what cannot be a resultId. Ids are opaque otherwise.
func checkID(id string) error {
	if reason := idFault(id); reason != "" {
		return &FieldError{"resultId", reason}
	}
	return nil
}

// idFault says what is wrong with an id, or returns "".
func idFault(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxID:
		return "is longer than 256 bytes"
	case id == "." || id == ".." || strings.ContainsAny(id, `/\%?#`):
		return "holds what leads elsewhere in a URL"
	case strings.ContainsFunc(id, func(r rune) bool { return isBlank(r) || r == utf8.RuneError || !unicode.IsPrint(r) }):
		return "holds blanks, what cannot be printed or bytes that are not UTF-8"
	}
	return ""
}

// count returns a number from 1 up, or 0.
func (l loose) count() int {
	n, err := strconv.Atoi(string(l))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
