package markup

import (
	"unicode"
	"unicode/utf8"
)

// A Dialect tells markup from text. Its methods are pure.
type Dialect interface {
	// Plain returns the characters that never are markup, a constant.
	Plain() Set

	// Markup reports whether the character at a place could be a part of
	// markup. It is asked for visible ASCII that is not in Plain.
	Markup(at Place) bool
}

// A Place is where a character of text would stand.
type Place struct {
	Char   byte
	First  bool   // it begins the text, or a line of it
	Before []byte // all that was written before, markup included
	Rest   string // the text behind it, not yet cleaned
}

// A Set is a set of visible ASCII characters, one bit each: the bit of c is
// 1<<c in Low, or 1<<(c-64) in High.
type Set struct{ Low, High uint64 }

// The whole set. A dialect takes characters out of it with &^.
const (
	AllLow  = 1<<64 - 1<<'!'
	AllHigh = 1<<(0x7F-64) - 1
)

// prefix returns how many bytes at the begin of s are in the set.
func (set Set) prefix(s string) int {
	for i := range len(s) {
		c := s[i]
		if c < 64 && set.Low>>c&1 == 0 || c >= 64 && set.High>>(c-64)&1 == 0 {
			return i // shifts beyond the width, those of other than ASCII, leave 0
		}
	}
	return len(s)
}

// BeginsWord reports whether s begins with a letter or digit.
func BeginsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// EndsWord reports whether b ends in a letter or digit.
func EndsWord(b []byte) bool {
	r, _ := utf8.DecodeLastRune(b)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// BeginsEntity reports whether & before s would make an HTML entity. A client
// that decodes it would see the character that a dialect keeps out.
func BeginsEntity(s string) bool {
	const longest = 40
	for i := range min(len(s), longest) {
		switch c := s[i]; {
		case c == ';':
			return i > 0
		case c == '#' && i == 0:
			return true // browsers need no semicolon here
		case isAlphanumeric(c):
		case c >= utf8.RuneSelf || c < ' ':
			// What is dropped must not hide the semicolon.
		default:
			return false
		}
	}
	return false
}

// isAlphanumeric reports whether c is an ASCII letter or digit.
func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
