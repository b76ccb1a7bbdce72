package markup

import (
	"cmp"
	"unicode/utf8"
)

// A Writer builds a message. Markup is appended to Buf as it is; text from
// alerts goes through Line and Lines, which make it harmless and bound it. It
// is for one goroutine.
type Writer struct {
	Buf  []byte
	Mark string // stands where text was cut

	// Dialect knows what is markup. Without one, text is for people who read
	// it elsewhere, in an error for example.
	Dialect Dialect

	// Runes makes all limits count runes instead of bytes.
	Runes bool
}

// Put appends markup and words that are known to be harmless.
func (w *Writer) Put(words ...string) {
	for _, word := range words {
		w.Buf = append(w.Buf, word...)
	}
}

// Size returns the size of Buf in the unit of the limits.
func (w *Writer) Size() int { return w.size(w.Buf) }

// size returns the size of b in the unit of the limits.
func (w *Writer) size(b []byte) int {
	if w.Runes {
		return utf8.RuneCount(b)
	}
	return len(b)
}

// sizeString is size for a string.
func (w *Writer) sizeString(s string) int {
	if w.Runes {
		return utf8.RuneCountInString(s)
	}
	return len(s)
}

// Line appends s as a part of one line, of at most limit including the mark
// of a cut. Breaks, blanks and control characters become one blank, and those
// at either end are dropped. It reports whether anything was appended. A text
// that must be cut where not even the mark fits is left out.
func (w *Writer) Line(s string, limit int) bool { return w.text(s, limit, " ") }

// Lines is Line for text that may keep its line breaks. Each becomes breaker,
// which is ASCII and should end in something that shows that the line is not
// one of the message's own.
func (w *Writer) Lines(s string, limit int, breaker string) bool { return w.text(s, limit, breaker) }

// text appends s. A line break in s becomes breaker.
func (w *Writer) text(s string, limit int, breaker string) bool {
	start := len(w.Buf)
	size := 0                            // of what was appended
	fits := limit - w.sizeString(w.Mark) // up to here it leaves room for the mark
	safe := start                        // the last rune boundary not beyond fits
	gap := ""                            // blank or break not yet written
	first := true                        // at the begin of a line
	plain := w.plain()
	for i := 0; i < len(s) && size <= limit; {
		run := plain.prefix(s[i:min(len(s), i+limit+1)])
		r, width := rune(0), run
		if run == 0 {
			r, width = utf8.DecodeRuneInString(s[i:])
			switch classify(r) {
			case runeDropped:
				i += width
				continue
			case runeBlank:
				gap = cmp.Or(gap, " ")
				i += width
				continue
			case runeBreak:
				gap = breaker
				i += width
				continue
			}
		}
		if gap != "" && len(w.Buf) > start {
			w.Buf = append(w.Buf, gap...)
			size += len(gap)
			first = gap != " "
		}
		gap = ""
		before := len(w.Buf)
		if run > 0 {
			w.Buf = append(w.Buf, s[i:i+run]...)
			if size <= fits {
				safe = before + min(run, fits-size) // between any two bytes of ASCII
			}
			size += run
		} else {
			w.appendRune(r, s[i+width:], first)
			size += w.size(w.Buf[before:])
			if size <= fits {
				safe = len(w.Buf)
			}
		}
		i += width
		first = false
	}
	switch {
	case size <= limit:
	case fits < 0:
		w.Buf = w.Buf[:start]
	default:
		w.Buf = append(w.Buf[:safe], w.Mark...)
	}
	return len(w.Buf) > start
}

// OneLine returns s as one clean line of at most limit bytes, with a visible
// mark where it was cut. It is for errors and logs, not for markdown.
func OneLine(s string, limit int) string {
	w := Writer{Mark: "…"}
	w.Line(s, limit)
	return string(w.Buf)
}
