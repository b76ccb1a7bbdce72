package wecom

import "github.com/tocsin-go/tocsin/internal/jsontext"

// appendString appends s, which is valid UTF-8, as a JSON string.
func appendString(dst []byte, s string) []byte { return jsontext.AppendString(dst, s) }

// appendQuoted is appendString for bytes.
func appendQuoted(dst, s []byte) []byte { return jsontext.AppendString(dst, s) }

// appendStrings appends name and list as a member of an object, or nothing if
// the list is empty: members that are not set stay out of the message.
func appendStrings(dst []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, name...)
	for i, s := range list {
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = appendString(dst, toUTF8(s))
	}
	return append(dst, ']')
}
