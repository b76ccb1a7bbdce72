package dingtalk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// FuzzAnswer judges any answer: it never panics, never takes an answer for a
// yes that encoding/json does not read as errcode 0, and keeps errors short.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"errcode":0,"errmsg":"ok"}`)
	f.Add(`{"errcode":310000,"errmsg":"description:签名过期;solution:x;link:https://x;"}`)
	f.Add(`{"errcode":310000,"errmsg":"ip 192.0.2.10 not in whitelist, more: [https://x]"}`)
	f.Add(`{"status":1111,"wait":5,"punish":"deny"}`)
	f.Add(`{"errcode":1e400,"errmsg":"\ud800;solution:` + "\x00" + `]"}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, body string) {
		robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret})
		server.Fail(dingtalktest.Answer(http.StatusOK, body))
		err := robot.Send(alert.Once(t.Context()), bandwidth())
		if err == nil {
			var answer struct{ Errcode *int }
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.NotNil(t, answer.Errcode)
			require.Zero(t, *answer.Errcode)
			return
		}
		require.Less(t, len(err.Error()), 2500) // quoting may double the text
		require.NotContains(t, err.Error(), "\n")
		require.True(t, utf8.ValidString(err.Error()))
	})
}

// FuzzNew reads any address and options: it never panics, no error holds the
// address, and what it takes can be sent to.
func FuzzNew(f *testing.F) {
	f.Add(testToken, "", testSecret, "告警")
	f.Add("https://gw.example.com/robot/send?access_token="+testToken, "", " ", "\xff")
	f.Add("https://[::1%25"+testToken+"]/robot/send?access_token=%", "http://x?y", "", "\x00")
	f.Fuzz(func(t *testing.T, address, base, secret, keyword string) {
		far := &spy{}
		robot, err := dingtalk.New(address, &dingtalk.Options{BaseURL: base, Secret: secret, Keyword: keyword, HTTPClient: far.client()})
		if err != nil {
			require.Nil(t, robot)
			if len(address) > 60 {
				require.NotContains(t, err.Error(), address)
			}
			require.Less(t, len(err.Error()), 400)
			return
		}
		require.True(t, strings.HasPrefix(robot.String(), "dingtalk.Robot("))
		require.NoError(t, robot.Send(t.Context(), bandwidth()))
		require.Len(t, far.requests, 1)
		require.Equal(t, secret != "", far.requests[0].URL.Query().Has("sign"))
		require.Contains(t, far.bodies[0], strings.Trim(encoded(t, strings.TrimSpace(keyword)), `"`))
	})
}

// encoded returns s as JSON, as messages have it.
func encoded(t *testing.T, s string) string {
	t.Helper()
	body, err := dingtalk.EncodeBare(dingtalk.Text{Content: "x" + s})
	require.NoError(t, err)
	_, value, _ := strings.Cut(string(body), `"content":"x`)
	return strings.TrimSuffix(value, `}}`)
}

// FuzzAt mentions anybody in any text: whatever is not refused fires, and
// nothing is added twice.
func FuzzAt(f *testing.F) {
	f.Add("x", "13800000001", "zhangwei", true)
	f.Add("@138000000011 @13800000001", "@13800000001", "@a.b", false)
	f.Add("a\xff@+852-12345678", "+852-12345678", "12345678", false)
	f.Fuzz(func(t *testing.T, text, mobile, user string, all bool) {
		at := dingtalk.At{Mobiles: []string{mobile, mobile}, UserIDs: []string{user}, All: all}
		m := dingtalk.Text{Content: text, At: at}
		robot, server := newRobot(t, nil)
		if m.Validate() != nil {
			require.Error(t, robot.Post(t.Context(), m))
			require.Zero(t, server.Attempts())
			return
		}
		require.NoError(t, robot.Post(t.Context(), m))
		got := server.Messages()[0]
		require.Len(t, got.AtMobiles, 1)
		require.Len(t, got.AtUserIDs, 1)
		require.Equal(t, []string{got.AtMobiles[0], got.AtUserIDs[0]}, got.Mentioned)
		require.Equal(t, all, got.MentionsAll)
		m.Content = got.Text
		require.NoError(t, robot.Post(t.Context(), m))
		require.Equal(t, got.Text, server.Messages()[1].Text, "not twice")
	})
}
