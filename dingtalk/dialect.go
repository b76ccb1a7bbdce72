package dingtalk

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// maxURL bounds the address of a link in bytes. The vendor documents no limit.
const maxURL = 1024

// unsafeInURL is escaped in an address beyond what markup.URL escapes: a
// client looks for @ and a number anywhere in the text.
const unsafeInURL = "@"

// dialect is what may be markup to a client of DingTalk. The vendor's list is
// short (headings, quotes, bold, italics, links, images, lists) and says
// nothing of how a client reads the borderline cases, so that whatever any
// client of markdown would take for markup counts.
type dialect struct{}

// Plain returns the characters that never are markup.
func (dialect) Plain() markup.Set {
	return markup.Set{
		Low: markup.AllLow &^ (1<<'#' | 1<<'&' | 1<<'*' | 1<<'-' | 1<<'/' | 1<<'<' | 1<<'=' | 1<<'>'),
		High: markup.AllHigh &^ (1<<('@'-64) | 1<<('['-64) | 1<<('\\'-64) | 1<<(']'-64) |
			1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)),
	}
}

// Markup reports whether the character at a place could be a part of markup.
//
// Brackets take links and images with them, so that ! and parentheses stay.
// So do the markers of numbered lists, which change nothing that is said.
// Every @ goes: whom a message notifies is for its sender to say.
func (dialect) Markup(at markup.Place) bool {
	switch at.Char {
	case '<', '[', ']', '*', '`', '~', '|', '@':
		return true
	case '#', '>':
		return at.First
	case '-', '=':
		return at.First && beginsLine(at.Before) // a line of them makes the one above a heading
	case '_':
		return !withinWord(at)
	case '/':
		return leadsElsewhere(at.Before)
	case '\\':
		return !markup.BeginsWord(at.Rest) // in front of one it is a path, elsewhere it may pass for an escape
	}
	return at.Char == '&' && markup.BeginsEntity(at.Rest)
}

// beginsLine reports whether nothing but the sign of a quote stands between
// the last line feed and what is written next.
func beginsLine(before []byte) bool {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return len(bytes.Trim(line, "> ")) == 0
}

// withinWord reports whether underscores have a letter or digit on either
// side. There they can neither begin nor end italics, and identifiers, which
// are full of them, stay readable and can be copied. More of them in a row
// than words have are no word's.
func withinWord(at markup.Place) bool {
	const longest = 16
	before := at.Before[max(0, len(at.Before)-longest-utf8.UTFMax):] // so that the first of a row decides
	rest := at.Rest[:min(longest, len(at.Rest))]
	return markup.EndsWord(bytes.TrimRight(before, "_")) && markup.BeginsWord(strings.TrimLeft(rest, "_"))
}

// leadsElsewhere reports whether a slash behind before would complete the ://
// of an address that is not of the web. Clients make links of bare addresses,
// and those of DingTalk's own scheme drive the client. An address of the web
// stays: it shows where it leads, and people need to copy it.
func leadsElsewhere(before []byte) bool {
	scheme, found := bytes.CutSuffix(before, []byte(":/"))
	if !found {
		return false
	}
	scheme = scheme[len(bytes.TrimRight(scheme, "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")):]
	return !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https"))
}
