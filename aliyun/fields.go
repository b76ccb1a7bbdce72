package aliyun

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// A Field is one entry of a map that CloudMonitor sent. Value holds the text
// of a string, nothing for null, and the JSON text of everything else.
type Field struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Fields is a map in the order in which it arrived, which costs one
// allocation instead of many and keeps what a key given twice said first.
type Fields []Field

// Get returns the value of key, matched exactly, or "" if it is absent. Of a
// key given twice the last value counts, as in encoding/json.
func (f Fields) Get(key string) string {
	for _, entry := range slices.Backward(f) {
		if entry.Key == key {
			return entry.Value
		}
	}
	return ""
}

// sorted returns the entries in the order of their keys, each key once.
func (f Fields) sorted() Fields {
	s := slices.Clone(f)
	slices.Reverse(s) // the last value of a key comes first, and is kept
	slices.SortStableFunc(s, func(a, b Field) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(s, func(a, b Field) bool { return a.Key == b.Key })
}

// A field is a field of a callback before it is understood: JSON text, or the
// plain text of a form field.
type field struct {
	key   string
	raw   string
	plain bool
}

// foldSize is longer than every key this package knows.
const foldSize = 28

// fold appends the key in lower case to dst, and nothing if it is too long to
// be a key that matters. Keys are matched without regard to ASCII letter case,
// because a documented body spells curValue "Curvalue".
func (f field) fold(dst []byte) []byte { return fold(dst, f.key) }

// fold appends a word in lower case to dst, and nothing if it is too long.
func fold(dst []byte, word string) []byte {
	if len(word) > foldSize {
		return dst
	}
	for i := range len(word) {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// text returns the field as text. The second result is false for an object or
// an array, which has no text, and for null.
func (f field) text() (string, bool) {
	if f.plain {
		return f.raw, true
	}
	switch f.raw[0] {
	case '"':
		return unquote(f.raw), true
	case '{', '[', 'n':
		return "", false
	}
	return f.raw, true
}

// value returns the field for keeping: text, or the JSON text of what has
// none.
func (f field) value() string {
	text, ok := f.text()
	if ok || f.raw[0] == 'n' {
		return text
	}
	if !strings.ContainsAny(f.raw, " \t\r\n") {
		return validText(f.raw)
	}
	var flat bytes.Buffer
	if json.Compact(&flat, []byte(f.raw)) != nil {
		return validText(f.raw)
	}
	return validText(flat.String())
}

// object returns the JSON text of the object that the field is, or that the
// field holds as text: a form, and some JSON bodies, send objects as strings.
func (f field) object() (string, bool) {
	if !f.plain && f.raw[0] == '{' {
		return f.raw, true
	}
	text, ok := f.text()
	if text = strings.TrimSpace(text); !ok || !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
		return "", false
	}
	return text, true
}

// array returns the JSON text of the array that the field is, or that it holds
// as text.
func (f field) array() (string, bool) {
	if !f.plain && f.raw[0] == '[' {
		return f.raw, true
	}
	text, ok := f.text()
	if text = strings.TrimSpace(text); !ok || !strings.HasPrefix(text, "[") || !json.Valid([]byte(text)) {
		return "", false
	}
	return text, true
}

// looksLikeObject tells whether the field is meant to be an object, valid or
// not.
func (f field) looksLikeObject() bool {
	if !f.plain && f.raw[0] == '{' {
		return true
	}
	text, ok := f.text()
	return ok && strings.HasPrefix(strings.TrimSpace(text), "{")
}

// isNull tells whether the field is a JSON null.
func (f field) isNull() bool { return !f.plain && f.raw[0] == 'n' }

// maxProblems bounds the list of problems of one callback.
const maxProblems = 32

// A reader collects what cannot be read on the way.
type reader struct {
	problems []string
	unread   []*Error
}

// problem notes that the field named key could not be read as expected. It
// never quotes the value.
func (r *reader) problem(key, what string) {
	if len(r.problems) < maxProblems {
		r.note(cleanKey(key) + ": " + what)
	}
}

// note adds a line that is clean already to the problems.
func (r *reader) note(line string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, line)
	}
}

// fill stores the text of f in dst. JSON null leaves dst alone, as
// encoding/json does. It reports false if f has no text, so that the caller
// keeps f elsewhere.
func (r *reader) fill(dst *string, f field) bool {
	text, ok := f.text()
	if ok {
		*dst = text
		return true
	}
	if f.isNull() {
		return true
	}
	r.problem(f.key, "text expected")
	return false
}

// members reads an object into Fields. It returns the text as well, for what
// is no object but says something all the same.
func (r *reader) members(f field) (Fields, string) {
	if f.isNull() {
		return nil, ""
	}
	object, ok := f.object()
	if !ok {
		text := f.value()
		if f.looksLikeObject() {
			r.problem(f.key, "invalid JSON")
		}
		return nil, text
	}
	var room [16]field
	all := split(room[:0], object)
	fields := make(Fields, len(all))
	for i, m := range all {
		fields[i] = Field{m.key, m.value()}
	}
	return fields, object
}

// read fills texts, which are named by their keys in lower case, hands the other
// fields to other, and returns what neither of them takes.
func (r *reader) read(fields []field, texts map[string]*string, other func(key string, f field) bool) Fields {
	var extra Fields
	var room [foldSize]byte
	for _, f := range fields {
		key := f.fold(room[:0])
		if p := texts[string(key)]; p != nil {
			if r.fill(p, f) {
				continue
			}
		} else if other(string(key), f) {
			continue
		}
		if value := f.value(); bytes.HasSuffix(key, []byte("url")) && value != "" && webURL(value) == "" {
			r.problem(f.key, "not a usable link")
			continue
		}
		extra = keep(extra, f)
	}
	return extra
}

// keep appends a field that this package does not know to extra. Personal data
// stays behind, in the raw text only.
func keep(extra Fields, f field) Fields {
	value := f.value()
	structured := strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[")
	if personal(f.key) || structured && personal(value) {
		return extra
	}
	return append(extra, Field{f.key, value})
}

// personal tells whether a key, or JSON text with such keys, is about people:
// the owner of the account, or those who are notified.
func personal(text string) bool {
	text = strings.ToLower(text)
	for _, word := range [...]string{"userinfo", "contact", "phone", "email"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
