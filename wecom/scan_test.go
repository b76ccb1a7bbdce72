package wecom_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// scan reads a message as the strictest client would and fails if it finds
// any markup other than what the package itself writes.
func scan(tb testing.TB, content string, mentions []string) {
	tb.Helper()
	newScanner().scan(tb, content, mentions)
}

func (s scanner) scan(tb testing.TB, content string, mentions []string) {
	tb.Helper()
	require.True(tb, utf8.ValidString(content))
	require.LessOrEqual(tb, len(content), wecom.MaxMarkdown)
	require.NotEmpty(tb, content)
	var found []string
	for line := range strings.SplitSeq(content, "\n") {
		members, fault := s.line(line)
		if fault != "" {
			tb.Fatalf("%s in line %q", fault, line)
		}
		found = append(found, members...)
	}
	require.True(tb, slices.Equal(mentions, found), "mentions %q in %q", found, content)
}

// A scanner knows the tokens of our own markup, what gives away that markup
// came through from data, and how our lines begin.
type scanner struct{ own, stray, begin *regexp.Regexp }

func newScanner() scanner {
	const safe = `[^()<>\[\]*\s"\\` + "`" + `]*` // what an address holds
	return scanner{
		own: regexp.MustCompile(`^(?:<font color="(?:info|comment|warning)">|</font>|\*\*|<@([A-Za-z0-9_.@-]+)>` +
			`|\[Test\] |\[(?:查看|Link|リンク)\]\(https?://(?:\[[0-9a-fA-F:.%]+\])?` + safe + `\)$)`),
		stray: regexp.MustCompile("^(?:[<\\[\\]*`]|\\\\(?:[!-/:-@\\[-`{-~]|$)|&#|&[A-Za-z0-9]+;)"),
		begin: regexp.MustCompile(`^(?:\*\*|<font |<@|\[|> [^ #>]|另有 |ほか |\d+ alerts? more in )`),
	}
}

// line checks one line and returns the members it mentions.
func (s scanner) line(line string) (mentions []string, fault string) {
	if !s.begin.MatchString(line) {
		return nil, "data at the begin"
	}
	bold, font := false, false
	for line = strings.TrimPrefix(line, "> "); line != ""; {
		r, size := utf8.DecodeRuneInString(line)
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			return nil, fmt.Sprintf("%U", r)
		}
		if strings.ContainsRune("<[]*`\\&", r) {
			token := s.own.FindStringSubmatch(line)
			switch {
			case token == nil && s.stray.MatchString(line):
				return nil, "markup from data"
			case token == nil:
			case token[0] == "**":
				bold = !bold
			case (token[0] == "</font>") != font && strings.Contains(token[0], "font"):
				return nil, "tags that do not match"
			case strings.Contains(token[0], "font"):
				font = !font
			case token[1] != "":
				mentions = append(mentions, token[1])
			}
			if token != nil {
				size = len(token[0])
			}
		}
		line = line[size:]
	}
	if bold || font {
		return nil, "markup left open"
	}
	return mentions, ""
}

// TestScanner makes sure that the scanner finds what it is there for.
func TestScanner(t *testing.T) {
	t.Parallel()
	s := newScanner()
	for _, good := range []string{
		`**<font color="info">x</font>** a_b a&b C:\x > #`, "<@a><@b>", "[查看](https://[::1]:80/x?a=b&c)", "> quoted",
	} {
		_, fault := s.line(good)
		require.Empty(t, fault, good)
	}
	for _, bad := range []string{
		"data", "# x", "> # x", ">  x", "> > x", "**a", "** *a", "** `a`", "** <b>", "** [a](http://x)", "[查看](javascript:x)",
		"[查看](http://x) y", `<font color="red">x</font>`, `<font color="info">x`, `**</font>`, "**a** \\*", "**a** \\", "**a** &lt;", "**a** &#6",
		"**a** \x00", "**a** \u202e", "**a** \u2028", "**a** \u200b", "",
	} {
		_, fault := s.line(bad)
		require.NotEmpty(t, fault, bad)
	}
}
