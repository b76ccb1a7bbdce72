// Package chatmark reads the markdown of chat robots as the chats draw it, in
// their own dialects. The result is a tree of a few kinds of node, with text
// that is nothing but text: whoever draws it cannot be made to draw anything
// else.
package chatmark

import (
	"net/url"
	"strings"
	"unicode"
)

// A Dialect is what a vendor's chat takes for markup.
type Dialect uint8

// The dialects.
const (
	Wecom    Dialect = iota // markdown of WeCom: colours by name, mentions, no lists
	WecomV2                 // markdown_v2 of WeCom: lists, italics, code, no colours, no mentions
	DingTalk                // markdown of DingTalk: lists, italics, colours by number
)

// MaxBytes bounds what is drawn of a message. It is above what the vendors take.
const MaxBytes = 32 << 10

// A Node is a piece of a message.
type Node struct {
	// Tag is what it is: "" (plain text), "b", "i", "code", "a", "font", "at",
	// "br", and of whole lines "p", "h1" to "h6", "quote", "ul", "ol", "li",
	// "pre", "hr".
	Tag string `json:"t,omitempty"`

	Text  string `json:"s,omitempty"` // of "", "code", "at" and "pre"
	Class string `json:"c,omitempty"` // colour of a "font": info, comment, warning, red or blue
	Href  string `json:"h,omitempty"` // of an "a": http or https, or empty if it leads elsewhere
	Kids  []Node `json:"k,omitempty"`
}

// Parse reads a message. Mentions are the words behind an @ that notify a
// member of a DingTalk group. Parse never fails: what is no markup is text.
func Parse(d Dialect, text string, mentions ...string) []Node {
	if len(text) > MaxBytes {
		text = strings.ToValidUTF8(text[:MaxBytes], "") + "…"
	}
	p := parser{dialect: d, mentions: mentions}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\r\n", "\n")
	p.blocks(strings.Split(strings.Map(visible, text), "\n"))
	return p.out
}

// visible drops control characters, and those that turn the direction of text.
func visible(r rune) rune {
	if r != '\n' && r != '\t' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	return r
}

// Plain returns the text of nodes, for titles and for those who listen.
func Plain(nodes []Node) string {
	var b strings.Builder
	plain(&b, nodes)
	return strings.Join(strings.Fields(b.String()), " ")
}

func plain(b *strings.Builder, nodes []Node) {
	for _, n := range nodes {
		switch n.Tag {
		case "p", "h1", "h2", "h3", "h4", "h5", "h6", "quote", "li", "br", "pre":
			b.WriteByte(' ')
		}
		b.WriteString(n.Text)
		plain(b, n.Kids)
	}
}

// Link returns an address if a reader may follow it, over http or https, or
// nothing.
func Link(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}
