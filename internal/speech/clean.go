package speech

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// A Voice reads alerts aloud in one language. The zero value speaks Chinese.
type Voice struct{ Locale alert.Locale }

// Clean returns s as a voice can read it, of at most limit runes: links are
// left out, addresses are spelled, signs of markup and control characters
// become blanks, of which there are never two. The braces of a placeholder are
// such signs, so that text from outside cannot be taken for one. What was cut
// ends in a mark that says so.
func (v Voice) Clean(s string, limit int) string {
	// Reading more than this would not change the result.
	if most := 64 * (limit + 64); len(s) > most {
		s = s[:most]
	}
	s = markup.OneLine(s, 4*len(s)+64) // what cannot be seen would hide a link
	s = links().ReplaceAllString(s, " ")
	s = addresses().ReplaceAllStringFunc(s, v.spell)
	s = bounds().ReplaceAllStringFunc(s, v.compare)
	s = strings.Map(speakable, s)
	w := markup.Writer{Mark: v.Locale.Cut(), Runes: true}
	w.Line(s, limit)
	return string(w.Buf)
}

// links finds what nobody wants read letter by letter, in whatever way it is glued
// to the text before it: any scheme, anywhere in a word. A link ends at a blank or
// at the first character that a URL must escape, as Chinese is.
func links() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:[a-z0-9+.-]*:/{2}|mailto:|www\.)[!-~]*`)
}

// addresses finds what may be an IPv4 address.
func addresses() *regexp.Regexp { return regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}`) }

// spell says the dots of an address, which a voice would take for those of a
// number or for ends of sentences.
func (v Voice) spell(s string) string {
	if _, err := netip.ParseAddr(s); err != nil {
		return s
	}
	dot := " 点 "
	switch v.Locale {
	case alert.English:
		dot = " dot "
	case alert.Japanese:
		dot = " ドット "
	}
	return strings.ReplaceAll(s, ".", dot)
}

// bounds finds the comparison in front of a number, as in "> 90%".
func bounds() *regexp.Regexp { return regexp.MustCompile(`[<>]=?\s*-?\d`) }

// compare says a comparison, without which a threshold is no news.
func (v Voice) compare(s string) string {
	sign := strings.TrimRight(s, "-0123456789 \t\n\v\f\r")
	return " " + v.comparison(sign) + " " + strings.TrimSpace(s[len(sign):])
}

// comparison returns the words for one of four signs.
func (v Voice) comparison(sign string) string {
	switch v.Locale {
	case alert.English:
		return map[string]string{"<": "below", "<=": "at most", ">": "above", ">=": "at least"}[sign]
	case alert.Japanese:
		return map[string]string{"<": "小なり", "<=": "小なりイコール", ">": "大なり", ">=": "大なりイコール"}[sign]
	}
	return map[string]string{"<": "小于", "<=": "小于等于", ">": "大于", ">=": "大于等于"}[sign]
}

// speakable returns r, or a blank for what a voice would stumble over.
func speakable(r rune) rune {
	if strings.ContainsRune("*_#~|<>[]{}\\\"'`^=$@&;", r) || unicode.IsSymbol(r) && r > unicode.MaxLatin1 {
		return ' '
	}
	return r
}
