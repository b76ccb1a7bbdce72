package dingtalk_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/internal/jsontext"
)

// A scanner knows the tokens of our own markup, what gives away that markup
// came through from data, and how our lines begin.
type scanner struct{ own, stray, scheme, paragraph, item, quote *regexp.Regexp }

func newScanner() scanner {
	const safe = `[^()<>\[\]*\s"\\@|` + "`" + `]*` // what an address holds
	return scanner{
		own: regexp.MustCompile(`^(?:<font color=#[0-9A-F]{6}>|</font>|\*\*` +
			`|\[Test\] |\[(?:查看|Link|リンク)\]\(https?://(?:\[[0-9a-fA-F:.%]+\])?` + safe + `\)$)`),
		stray:     regexp.MustCompile("^(?:[<\\[\\]*`~|@]|\\\\(?:[!-/:-@\\[-`{-~]|$)|&#|&[A-Za-z0-9]+;)"),
		scheme:    regexp.MustCompile(`^([A-Za-z0-9+.-]*)://`),
		paragraph: regexp.MustCompile(`^(?:\*\*×\d+\*\* |\[|另有 |ほか |\d+ more alerts? )`),
		item:      regexp.MustCompile(`^- (?:<font |[^ #>=*+-])`),
		quote:     regexp.MustCompile(`^> [^ #>=-]`),
	}
}

// scan reads a message as the strictest client would and fails if it finds
// any markup other than what the package itself writes, or no room for it.
func (s scanner) scan(tb testing.TB, m dingtalk.Markdown, room int) {
	tb.Helper()
	require.True(tb, utf8.ValidString(m.Title) && utf8.ValidString(m.Text))
	require.LessOrEqual(tb, utf8.RuneCountInString(m.Title), dingtalk.MaxTitle)
	require.LessOrEqual(tb, utf8.RuneCountInString(m.Text), dingtalk.MaxText)
	require.LessOrEqual(tb, len(jsontext.AppendString(jsontext.AppendString(nil, m.Title), m.Text)), room)
	require.NotEmpty(tb, strings.TrimSpace(m.Title))
	if fault := s.tokens(strings.TrimPrefix(m.Title, "[Test] "), false); fault != "" || strings.Contains(m.Title, "\n") {
		tb.Fatalf("%s in title %q", fault, m.Title)
	}
	before := ""
	for i, line := range strings.Split(m.Text, "\n") {
		if fault := s.line(i, before, line); fault != "" {
			tb.Fatalf("%s in line %q behind %q", fault, line, before)
		}
		before = line
	}
	require.NotEmpty(tb, before, "nothing blank at the end")
}

// line checks one line, the first of which has the index 0.
func (s scanner) line(i int, before, line string) (fault string) {
	rest, heading := strings.CutPrefix(line, "#### <font ")
	switch {
	case heading != (i == 0):
		return "a heading, or none"
	case heading:
		line = "<font " + rest
	case line == "":
		return ""
	case s.item.MatchString(line):
		if before != "" && !strings.HasPrefix(before, "- ") {
			return "no blank line before the list"
		}
	case s.quote.MatchString(line):
		if before != "" && (!strings.HasPrefix(before, "> ") || !strings.HasSuffix(before, "  ")) {
			return "no blank line before the quote, or none broken"
		}
		line = strings.TrimPrefix(line, "> ")
	case !s.paragraph.MatchString(line):
		return "data at the begin"
	case before != "":
		return "no blank line before the paragraph"
	}
	return s.tokens(strings.TrimPrefix(line, "- "), true)
}

// tokens checks the characters of a line, in which our own markup may stand.
func (s scanner) tokens(line string, markup bool) (fault string) {
	bold, font, word := false, false, false
	for line != "" {
		if markup {
			if token := s.own.FindString(line); token != "" {
				switch {
				case token == "**":
					bold = !bold
				case (token == "</font>") != font && strings.Contains(token, "font"):
					return "tags that do not match"
				case strings.Contains(token, "font"):
					font = !font
				}
				line, word = line[len(token):], false
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(line)
		after := strings.TrimLeft(line, "_")
		next, _ := utf8.DecodeRuneInString(after)
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029:
			return fmt.Sprintf("%U", r)
		case s.stray.MatchString(line):
			return "markup from data"
		case r == '_' && (!word || after == "" || !isWord(next) && next != '…'):
			return "italics from data"
		}
		if scheme := s.scheme.FindStringSubmatchIndex(line); scheme != nil && !word {
			if !strings.EqualFold(line[:scheme[3]], "http") && !strings.EqualFold(line[:scheme[3]], "https") {
				return "an address of another scheme"
			}
		}
		line, word = line[size:], isWord(r) || r == '_' && word
	}
	if bold || font {
		return "markup left open"
	}
	return ""
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// TestScanner makes sure that the scanner finds what it is there for.
func TestScanner(t *testing.T) {
	t.Parallel()
	s := newScanner()
	const item, font = "- a", "#### <font color=#000000>x</font>"
	for _, good := range [][3]string{
		{"0", "", font}, {"", "", ""}, {"", "", "- a_b__c a&b C:\\x > # - = https://a.example"}, {"", item, "- x"}, {"", "", "> quoted"},
		{"", "> a  ", "> 1. b"}, {"", "", "[查看](https://[::1]:80/x?a=b&c)"}, {"", item, "- [查看](http://a.example/)"},
		{"", "", "**×2** <font color=#ABCDEF>**x**</font> y"}, {"", "", "- a_…"},
	} {
		require.Empty(t, s.line(len(good[0])-1, good[1], good[2]), good[2])
	}
	for _, bad := range [][2]string{
		{"", "data"}, {"", "# x"}, {"", font}, {"", "> # x"}, {"", ">  x"}, {"", "> > x"}, {"", "> ---"}, {"", "> ==="}, {"", "---"}, {"", "- # x"}, {"", "- - x"},
		{"", "- **a"}, {"", "- a *b"}, {"", "- a `b`"}, {"", "- a <b>"}, {"", "- a ~b~"}, {"", "- a | b"}, {"", "- a [b](http://x)"}, {"", "- a ![](http://x)"},
		{"", "- a @13800000000"}, {"", "- a @all"}, {"", "- _a_"}, {"", "- a _b"}, {"", "- a_ b"}, {"", "- a_"}, {"", "- __a"}, {"", "- a dingtalk://b"}, {"", "- xhttp://b"},
		{"", "[查看](javascript:x)"}, {"", "[查看](dingtalk://x)"}, {"", "[查看](http://x) y"}, {"", `- a <font color="red">x</font>`},
		{"", "- <font color=#ABCDEF>x"}, {"", "- a </font>"}, {"", "- a \\*"}, {"", "- a \\"}, {"", "- a &lt;"}, {"", "- a &#6"}, {"", "- a \x00"}, {"", "- a \u202e"},
		{"", "- a \u2028"}, {"", "- a \u200b"}, {"> a", "> b"}, {item, "> b"}, {"> a  ", "- b"}, {item, "**×1** x"}, {"**×1** x", "另有 1 条"}, {"**×1** x", "- a"},
	} {
		require.NotEmpty(t, s.line(1, bad[0], bad[1]), bad[1])
	}
	require.NotEmpty(t, s.tokens("**a**", false))
	require.NotEmpty(t, s.line(0, "", "- a"))
}
