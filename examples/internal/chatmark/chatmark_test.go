package chatmark_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/chatmark"
)

// sketch writes a tree in one line.
func sketch(nodes []chatmark.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.Tag == "" {
			b.WriteString(n.Text)
			continue
		}
		b.WriteString("<" + n.Tag)
		if n.Class != "" {
			b.WriteString(" " + n.Class)
		}
		if n.Tag == "a" {
			b.WriteString(" " + n.Href)
		}
		b.WriteString(">" + n.Text + sketch(n.Kids))
		if n.Tag != "br" && n.Tag != "hr" {
			b.WriteString("</>")
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	const wecom, v2, ding = chatmark.Wecom, chatmark.WecomV2, chatmark.DingTalk
	tests := []struct {
		name     string
		dialect  chatmark.Dialect
		text     string
		want     string
		mentions []string
	}{
		{name: "plain", text: "a < b & c", want: "<p>a < b & c</>"},
		{name: "empty", text: "\n \n", want: ""},
		{name: "lines", text: "a\nb\n\nc", want: "<p>a<br>b</><p>c</>"},
		{name: "bold and colour", text: `**<font color="warning">!</font>** x`, want: "<p><b><font warning>!</></> x</>"},
		{name: "colour in bold in colour", text: `<font color="info">a **b** c</font>`, want: "<p><font info>a <b>b</> c</></>"},
		{name: "unknown colour", text: `<font color="red">a</font>`, want: "<p><font>a</></>"},
		{name: "colour that does not end", text: `<font color="info">a`, want: `<p><font color="info">a</>`},
		{name: "attribute", text: `<font color="info" onclick="x">a</font>`, want: `<p><font>a</></>`},
		{name: "headings", text: "# a\n###### b\n####### c\n#d", want: "<h1>a</><h6>b</><p>####### c<br>#d</>"},
		{name: "quote", text: "> a\n> **b**\nc", want: "<quote>a<br><b>b</></><p>c</>"},
		{name: "link", text: "[a](https://example.com/x?y=1)", want: "<p><a https://example.com/x?y=1>a</></>"},
		{name: "link with markup", text: "[**a**](https://example.com)", want: "<p><a https://example.com><b>a</></></>"},
		{name: "script link", text: "[a](javascript:alert(1))", want: "<p><a >a</>)</>"},
		{name: "data link", text: "[a](data:text/html,x)", want: "<p><a >a</></>"},
		{name: "link without host", text: "[a](https:///x)", want: "<p><a >a</></>"},
		{name: "link without scheme", text: "[a](//example.com)", want: "<p><a >a</></>"},
		{name: "no link", text: "[a] (https://example.com) [b]", want: "<p>[a] (https://example.com) [b]</>"},
		{name: "code", text: "`a **b**`", want: "<p><code>a **b**</></>"},
		{name: "mention", text: "<@zhang><@li.si> <@>", want: "<p><at>@zhang</><at>@li.si</> <@></>"},
		{name: "not WeCom's", text: "- a\n*b* _c_\n---", want: "<p>- a<br>*b* _c_<br>---</>"},
		{name: "tag of another", text: "<b>a</b><img src=x>", want: "<p><b>a</b><img src=x></>"},
		{name: "controls", text: "a\x00\x1b[1m\u202eb\r\nc", want: "<p>a[1mb<br>c</>"},
		{name: "no UTF-8", text: "a\xff", want: "<p>a�</>"},

		{name: "v2 italics", dialect: v2, text: "*a* _b_ a_b_c 2 * 3 * 4", want: "<p><i>a</> <i>b</> a_b_c 2 * 3 * 4</>"},
		{name: "v2 lists", dialect: v2, text: "- a\n- b\n1. c\n2. d", want: "<ul><li>a</><li>b</></><ol><li>c</><li>d</></>"},
		{name: "v2 block", dialect: v2, text: "a\n```\n**b**\n```\nc", want: "<p>a</><pre>**b**</><p>c</>"},
		{name: "v2 open block", dialect: v2, text: "```\nb", want: "<p>```<br>b</>"},
		{name: "v2 rule", dialect: v2, text: "a\n---\nb", want: "<p>a</><hr><p>b</>"},
		{name: "v2 has no colours", dialect: v2, text: `<font color="info">a</font> <@b>`, want: `<p><font color="info">a</font> <@b></>`},

		{name: "DingTalk joins lines", dialect: ding, text: "a\nb  \nc", want: "<p>a b<br>c</>"},
		{name: "DingTalk quote", dialect: ding, text: "> a  \n> b\n> c", want: "<quote>a<br>b c</>"},
		{name: "DingTalk colours", dialect: ding, want: "<p><font red>a</><font warning>b</><font info>c</><font comment>d</><font blue>e</><font>f</></>",
			text: `<font color=#D93026>a</font><font color=#E67E22>b</font><font color="#2E9E4F">c</font><font color=#888888>d</font><font color=#1f5fa8>e</font><font color=red>f</font>`},
		{name: "DingTalk mention", dialect: ding, text: "@13800000000 @138000000001 @x a@x", mentions: []string{"13800000000", "138000000001", ""},
			want: "<p><at>@13800000000</> <at>@138000000001</> @x a@x</>"},
		{name: "DingTalk picture", dialect: ding, text: "![a](https://example.com/a.png)", want: "<p><a https://example.com/a.png>a</></>"},
		{name: "exclamation", dialect: ding, text: "a! [b](https://example.com)!", want: "<p>a! <a https://example.com>b</>!</>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, sketch(chatmark.Parse(tt.dialect, tt.text, tt.mentions...)))
		})
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", chatmark.MaxBytes)
	text := chatmark.Plain(chatmark.Parse(chatmark.Wecom, long))
	require.LessOrEqual(t, len(text), chatmark.MaxBytes+4)
	require.True(t, utf8.ValidString(text))
	require.True(t, strings.HasSuffix(text, "长…"))
	for _, mark := range []string{`<font color="info">`, "**", "*", "_", "[", "![", "`"} {
		deep := strings.Repeat(mark, 400) + "x" + strings.Repeat("</font>](", 400)
		nodes := chatmark.Parse(chatmark.DingTalk, deep)
		require.Less(t, depth(nodes), 10, mark)
		require.Contains(t, chatmark.Plain(nodes), "x")
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a b c d", chatmark.Plain(chatmark.Parse(chatmark.DingTalk, "# a\n- **b**\n- c\n\n> d")))
}

func depth(nodes []chatmark.Node) int {
	deepest := 0
	for _, n := range nodes {
		deepest = max(deepest, 1+depth(n.Kids))
	}
	return deepest
}

// No text makes a node of another kind, loses what can be read, or takes long.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"# a **b** [c](https://example.com) `d`", `<font color="info">a</font><@b>`, "> a\n- b\n1. c\n```\nd\n```", "**[<@`_*!["} {
		for d := range 3 {
			f.Add(byte(d), seed)
		}
	}
	known := map[string]bool{"": true, "b": true, "i": true, "code": true, "a": true, "font": true, "at": true, "br": true, "p": true,
		"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "quote": true, "ul": true, "ol": true, "li": true, "pre": true, "hr": true}
	f.Fuzz(func(t *testing.T, d byte, text string) {
		nodes := chatmark.Parse(chatmark.Dialect(d%3), text, "x")
		var check func([]chatmark.Node)
		check = func(nodes []chatmark.Node) {
			for _, n := range nodes {
				require.True(t, known[n.Tag], n.Tag)
				require.True(t, utf8.ValidString(n.Text))
				require.True(t, n.Href == "" || strings.HasPrefix(n.Href, "http://") || strings.HasPrefix(n.Href, "https://"), n.Href)
				require.True(t, n.Text == "" || n.Kids == nil)
				check(n.Kids)
			}
		}
		check(nodes)
		require.LessOrEqual(t, depth(nodes), 10)
		encoded, err := json.Marshal(nodes)
		require.NoError(t, err)
		require.LessOrEqual(t, len(encoded), 400+60*len(text), "no markup blows up")
	})
}
