package chatmark

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// inline reads what stands within a line. Each kind of markup ends at its first
// end, so that none stands in itself and the depth is bounded by their number.
func (p *parser) inline(text string) (out []Node) {
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, Node{Text: text[start:end]})
		}
	}
	for i := 0; i < len(text); {
		if !strings.ContainsRune("*_`[<@!", rune(text[i])) {
			i++
			continue
		}
		node, n := p.mark(text, i)
		if n == 0 {
			i++
			continue
		}
		flush(i)
		out, i = append(out, node), i+n
		start = i
	}
	flush(len(text))
	return out
}

// mark reads the markup at i and returns how many bytes it has, 0 if there is
// none.
func (p *parser) mark(text string, i int) (node Node, n int) {
	rest := text[i:]
	switch rest[0] {
	case '*':
		if node, n = p.pair(rest, "**", "b"); n > 0 {
			return node, n
		}
		return p.italic(rest, "*")
	case '_':
		if i > 0 && isWord(text[i-1]) {
			return node, 0
		}
		return p.italic(rest, "_")
	case '`':
		return code(rest)
	case '[':
		return p.anchor(rest)
	case '!':
		if strings.HasPrefix(rest, "![") {
			if node, n = p.anchor(rest[1:]); n > 0 {
				return node, n + 1
			}
		}
	case '<':
		if node, n = p.font(rest); n > 0 {
			return node, n
		}
		return p.wecomMention(rest)
	case '@':
		return p.dingtalkMention(rest)
	}
	return node, 0
}

func isWord(b byte) bool {
	return b == '_' || b >= 0x80 || unicode.IsLetter(rune(b)) || unicode.IsDigit(rune(b))
}

// pair reads what stands between two equal marks.
func (p *parser) pair(rest, mark, tag string) (Node, int) {
	inner, ok := strings.CutPrefix(rest, mark)
	if !ok {
		return Node{}, 0
	}
	end := strings.Index(inner, mark)
	if end < 1 || strings.TrimSpace(inner[:end]) == "" {
		return Node{}, 0
	}
	return Node{Tag: tag, Kids: p.inline(inner[:end])}, end + 2*len(mark)
}

// italic is a pair that must stand close to its text, and around a word.
func (p *parser) italic(rest, mark string) (Node, int) {
	if p.dialect == Wecom || len(rest) < 3 || rest[1] == ' ' || rest[1] == mark[0] {
		return Node{}, 0
	}
	node, n := p.pair(rest, mark, "i")
	if n == 0 || rest[n-2] == ' ' || mark == "_" && n < len(rest) && isWord(rest[n]) {
		return Node{}, 0
	}
	return node, n
}

func code(rest string) (Node, int) {
	end := strings.IndexByte(rest[1:], '`')
	if end < 1 {
		return Node{}, 0
	}
	return Node{Tag: "code", Text: rest[1 : end+1]}, end + 2
}

// anchor reads a link. One that no browser should follow stays without an
// address.
func (p *parser) anchor(rest string) (Node, int) {
	middle := strings.Index(rest, "](")
	if middle < 1 || strings.ContainsRune(rest[1:middle], '[') {
		return Node{}, 0
	}
	end := strings.IndexByte(rest[middle:], ')')
	if end < 0 {
		return Node{}, 0
	}
	address := rest[middle+2 : middle+end]
	kids := p.inline(rest[1:middle])
	if len(kids) == 0 {
		kids = []Node{{Text: address}}
	}
	return Node{Tag: "a", Href: Link(address), Kids: kids}, middle + end + 1
}

// font reads a coloured text.
func (p *parser) font(rest string) (Node, int) {
	const opening, closing = "<font color=", "</font>"
	inner, ok := strings.CutPrefix(rest, opening)
	if !ok || p.dialect == WecomV2 {
		return Node{}, 0
	}
	head := strings.IndexByte(inner, '>')
	if head < 0 || head > 40 {
		return Node{}, 0
	}
	class := p.colour(strings.Trim(strings.TrimSpace(inner[:head]), `"'`))
	body := inner[head+1:]
	end := strings.Index(body, closing)
	if end < 0 {
		return Node{}, 0
	}
	return Node{Tag: "font", Class: class, Kids: p.inline(body[:end])}, len(opening) + head + 1 + end + len(closing)
}

// colour returns the class of a colour. WeCom knows three by name; DingTalk
// takes numbers, of which the hue decides, so that text stays readable on every
// ground.
func (p *parser) colour(name string) string {
	if p.dialect == Wecom {
		if slices.Contains([]string{"info", "comment", "warning"}, name) {
			return name
		}
		return ""
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(name, "#"), 16, 24)
	if err != nil || len(name) != 7 {
		return ""
	}
	r, g, b := int(n>>16), int(n>>8&0xff), int(n&0xff)
	switch hi, lo := max(r, g, b), min(r, g, b); {
	case hi-lo < 48:
		return "comment"
	case hi == g:
		return "info"
	case hi == b:
		return "blue"
	case g-b > 40:
		return "warning"
	}
	return "red"
}

// wecomMention reads <@userid>.
func (p *parser) wecomMention(rest string) (Node, int) {
	inner, ok := strings.CutPrefix(rest, "<@")
	end := strings.IndexByte(inner, '>')
	if !ok || p.dialect != Wecom || end < 1 || end > 64 || strings.ContainsAny(inner[:end], " <") {
		return Node{}, 0
	}
	return Node{Tag: "at", Text: "@" + inner[:end]}, end + 3
}

// dingtalkMention reads an @ with one of the words that notify somebody.
func (p *parser) dingtalkMention(rest string) (node Node, n int) {
	for _, m := range p.mentions {
		if m != "" && len(m)+1 > n && strings.HasPrefix(rest[1:], m) {
			node, n = Node{Tag: "at", Text: "@" + m}, len(m)+1
		}
	}
	return node, n
}
