package dingtalk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
)

func card() dingtalk.ActionCard {
	return dingtalk.ActionCard{
		Title:       "[S1] order-service 5xx",
		Text:        "### [S1] order-service 5xx\n\nvalue **12.4%**",
		SingleTitle: "Open console",
		SingleURL:   "https://ops.example.com/a/1001",
	}
}

func buttons() dingtalk.ActionCard {
	m := card()
	m.SingleTitle, m.SingleURL, m.Horizontal = "", "", true
	m.Buttons = []dingtalk.Button{
		{Title: "Ack", URL: "https://ops.example.com/a/1001/ack"},
		{Title: "Mute 1h", URL: "https://ops.example.com/a/1001/mute"},
	}
	return m
}

func link() dingtalk.Link {
	return dingtalk.Link{
		Title:      "[S2] disk 91%",
		Text:       "db-master-01 /data, growing 2%/h",
		MessageURL: "https://ops.example.com/a/1001",
		PicURL:     "https://ops.example.com/icon.png",
	}
}

func feed() dingtalk.FeedCard {
	return dingtalk.FeedCard{Links: []dingtalk.FeedLink{
		{Title: "cluster-07 disk 91%", MessageURL: "https://ops.example.com/c/7", PicURL: "https://ops.example.com/c/7.png"},
		{Title: "cluster-03 cpu 88%", MessageURL: "https://ops.example.com/c/3", PicURL: "https://ops.example.com/c/3.png"},
	}}
}

// TestPost compares what the types produce with the fixtures. The mentions of
// those that have some are left to At, where its place is that of the fixture.
func TestPost(t *testing.T) {
	t.Parallel()
	const title, number = "[S1] order-service 5xx", "13800000001"
	tests := []struct {
		fixture string
		message dingtalk.Message
	}{
		{"req_text.json", dingtalk.Text{Content: "[S2] db-master-01 disk 91% used\nhost: 192.0.2.15"}},
		{"req_text_at.json", dingtalk.Text{
			Content: "[S1] order-service 5xx ratio 12.4%",
			At:      dingtalk.At{Mobiles: []string{"@" + number}, UserIDs: []string{"user123", "@user123"}},
		}},
		{"req_text_at_all.json", dingtalk.Text{Content: "[S1] datacenter A power loss", At: dingtalk.At{All: true}}},
		{"req_text_at_overseas.json", dingtalk.Text{
			Content: "[S2] link flap @+852-12345678", At: dingtalk.At{Mobiles: []string{"+852-12345678"}},
		}},
		{"req_link.json", link()},
		{"req_link_no_pic.json", dingtalk.Link{
			Title: "[S2] disk 91%", Text: "db-master-01 /data",
			MessageURL: "dingtalk://dingtalkclient/page/link?pc_slide=false&url=https%3A%2F%2Fops.example.com%2Fa%2F1001",
		}},
		{"req_markdown.json", dingtalk.Markdown{
			Title: title,
			Text:  "#### [S1] order-service 5xx  \n\n- host: 192.0.2.15\n- value: **12.4%**\n\n> since 08:00:00\n\n[console](https://ops.example.com/a/1001)",
		}},
		{"req_markdown_at.json", dingtalk.Markdown{
			Title: title, Text: "#### [S1] order-service 5xx  \n\n- value: **12.4%**", At: dingtalk.At{Mobiles: []string{number}},
		}},
		{"req_actioncard_single.json", card()},
		{"req_actioncard_multi.json", buttons()},
		{"req_feedcard.json", feed()},
	}
	for _, tt := range tests {
		t.Run(tt.fixture, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, tt.message.Validate())
			robot, server := newRobot(t, nil)
			require.NoError(t, robot.Post(t.Context(), tt.message))
			got := decoded(t, server.Messages()[0].Body)
			require.Contains(t, got, "msgUuid")
			delete(got, "msgUuid")
			require.Equal(t, decoded(t, fixture(t, tt.fixture)), got)
		})
	}
}

// decoded returns a message as JSON has it, without members that say what
// their absence says: some fixtures spell out that not everybody is mentioned.
func decoded(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(body, &m))
	if at, ok := m["at"].(map[string]any); ok && at["isAtAll"] == false {
		delete(at, "isAtAll")
	}
	return m
}

// TestBodyLimit counts every byte of the encoded message.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]string{
		"req_markdown_body_20000_bytes.json": "",
		"req_markdown_body_20001_bytes.json": "body: 20001 bytes, limit 20000 bytes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sample struct{ Markdown dingtalk.Markdown }
			require.NoError(t, json.Unmarshal(fixture(t, name), &sample))
			body, err := dingtalk.EncodeBare(sample.Markdown)
			require.Equal(t, string(fixture(t, name)), string(body), "byte for byte")
			if refused == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, refused)
			}
			require.ErrorContains(t, sample.Markdown.Validate(), "limit 20000 bytes", "with an identity it is longer")
		})
	}
}

// TestBodyLimitOnTheWire fills a message to the last byte, which the stand-in
// takes, and then to the one beyond, which does not leave.
func TestBodyLimitOnTheWire(t *testing.T) {
	t.Parallel()
	const characters = "\n💔告<&"
	robot, server := newRobot(t, nil)
	m := dingtalk.Markdown{Title: "t", Text: strings.Repeat(characters, 1500)}
	require.NoError(t, robot.Post(t.Context(), m))
	m.Text += strings.Repeat("<", 20000-len(server.Messages()[0].Body))
	require.NoError(t, m.Validate())
	require.NoError(t, robot.Post(t.Context(), m))
	require.Len(t, server.Messages()[1].Body, 20000)
	m.Text += "&"
	require.EqualError(t, m.Validate(), "body: 20001 bytes, limit 20000 bytes")
	err := robot.Post(t.Context(), m)
	require.EqualError(t, err, "dingtalk: send: body: 20001 bytes, limit 20000 bytes")
	require.False(t, alert.Retryable(err))
	require.Equal(t, 2, server.Attempts())
}

// TestNoEscapes shows that markdown takes no more bytes than it has.
func TestNoEscapes(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Post(t.Context(), dingtalk.Markdown{Title: "<&>", Text: "<font color=#ff0000>a & b</font> 告警\xff"}))
	body := string(server.Messages()[0].Body)
	require.Contains(t, body, `"<font color=#ff0000>a & b</font> 告警`)
	require.False(t, strings.HasSuffix(body, "\n"))
	require.Equal(t, "<font color=#ff0000>a & b</font> 告警\uFFFD", server.Messages()[0].Text)
}

// TestValidate has a row for each rule: what it refuses, and next to it what
// it lets pass.
func TestValidate(t *testing.T) {
	t.Parallel()
	editLink := func(edit func(*dingtalk.Link)) dingtalk.Link { m := link(); edit(&m); return m }
	editCard := func(edit func(*dingtalk.ActionCard)) dingtalk.ActionCard { m := card(); edit(&m); return m }
	editButtons := func(edit func(*dingtalk.ActionCard)) dingtalk.ActionCard { m := buttons(); edit(&m); return m }
	editFeed := func(edit func(*dingtalk.FeedLink)) dingtalk.FeedCard { m := feed(); edit(&m.Links[1]); return m }
	at := func(mobile string) dingtalk.Text {
		return dingtalk.Text{Content: "x", At: dingtalk.At{Mobiles: []string{mobile}}}
	}
	const noMobile = "at.atMobiles[0]: not a mobile number: digits, or as in +852-12345678"
	const noHyphen = "at.atMobiles[0]: lacks the hyphen behind the code of the country, as in +852-12345678; a number of mainland China has no code"
	tests := []struct {
		name    string
		message dingtalk.Message
		want    string // "" means nothing is wrong
	}{
		{"nothing", nil, "message: is nil"},
		{"text", dingtalk.Text{Content: "x", At: dingtalk.At{Mobiles: []string{"13800000001", "@+852-12345678", " 13800000001 "}, UserIDs: []string{"a.b-c_d@e", "0@"}, All: true}}, ""},
		{"text empty", dingtalk.Text{}, "text.content: is empty"},
		{"text blank", dingtalk.Text{Content: " \n", At: dingtalk.At{All: true}}, "text.content: is empty"},
		{"mobile empty", at("@"), "at.atMobiles[0]: is empty"},
		{"mobile with letters", at("13800abc001"), noMobile},
		{"mobile short", at("123456"), noMobile},
		{"mobile long", at("123456789012345678901"), noMobile},
		{"mobile abroad without hyphen", at("+85212345678"), noHyphen},
		{"mobile at home with its code", at("+8613800000001"), noHyphen},
		{"mobile abroad without plus", at("852-12345678"), noMobile},
		{"mobile abroad without number", at("+852-"), noMobile},
		{"userId empty", dingtalk.Text{Content: "x", At: dingtalk.At{UserIDs: []string{"a", ""}}}, "at.atUserIds[1]: is empty"},
		{"userId long", dingtalk.Text{Content: "x", At: dingtalk.At{UserIDs: []string{strings.Repeat("a", 65)}}}, "at.atUserIds[0]: 65 bytes, limit 64 bytes"},
		{"userId with markup", dingtalk.Text{Content: "x", At: dingtalk.At{UserIDs: []string{"<a>"}}}, "at.atUserIds[0]: not a userId: letters, digits and _-.@ only"},
		{"markdown", dingtalk.Markdown{Title: "t", Text: "x", At: dingtalk.At{All: true}}, ""},
		{"markdown title", dingtalk.Markdown{Text: "x"}, "markdown.title: is empty"},
		{"markdown text", dingtalk.Markdown{Title: "t"}, "markdown.text: is empty"},
		{"markdown with three faults", dingtalk.Markdown{At: dingtalk.At{Mobiles: []string{"x"}}}, "markdown.title: is empty; markdown.text: is empty; " + noMobile},
		{"link", link(), ""},
		{"link without picture", editLink(func(m *dingtalk.Link) { m.PicURL = "" }), ""},
		{"link title", editLink(func(m *dingtalk.Link) { m.Title = "" }), "link.title: is empty"},
		{"link text", editLink(func(m *dingtalk.Link) { m.Text = "" }), "link.text: is empty"},
		{"link address", editLink(func(m *dingtalk.Link) { m.MessageURL = "" }), "link.messageUrl: is empty"},
		{"link relative", editLink(func(m *dingtalk.Link) { m.MessageURL = "ops.example.com/a" }), "link.messageUrl: not an absolute URL"},
		{"link broken", editLink(func(m *dingtalk.Link) { m.MessageURL = "https://%zz" }), "link.messageUrl: not an absolute URL"},
		{"link with a blank", editLink(func(m *dingtalk.Link) { m.MessageURL = "https://ops.example.com/a b" }), "link.messageUrl: not an absolute URL"},
		{"card", card(), ""},
		{"card with mentions", editCard(func(m *dingtalk.ActionCard) { m.At.Mobiles = []string{"13800000001"} }), ""},
		{"card with bad mentions", editCard(func(m *dingtalk.ActionCard) { m.At.Mobiles = []string{"x"} }), noMobile},
		{"card title", editCard(func(m *dingtalk.ActionCard) { m.Title = "" }), "actionCard.title: is empty"},
		{"card text", editCard(func(m *dingtalk.ActionCard) { m.Text = "" }), "actionCard.text: is empty"},
		{"card button title", editCard(func(m *dingtalk.ActionCard) { m.SingleTitle = "" }), "actionCard.singleTitle: is empty"},
		{"card button address", editCard(func(m *dingtalk.ActionCard) { m.SingleURL = "" }), "actionCard.singleURL: is empty"},
		{"card without button", editCard(func(m *dingtalk.ActionCard) { m.SingleTitle, m.SingleURL = "", "" }), "actionCard.btns: is empty, and so is actionCard.singleTitle: want one or the other"},
		{"card with both forms", editButtons(func(m *dingtalk.ActionCard) { m.SingleTitle = "x" }), "actionCard.btns: is ignored by the vendor beside singleTitle and singleURL: want one or the other"},
		{"buttons", buttons(), ""},
		{"buttons title", editButtons(func(m *dingtalk.ActionCard) { m.Buttons[1].Title = "" }), "actionCard.btns[1].title: is empty"},
		{"buttons address", editButtons(func(m *dingtalk.ActionCard) { m.Buttons[0].URL = "x" }), "actionCard.btns[0].actionURL: not an absolute URL"},
		{"feed", feed(), ""},
		{"feed empty", dingtalk.FeedCard{}, "feedCard.links: is empty"},
		{"feed title", editFeed(func(l *dingtalk.FeedLink) { l.Title = "" }), "feedCard.links[1].title: is empty"},
		{"feed address", editFeed(func(l *dingtalk.FeedLink) { l.MessageURL = "" }), "feedCard.links[1].messageURL: is empty"},
		{"feed picture", editFeed(func(l *dingtalk.FeedLink) { l.PicURL = "" }), "feedCard.links[1].picURL: is empty"},
		{
			"feed of many faults", dingtalk.FeedCard{Links: make([]dingtalk.FeedLink, 4)},
			"feedCard.links[0].title: is empty; feedCard.links[0].messageURL: is empty; feedCard.links[0].picURL: is empty; " +
				"feedCard.links[1].title: is empty; feedCard.links[1].messageURL: is empty; feedCard.links[1].picURL: is empty; " +
				"feedCard.links[2].title: is empty; feedCard.links[2].messageURL: is empty; and 4 more",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requireVerdict(t, tt.message, tt.want)
		})
	}
}

// requireVerdict demands an error of Validate, and that Post agrees and the
// stand-in takes what passes.
func requireVerdict(t *testing.T, m dingtalk.Message, want string) {
	t.Helper()
	robot, server := newRobot(t, nil)
	sent := robot.Post(t.Context(), m)
	if want == "" {
		require.NoError(t, m.Validate())
		require.NoError(t, sent)
		return
	}
	if m != nil {
		require.EqualError(t, m.Validate(), want)
	}
	require.EqualError(t, sent, "dingtalk: send: "+want)
	require.Equal(t, dingtalk.ClassFix, asError(t, sent).Class())
	require.False(t, alert.Retryable(sent))
	field, ok := errors.AsType[*dingtalk.FieldError](sent)
	require.True(t, ok)
	require.False(t, field.Retryable())
	require.Zero(t, server.Attempts())
}

// TestMessagesStayAsTheyAre posts messages with all additions and looks at the
// caller's own afterwards.
func TestMessagesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &dingtalk.Options{Keyword: "ops!"})
	m, ids := feed(), []string{"@a", "@a", "b"}
	require.NoError(t, robot.Post(t.Context(), m))
	require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x", At: dingtalk.At{UserIDs: ids}}))
	require.Equal(t, feed(), m)
	require.Equal(t, []string{"@a", "@a", "b"}, ids)
	require.Equal(t, "cluster-07 disk 91% ops!", server.Messages()[0].Links[0].Title)
	require.Equal(t, []string{"a", "b"}, server.Messages()[1].AtUserIDs)
}
