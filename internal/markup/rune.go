package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain returns the characters that can be copied as they are.
func (w *Writer) plain() Set {
	if w.Dialect == nil {
		return Set{AllLow, AllHigh}
	}
	return w.Dialect.Plain()
}

// appendRune appends one visible rune of text in a form that is no markup.
// rest is what follows it, first says whether it begins a line.
func (w *Writer) appendRune(r rune, rest string, first bool) {
	if r < utf8.RuneSelf && w.Dialect != nil && w.Dialect.Markup(Place{byte(r), first, w.Buf, rest}) {
		r += '！' - '!' // the full-width forms stand in the order of ASCII
	}
	w.Buf = utf8.AppendRune(w.Buf, r)
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

// Visible returns a text, or a page, without what cannot be seen or changes how its
// neighbours are shown: a name that is written backwards looks like another one. Lines
// stay.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch classify(r) {
		case runeDropped:
			return -1
		case runeBlank:
			return ' '
		case runeBreak:
			return '\n'
		case runeVisible:
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
