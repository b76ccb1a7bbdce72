package chatmark

import (
	"strconv"
	"strings"
)

// A parser reads lines.
type parser struct {
	dialect  Dialect
	mentions []string
	out      []Node
	open     string // tag of the block that the next line may go on with
}

// blocks reads all lines.
func (p *parser) blocks(lines []string) {
	for len(lines) > 0 {
		if n := p.fence(lines); n > 0 {
			lines, p.open = lines[n:], ""
			continue
		}
		p.line(lines[0])
		lines = lines[1:]
	}
}

// fence reads a block of code, and returns how many lines it has.
func (p *parser) fence(lines []string) int {
	if p.dialect == Wecom || !strings.HasPrefix(strings.TrimSpace(lines[0]), "```") {
		return 0
	}
	for i, line := range lines[1:] {
		if strings.TrimSpace(line) == "```" {
			p.out = append(p.out, Node{Tag: "pre", Text: strings.Join(lines[1:i+1], "\n")})
			return i + 2
		}
	}
	return 0
}

// line reads one line.
func (p *parser) line(line string) {
	text := strings.TrimSpace(line)
	if text == "" {
		p.open = ""
		return
	}
	if level, rest := heading(text); level > 0 {
		p.add("h"+strconv.Itoa(level), "", rest, true)
		return
	}
	if rest, ok := strings.CutPrefix(text, ">"); ok {
		p.add("quote", "", rest, p.hard(line))
		return
	}
	if p.dialect != Wecom {
		switch tag, rest := item(text); {
		case tag != "":
			p.add(tag, "li", rest, true)
			return
		case strings.Trim(text, "-") == "" && len(text) >= 3:
			p.out, p.open = append(p.out, Node{Tag: "hr"}), ""
			return
		}
	}
	p.add("p", "", text, p.hard(line))
}

// hard reports whether the end of a line is one for the reader. DingTalk joins
// lines that do not end in two blanks.
func (p *parser) hard(line string) bool {
	return p.dialect != DingTalk || strings.HasSuffix(line, "  ")
}

// add puts a line into a block of a kind, which it opens or goes on with. In
// lists it is an item of its own.
func (p *parser) add(tag, item, text string, hard bool) {
	kids := p.inline(strings.TrimSpace(text))
	if item != "" {
		kids = []Node{{Tag: item, Kids: kids}}
	}
	open := strings.TrimSuffix(p.open, "+")
	if last := len(p.out) - 1; open == tag && last >= 0 && tag[0] != 'h' {
		b := &p.out[last]
		switch {
		case item != "":
		case strings.HasSuffix(p.open, "+"):
			b.Kids = append(b.Kids, Node{Tag: "br"})
		default:
			b.Kids = append(b.Kids, Node{Text: " "})
		}
		b.Kids = append(b.Kids, kids...)
	} else {
		p.out = append(p.out, Node{Tag: tag, Kids: kids})
	}
	p.open = tag
	if hard {
		p.open += "+"
	}
}

// heading returns the level of a heading, or 0.
func heading(text string) (level int, rest string) {
	rest = strings.TrimLeft(text, "#")
	level = len(text) - len(rest)
	if level < 1 || level > 6 || !strings.HasPrefix(rest, " ") {
		return 0, text
	}
	return level, rest
}

// item returns the list that a line is an item of.
func item(text string) (tag, rest string) {
	for _, mark := range []string{"- ", "* ", "+ "} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return "ul", rest
		}
	}
	number, rest, ok := strings.Cut(text, ". ")
	if _, err := strconv.ParseUint(number, 10, 16); ok && err == nil {
		return "ol", rest
	}
	return "", text
}
