package wecom

// appendString appends s, which is valid UTF-8, as a JSON string. It escapes
// what JSON demands and nothing else: <, > and & stay as they are, which
// keeps markdown readable on the wire and small.
func appendString(dst []byte, s string) []byte { return appendQuoted(dst, []byte(s)) }

// appendQuoted is appendString for bytes.
func appendQuoted(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c%16])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

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
