package voice

import (
	"strings"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// Bounds, in bytes, of what is kept of texts from outside.
const (
	maxName   = 64
	maxReason = 256
)

// conceal returns a text from outside as one clean line of at most limit
// bytes, without the numbers of the callees. It cleans first and cuts last,
// lest half a number stays.
func conceal(s string, callees []Callee, limit int) string {
	if s == "" {
		return ""
	}
	numbers := make([]string, 0, 2*len(callees))
	for _, c := range callees {
		numbers = append(numbers, c.Number.Reveal(), c.User)
	}
	s = markup.OneLine(s[:min(len(s), 64*limit)], 64*limit)
	return markup.OneLine(phone.Redact(s, numbers...), limit)
}

// censor is conceal for words, in which it also masks every number that is
// long enough to be somebody's telephone: who is called by name has a number
// that is not known here, and a gateway may repeat it.
func censor(s string, callees []Callee, limit int) string {
	return markup.OneLine(maskNumbers(conceal(s, callees, 4*limit)), limit)
}

// maskNumbers masks 10 to 15 digits in a row, with or without a plus, that are
// not part of a longer word such as an identity in hexadecimal.
func maskNumbers(s string) string {
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return !inWord(r) })
		switch {
		case end == 0:
			end = strings.IndexFunc(s, inWord)
			if end < 0 {
				end = len(s)
			}
			b.WriteString(s[:end])
			s = s[end:]
			continue
		case end < 0:
			end = len(s)
		}
		b.WriteString(maskWord(s[:end]))
		s = s[end:]
	}
	return b.String()
}

// maskWord masks a word that is a number.
func maskWord(word string) string {
	if len(strings.TrimPrefix(word, "+")) < 10 || !phone.Looks(word) {
		return word
	}
	return phone.Mask(word)
}

// inWord reports whether r may stand in a number or an identity.
func inWord(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '+' || r == '_'
}
