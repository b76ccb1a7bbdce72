package wecom

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A writer builds the content of a message: markup is appended to buf as it
// is, text from alerts goes through line and lines, which make it harmless
// and bound it.
//
// The chat documents no escapes, so a character that could begin or end
// markup is replaced by its full-width look-alike, which every client shows
// as plain text.
type writer struct {
	buf   []byte
	mark  string // stands where text was cut
	plain bool   // text is for an error, not for markdown: look-alikes are not needed
}

// line appends s as a part of one line, at most limit bytes long including
// the mark of a cut. Breaks, blanks and control characters become one blank,
// and those at either end are dropped. It reports whether anything was
// appended.
func (w *writer) line(s string, limit int) bool { return w.text(s, limit, " ") }

// lines is line for text that may keep its line breaks. What follows the
// first line is quoted, so that it cannot pass for a line of the card.
func (w *writer) lines(s string, limit int) bool { return w.text(s, limit, "\n> ") }

// text appends s. A line break in s becomes breaker.
func (w *writer) text(s string, limit int, breaker string) bool {
	start := len(w.buf)
	fits := start + limit - len(w.mark) // buf up to here leaves room for the mark
	safe := start                       // the last rune boundary not beyond fits
	gap := ""                           // blank or break not yet written
	first := true                       // at the begin of a line
	for i := 0; i < len(s) && len(w.buf) <= start+limit; {
		run := plainPrefix(s[i:min(len(s), i+limit+1)])
		r, size := rune(0), run
		if run == 0 {
			r, size = utf8.DecodeRuneInString(s[i:])
			switch classify(r) {
			case runeDropped:
				i += size
				continue
			case runeBlank:
				gap = cmp.Or(gap, " ")
				i += size
				continue
			case runeBreak:
				gap = breaker
				i += size
				continue
			}
		}
		if gap != "" && len(w.buf) > start {
			w.buf = append(w.buf, gap...)
			first = gap != " "
		}
		gap = ""
		before := len(w.buf)
		if run > 0 {
			w.buf = append(w.buf, s[i:i+run]...)
		} else {
			w.buf = w.appendRune(r, s[i+size:], first)
		}
		i += size
		first = false
		switch {
		case len(w.buf) <= fits:
			safe = len(w.buf)
		case run > 0 && before <= fits:
			safe = fits // between any two bytes of ASCII
		}
	}
	if len(w.buf) > start+limit {
		w.buf = append(w.buf[:safe], w.mark...)
	}
	return len(w.buf) > start
}

// plainPrefix returns how many bytes at the begin of s can be copied as they
// are: visible ASCII that never is markup.
func plainPrefix(s string) int {
	const (
		all  = 1<<64 - 1
		low  = all &^ (1<<('!') - 1) &^ (1<<'#' | 1<<'&' | 1<<'*' | 1<<'<' | 1<<'>')
		high = all &^ (1<<('['-64) | 1<<('\\'-64) | 1<<(']'-64) | 1<<('`'-64) | 1<<(0x7F-64))
	)
	for i := range len(s) {
		c := s[i]
		if c < 64 && uint64(low)>>c&1 == 0 || c >= 64 && uint64(high)>>(c-64)&1 == 0 {
			return i // shifts beyond the width, those of other than ASCII, leave 0
		}
	}
	return len(s)
}

// appendRune appends one visible rune of text in a form that is no markup.
// rest is what follows it, first says whether it begins a line.
func (w *writer) appendRune(r rune, rest string, first bool) []byte {
	if !w.plain && r < utf8.RuneSelf && isMarkup(byte(r), rest, first) {
		r += '！' - '!' // the full-width forms stand in the order of ASCII
	}
	return utf8.AppendRune(w.buf, r)
}

// isMarkup reports whether the character c before rest could be a part of
// markup: of a tag or a mention, a link, bold, code, a heading, a quote, an
// escape or an HTML entity. Underscores stay: the dialect has no italics, and
// identifiers are full of them.
func isMarkup(c byte, rest string, first bool) bool {
	switch c {
	case '<', '[', ']', '*', '`':
		return true
	case '#', '>':
		return first
	case '\\':
		return !beginsWord(rest)
	case '&':
		return beginsEntity(rest)
	}
	return false
}

// beginsWord reports whether s begins with a letter or digit. A backslash in
// front of one is a path; elsewhere it may pass for an escape.
func beginsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// beginsEntity reports whether & before s would make an HTML entity. A client
// that decodes it would see the character that this file keeps out.
func beginsEntity(s string) bool {
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

// runeClass says what becomes of a rune of text.
type runeClass uint8

const (
	runeVisible runeClass = iota
	runeBlank             // becomes a blank
	runeBreak             // ends a line
	runeDropped           // invisible, or it changes how its neighbours are shown
)

// classify returns the class of r.
func classify(r rune) runeClass {
	switch {
	case r > ' ' && r < 0x7F:
		return runeVisible
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return runeBreak
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return runeBlank
	case r < utf8.RuneSelf || !unicode.Is(unicode.Cf, r):
		return runeVisible
	}
	return runeDropped // bidirectional controls, joiners, zero-width blanks, tags
}

// maxURL is the vendor's limit for a URL in bytes.
const maxURL = 1024

// safeURL returns raw in a form that can stand in the parentheses of a link,
// or "" if it is no http or https address of a host, hides the host behind a
// user name, or is longer than maxURL. What could be markup is escaped behind
// the host; within the host that would name another one.
func safeURL(raw string) string {
	raw = strings.TrimSpace(raw)
	scheme, rest, _ := strings.Cut(raw, "://")
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	if len(raw) > maxURL || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") || !isHost(host) {
		return ""
	}
	start := len(raw) - len(rest) + len(host)
	for start < len(raw) && plainInURL(raw[start]) {
		start++
	}
	if start == len(raw) {
		return raw // as a rule there is nothing to escape
	}
	const hex = "0123456789ABCDEF"
	dst := append(make([]byte, 0, len(raw)+16), raw[:start]...)
	for i := start; i < len(raw); i++ {
		if c := raw[i]; plainInURL(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	if len(dst) > maxURL {
		return ""
	}
	return string(dst)
}

// isHost reports whether s is a host name or address, with or without a port.
func isHost(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte(":.-_[]", c) < 0 {
			return false
		}
	}
	return s != "" && (isAlphanumeric(s[0]) || s[0] == '[')
}

// isAlphanumeric reports whether c is an ASCII letter or digit.
func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// plainInURL reports whether c can stand behind the host as it is: what URLs
// use, without what markdown could take for its own.
func plainInURL(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~:/?#@!$&',;=%+", c) >= 0
}
