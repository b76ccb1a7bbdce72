package dingtalk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

func TestAddMentions(t *testing.T) {
	t.Parallel()
	const number = "13800000001"
	tests := []struct {
		name, text, want string
		at               dingtalk.At
	}{
		{"nobody", "x", "x", dingtalk.At{}},
		{"all", "x", "x", dingtalk.At{All: true}},
		{"missing", "x", "x|@13800000001", dingtalk.At{Mobiles: []string{number}}},
		{"missing, with an @", "x", "x|@13800000001", dingtalk.At{Mobiles: []string{"@@" + number}}},
		{"number without an @", "call 13800000001", "call 13800000001|@13800000001", dingtalk.At{Mobiles: []string{number}}},
		{"there", "@13800000001 x", "@13800000001 x", dingtalk.At{Mobiles: []string{number}}},
		{"there, in a sentence", "请@13800000001，看一下", "请@13800000001，看一下", dingtalk.At{Mobiles: []string{number}}},
		{"part of another", "@138000000011", "@138000000011|@13800000001", dingtalk.At{Mobiles: []string{number}}},
		{"part of another, then there", "@138000000011 @13800000001", "@138000000011 @13800000001", dingtalk.At{Mobiles: []string{number}}},
		{"an address of mail", "ops@zhangwei", "ops@zhangwei|@zhangwei", dingtalk.At{UserIDs: []string{"zhangwei"}}},
		{"abroad", "x @852-12345678", "x @852-12345678|@+852-12345678", dingtalk.At{Mobiles: []string{"+852-12345678"}}},
		{"some", "@a x", "@a x|@13800000001 @b", dingtalk.At{Mobiles: []string{number, number}, UserIDs: []string{"a", "b", "@b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.at.AddTo(tt.text, "|"))
		})
	}
}

// TestMentionsFire shows that the far end notifies whom the robot names, in
// every type that can, in cards and in digests, and nobody for what needs none.
func TestMentionsFire(t *testing.T) {
	t.Parallel()
	at := dingtalk.At{Mobiles: []string{"@13800000001", "+852-12345678"}, UserIDs: []string{"zhangwei"}, All: true}
	robot, server := newRobot(t, &dingtalk.Options{At: at, Rate: -1})
	require.NoError(t, robot.Send(t.Context(), bandwidth()))
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Status: alert.NoData, Severity: alert.Notice}, alert.Alert{Status: alert.Resolved}))
	require.NoError(t, robot.Send(t.Context(), bandwidths(300, 90)...))
	require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x", At: at}))
	require.NoError(t, robot.Post(t.Context(), dingtalk.Markdown{Title: "t", Text: "x", At: at}))
	require.Len(t, server.Messages(), 5)
	for _, m := range server.Messages() {
		require.Equal(t, []string{"13800000001", "+852-12345678", "zhangwei"}, m.Mentioned, m.Text)
		require.True(t, m.MentionsAll)
	}
	quiet := []alert.Alert{{Status: alert.News, Severity: alert.Critical}, {Status: alert.Resolved, Severity: alert.Critical}, {Severity: alert.Info}}
	for _, a := range quiet {
		require.NoError(t, robot.Send(t.Context(), a))
	}
	require.NoError(t, robot.Send(t.Context(), quiet...))
	require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x"}), "Post mentions whom the message names")
	for _, m := range server.Messages()[5:] {
		require.Empty(t, m.AtMobiles, m.Text)
		require.False(t, m.MentionsAll)
	}
}

// TestNotify decides by alert whom a message notifies. What cannot be mentioned
// costs no alert.
func TestNotify(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &dingtalk.Options{Notify: func(a alert.Alert) dingtalk.At {
		switch {
		case a.Status == alert.Resolved:
			return dingtalk.At{UserIDs: []string{"li.si"}}
		case a.Severity == alert.Critical:
			return dingtalk.At{Mobiles: []string{"@13800000001", "no number"}, UserIDs: []string{"", "zhangwei"}, All: true}
		}
		return dingtalk.At{UserIDs: strings.Split(numbered(2000), ",")}
	}})
	over, critical := alert.Alert{Status: alert.Resolved}, alert.Alert{Severity: alert.Critical}
	require.NoError(t, robot.Send(t.Context(), over))
	require.NoError(t, robot.Send(t.Context(), critical, over, critical))
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Summary: strings.Repeat("长", 9000)}))
	m := server.Messages()
	require.Equal(t, []string{"li.si"}, m[0].Mentioned)
	require.Equal(t, []string{"13800000001", "zhangwei", "li.si"}, m[1].Mentioned)
	require.True(t, m[1].MentionsAll)
	require.Greater(t, len(m[2].Mentioned), 300)
	require.LessOrEqual(t, len(m[2].Body), 20000)
}

// TestKeyword shows that no message is refused for want of a keyword.
func TestKeyword(t *testing.T) {
	t.Parallel()
	resolved := bandwidth()
	resolved.Status = alert.Resolved
	with := func(word string) dingtalk.Link { m := link(); m.Text += " " + word; return m }
	tests := []struct {
		name  string
		send  dingtalk.Message // nil: alerts
		alert alert.Alert
		want  func(m dingtalktest.Message) string
		is    string // "": whatever is rendered
	}{
		{name: "text", send: dingtalk.Text{Content: "x", At: dingtalk.At{UserIDs: []string{"a"}}}, want: text, is: "x\n值班\n@a"},
		{name: "text that holds it", send: dingtalk.Text{Content: "值班: x"}, want: text, is: "值班: x"},
		{name: "markdown", send: dingtalk.Markdown{Title: "t", Text: "x"}, want: title, is: "t 值班"},
		{name: "markdown with it in the text", send: dingtalk.Markdown{Title: "t", Text: "x 值班"}, want: title, is: "t"},
		{name: "markdown with it in the title", send: dingtalk.Markdown{Title: "值班", Text: "x"}, want: title, is: "值班"},
		{name: "link", send: link(), want: title, is: "[S2] disk 91% 值班"},
		{name: "link with it in the text", send: with("值班"), want: title, is: "[S2] disk 91%"},
		{name: "card", send: card(), want: title, is: "[S1] order-service 5xx 值班"},
		{name: "feed", send: feed(), want: entry, is: "cluster-07 disk 91% 值班"},
		{name: "alert", alert: bandwidth(), want: title},
		{name: "recovery", alert: resolved, want: title},
		{name: "nothing to say", want: title},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, &dingtalk.Options{Keyword: " 值班\n"})
			server.Keywords = []string{"另一个", "值班"}
			if tt.send != nil {
				require.NoError(t, robot.Post(t.Context(), tt.send))
			} else {
				require.NoError(t, robot.Send(t.Context(), tt.alert))
			}
			got := tt.want(server.Messages()[0])
			require.True(t, tt.is == "" || tt.is == got, got)
		})
	}
}

func text(m dingtalktest.Message) string  { return m.Text }
func title(m dingtalktest.Message) string { return m.Title }
func entry(m dingtalktest.Message) string { return m.Links[0].Title }
