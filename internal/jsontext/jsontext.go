// Package jsontext appends JSON strings without what encoding/json adds for
// web pages: <, > and & stay one byte each, which keeps markdown readable on
// the wire and small where the size of the body is limited.
package jsontext

// AppendString appends s, which is valid UTF-8, as a JSON string. It escapes
// what JSON demands and nothing else: quotes, backslashes, line feeds,
// carriage returns and tabs take two bytes, other control characters six.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
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
