package snmptrap

import (
	"unicode"
	"unicode/utf8"
)

// mark stands at the end of a text that was cut.
const mark = "…"

// scan measures s as it will stand on the wire, cleaned and in at most limit
// octets (at least len(mark)). It returns how many octets of s are kept, and
// the octets they take with the mark, which follows if keep < len(s). A text
// that is not dirty goes out as it is. It reads no further than it must: the
// text may be of any size.
func scan(s string, limit int) (keep, size int, dirty bool) {
	room := limit - len(mark)
	i, n, cut, cutSize := 0, 0, 0, 0 // cut is the last boundary before which n <= room
	for i < len(s) {
		start := i
		for i < len(s) && s[i] >= ' ' && s[i] < 0x7f && n < room { // mostly
			i, n = i+1, n+1
		}
		for i+2 < len(s) && s[i] >= 0xe3 && s[i] < 0xed && s[i+1]&0xc0 == 0x80 && s[i+2]&0xc0 == 0x80 && n+3 <= room { // Chinese and Japanese
			i, n = i+3, n+3
		}
		if i > start {
			cut, cutSize = i, n
			continue
		}
		read, written, replaced := step(s[i:])
		i, n, dirty = i+read, n+written, dirty || replaced
		if n > limit {
			return cut, cutSize + len(mark), dirty
		}
		if n <= room {
			cut, cutSize = i, n
		}
	}
	return len(s), n, dirty
}

// step looks at the first character of s, which is not empty, or at the run
// of invalid octets at its start. It returns the octets it takes in s and on
// the wire, and whether something else stands for it there.
func step(s string) (read, written int, replaced bool) {
	if c := s[0]; c < utf8.RuneSelf {
		return 1, 1, c < ' ' || c == 0x7f
	}
	r, width := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && width == 1:
		return invalidRun(s), utf8.RuneLen(utf8.RuneError), true
	case isControl(r):
		return width, 1, true
	}
	return width, width, false
}

// invalidRun returns how many invalid octets s starts with. One replacement
// character stands for all of them.
func invalidRun(s string) int {
	for i := range len(s) {
		if r, width := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || width != 1 {
			return i
		}
	}
	return len(s)
}

// isControl reports whether r may end a line, command a terminal, or change how
// what stands around it looks: the controls C0, DEL and C1 (among them U+0085),
// the separators of lines and paragraphs, and the invisible characters of
// category Cf such as U+202E and U+FEFF, except the joiners, which scripts and emoji
// need. A receiver that prints values line by line would take what
// follows one for a line of its own, up to a forged sender address.
func isControl(r rune) bool {
	switch {
	case r < 0xad:
		return r < ' ' || r >= 0x7f && r <= 0x9f
	case r >= 0x3000 && r < 0xfe00, r == '\u200c', r == '\u200d':
		return false // Chinese and Japanese above all
	}
	return r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r)
}

// appendClean appends s with a space for each control character and U+FFFD
// for each run of invalid octets.
func appendClean(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && width == 1:
			width = invalidRun(s[i:])
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case isControl(r):
			dst = append(dst, ' ')
		default:
			dst = append(dst, s[i:i+width]...)
		}
		i += width
	}
	return dst
}
