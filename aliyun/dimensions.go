package aliyun

import (
	"encoding/json"
	"strings"
)

// parseMap reads the text of a map: {k=v, k2=v2} as Java prints it, or JSON,
// an object or an array of objects. It reports false if the text is no map.
//
// Java does not escape, so a comma in a value cannot be told from a border for
// certain: it is taken for one only if a key and "=" follow.
func parseMap(text string) (Fields, bool) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, `{"`) {
		if json.Valid([]byte(text)) {
			return parseJSONMaps(text)
		}
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	var fields Fields
	clean := true
	for text != "" {
		var part string
		part, text = cutEntry(text)
		key, value, ok := strings.Cut(part, "=")
		clean = clean && ok
		if key = strings.TrimSpace(key); key != "" || value != "" {
			fields = append(fields, Field{key, value})
		}
	}
	return fields, clean
}

// cutEntry cuts the text before the first ", " that is followed by a key.
func cutEntry(text string) (entry, rest string) {
	for from := 0; ; {
		at := strings.Index(text[from:], ", ")
		if at < 0 {
			return text, ""
		}
		at += from
		if startsWithKey(text[at+2:]) {
			return text[:at], text[at+2:]
		}
		from = at + 2
	}
}

// startsWithKey tells whether s begins with a key and "=".
func startsWithKey(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
		default:
			return c == '=' && i > 0
		}
	}
	return false
}

// parseJSONMaps reads an object, or the objects of an array one after the
// other, from valid JSON.
func parseJSONMaps(text string) (Fields, bool) {
	objects := []string{text}
	if text[0] == '[' {
		objects = elements(nil, text)
	}
	var fields Fields
	clean := true
	for _, object := range objects {
		if object[0] != '{' {
			clean = false
			continue
		}
		for _, m := range split(nil, object) {
			fields = append(fields, Field{m.key, m.value()})
		}
	}
	return fields, clean
}
