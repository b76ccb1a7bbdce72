package snmptrap

import "unicode/utf8"

// mark stands at the end of a text that was cut.
const mark = "…"

// scan measures s as it will stand on the wire, cleaned and in at most limit
// octets (at least len(mark)). It returns how many octets of s are kept, and
// the octets they take with the mark, which follows if keep < len(s). A text
// that is not dirty goes out as it is. It reads no further than it must: the
// text may be of any size.
func scan(s string, limit int) (keep, size int, dirty bool) {
	room := limit - len(mark)
	i := plainPrefix(s[:min(len(s), room)])
	n, cut, cutSize := i, i, i // cut is the last boundary before which n <= room
	for i < len(s) {
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

// plainPrefix returns how many octets at the start of s are whole characters
// that need no cleaning. It knows the common ones, ASCII and most of Chinese
// and Japanese, looks at several octets at a time, and stops at any other.
func plainPrefix(s string) int {
	i := 0
	for i+8 <= len(s) && isPlain8(load8(s[i:])) {
		i += 8
	}
	for i+4 <= len(s) {
		x := uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
		switch c := s[i]; {
		case x&0xc0c0f0 == 0x8080e0 && isWide(c):
			i += 3
		case isPlain4(x):
			i += 4
		case isPlain(c):
			i++
		default:
			return i
		}
	}
	for i < len(s) && isPlain(s[i]) {
		i++
	}
	if i+3 == len(s) && isWide(s[i]) && s[i+1]&0xc0 == 0x80 && s[i+2]&0xc0 == 0x80 {
		return len(s)
	}
	return i
}

// isPlain reports whether c is printable ASCII.
func isPlain(c byte) bool { return c >= ' ' && c < 0x7f }

// isPlain4 reports whether x holds four octets of printable ASCII. One that
// is below 0x20, 0x7f or above leaves its high bit in the sum, and no carry
// or borrow can hide that, since only such an octet makes one.
func isPlain4(x uint32) bool {
	const ones = 0x01010101
	return (x|(x-0x20*ones)|(x+ones))&(0x80*ones) == 0
}

// isPlain8 is isPlain4 for eight octets.
func isPlain8(x uint64) bool {
	const ones = 0x0101010101010101
	return (x|(x-0x20*ones)|(x+ones))&(0x80*ones) == 0
}

// load8 returns the first eight octets of s, which the compiler makes one load.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isWide reports whether c can only be the first of three octets of one of
// U+3000 to U+FFFF, without the block that holds the surrogates.
func isWide(c byte) bool { return c >= 0xe3 && c <= 0xef && c != 0xed }

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

// isControl reports whether r may end a line or command a terminal: the
// controls C0, DEL and C1 (among them U+0085), and the separators of lines
// and paragraphs. A receiver that prints values line by line would take what
// follows one for a line of its own, up to a forged sender address.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
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
