package aliyun

import (
	"encoding/json"
	"strings"
)

// split appends the members of a JSON object to dst, in order. The text must
// be an object that json.Valid has accepted: split only finds the borders, so
// that a body is checked by encoding/json, once, and cut up without decoding
// what nobody asks for.
func split(dst []field, object string) []field {
	i := blanks(object, 1)
	for i < len(object) && object[i] == '"' {
		end := value(object, i)
		key := unquote(object[i:end])
		i = blanks(object, end) // at the colon
		i = blanks(object, i+1) // at the value
		end = value(object, i)  // behind it
		dst = append(dst, field{key: key, raw: object[i:end]})
		i = blanks(object, end) // at the comma or the brace
		i = blanks(object, i+1) // at the next key
	}
	return dst
}

// elements appends the elements of a JSON array, under the same terms.
func elements(dst []string, array string) []string {
	i := blanks(array, 1)
	for i < len(array) && array[i] != ']' {
		end := value(array, i)
		dst = append(dst, array[i:end])
		i = blanks(array, end)
		i = blanks(array, i+1)
	}
	return dst
}

// blanks returns the index of the first byte of s from i on that is no JSON
// white space.
func blanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// value returns the index behind the JSON value that begins at s[i].
func value(s string, i int) int {
	switch s[i] {
	case '"':
		return quoted(s, i)
	case '{', '[':
		return nested(s, i)
	}
	for i < len(s) && strings.IndexByte(",]} \n\t\r", s[i]) < 0 {
		i++
	}
	return i
}

// quoted returns the index behind the JSON string that begins at s[i].
func quoted(s string, i int) int {
	for i++; i < len(s); {
		at := strings.IndexByte(s[i:], '"')
		if at < 0 {
			break
		}
		end := i + at
		escapes := end
		for escapes > i && s[escapes-1] == '\\' {
			escapes--
		}
		i = end + 1
		if (end-escapes)%2 == 0 { // each backslash escapes the next, not the quote
			return i
		}
	}
	return len(s)
}

// nested returns the index behind the object or array that begins at s[i].
func nested(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = quoted(s, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(s)
}

// unquote returns the text of a JSON string. A string without escapes is a
// part of the body. Escapes are left to encoding/json, whose treatment of lone
// surrogates is thereby ours.
func unquote(raw string) string {
	raw = validText(raw)
	text := raw[1 : len(raw)-1]
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var decoded string
	if json.Unmarshal([]byte(raw), &decoded) != nil {
		return text
	}
	return decoded
}
