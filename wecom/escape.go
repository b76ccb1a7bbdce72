package wecom

import "github.com/tocsin-go/tocsin/internal/markup"

// maxURL is the vendor's limit for a URL in bytes.
const maxURL = 1024

// dialect is the vendor's markdown. Underscores are text in it: it has no
// italics, and identifiers are full of them.
type dialect struct{}

// Plain returns the characters that never are markup.
func (dialect) Plain() markup.Set {
	return markup.Set{
		Low:  markup.AllLow &^ (1<<'#' | 1<<'&' | 1<<'*' | 1<<'<' | 1<<'>'),
		High: markup.AllHigh &^ (1<<('['-64) | 1<<('\\'-64) | 1<<(']'-64) | 1<<('`'-64)),
	}
}

// Markup reports whether the character at a place could be a part of markup:
// of a tag or a mention, a link, bold, code, a heading, a quote, an escape or
// an HTML entity.
func (dialect) Markup(at markup.Place) bool {
	switch at.Char {
	case '<', '[', ']', '*', '`':
		return true
	case '#', '>':
		return at.First
	case '\\':
		return !markup.BeginsWord(at.Rest) // in front of one it is a path, elsewhere it may pass for an escape
	}
	return at.Char == '&' && markup.BeginsEntity(at.Rest)
}
