package dingtalktest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// TestRequests shows that every fixture is accepted, and what is read in it.
func TestRequests(t *testing.T) {
	t.Parallel()
	const (
		card    = "### [S1] order-service 5xx\n\nvalue **12.4%**"
		service = "[S1] order-service 5xx"
		console = "https://ops.example.com/a/1001"
	)
	type message = dingtalktest.Message
	type link = dingtalktest.Link
	tests := []struct {
		name string
		want message
	}{
		{"req_text.json", message{Type: "text", Text: "[S2] db-master-01 disk 91% used\nhost: 192.0.2.15"}},
		{"req_text_at.json", message{
			Type: "text", Text: "[S1] order-service 5xx ratio 12.4%\n@13800000001 @user123",
			AtMobiles: []string{"13800000001"}, AtUserIDs: []string{"user123"}, Mentioned: []string{"13800000001", "user123"},
		}},
		{"req_text_at_all.json", message{Type: "text", Text: "[S1] datacenter A power loss", AtAll: true, MentionsAll: true}},
		{"req_text_at_overseas.json", message{
			Type: "text", Text: "[S2] link flap @+852-12345678",
			AtMobiles: []string{"+852-12345678"}, Mentioned: []string{"+852-12345678"},
		}},
		{"req_text_msguuid.json", message{Type: "text", UUID: "7d444840-9dc0-41d1-b245-5ffdce74fad2", Text: "[S2] retry-safe message"}},
		{"req_link.json", message{
			Type: "link", Title: "[S2] disk 91%", Text: "db-master-01 /data, growing 2%/h",
			Links: []link{{"[S2] disk 91%", console, "https://ops.example.com/icon.png"}},
		}},
		{"req_link_no_pic.json", message{
			Type: "link", Title: "[S2] disk 91%", Text: "db-master-01 /data",
			Links: []link{{Title: "[S2] disk 91%", URL: "dingtalk://dingtalkclient/page/link?pc_slide=false&url=https%3A%2F%2Fops.example.com%2Fa%2F1001"}},
		}},
		{"req_markdown.json", message{
			Type: "markdown", Title: service,
			Text: "#### [S1] order-service 5xx  \n\n- host: 192.0.2.15\n- value: **12.4%**\n\n> since 08:00:00\n\n[console](https://ops.example.com/a/1001)",
		}},
		{"req_markdown_at.json", message{
			Type: "markdown", Title: service, Text: "#### [S1] order-service 5xx  \n\n- value: **12.4%**\n\n@13800000001",
			AtMobiles: []string{"13800000001"}, Mentioned: []string{"13800000001"},
		}},
		{"req_actioncard_single.json", message{Type: "actionCard", Title: service, Text: card, Links: []link{{Title: "Open console", URL: console}}}},
		{"req_actioncard_multi.json", message{
			Type: "actionCard", Title: service, Text: card, Horizontal: true,
			Links: []link{{Title: "Ack", URL: console + "/ack"}, {Title: "Mute 1h", URL: console + "/mute"}},
		}},
		{"req_feedcard.json", message{Type: "feedCard", Links: []link{
			{"cluster-07 disk 91%", "https://ops.example.com/c/7", "https://ops.example.com/c/7.png"},
			{"cluster-03 cpu 88%", "https://ops.example.com/c/3", "https://ops.example.com/c/3.png"},
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := dingtalktest.NewServer(t)
			server.Memory = 0
			tt.want.Body = []byte(fixture(t, tt.name))
			both(t, server, func(t *testing.T, client *http.Client, url string) {
				t.Helper()
				require.JSONEq(t, okAnswer, post(t, client, url, string(tt.want.Body)))
			})
			require.Len(t, server.Messages(), 2)
			for _, got := range server.Messages() {
				require.False(t, got.Time.IsZero())
				tt.want.Time = got.Time
				require.Equal(t, tt.want, got)
			}
		})
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	both(t, server, func(t *testing.T, client *http.Client, url string) {
		t.Helper()
		require.JSONEq(t, okAnswer, post(t, client, url, fixture(t, "req_markdown_body_20000_bytes.json")))
		require.Equal(t, 460101, code(t, post(t, client, url, fixture(t, "req_markdown_body_20001_bytes.json"))))
		// What counts is the encoded body, with its escapes.
		require.Equal(t, 460101, code(t, post(t, client, url, text(strings.Repeat("<", 4000)))))
	})
	require.Len(t, server.Messages(), 2)
}

// TestFields shows what the server refuses in a body, in both styles.
func TestFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		code       int
		missing    string // names that lead to the field, separated by blanks
	}{
		{"no JSON", `{"msgtype":"text","text":{"content":"a` + "\n" + `b"}}`, 40035, ""},
		{"nothing", ``, 40035, ""},
		{"list", `[]`, 40035, ""},
		{"null", `null`, 40035, ""},
		{"not UTF-8", "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\"}}", 40035, ""},
		{"no type", `{}`, 400105, ""},
		{"unknown type", `{"msgtype":"image","image":{}}`, 400105, ""},
		{"blank behind the type", `{"msgtype":"text ","text ":{"content":"x"}}`, 400105, ""},
		{"type in other letters", `{"msgtype":"actioncard","actioncard":{"title":"x","text":"x","singleTitle":"x","singleURL":"x"}}`, 400105, ""},
		{"key in other letters", `{"msgType":"text","text":{"content":"x"}}`, 400105, ""},
		{"msgUuid is a number", `{"msgtype":"text","msgUuid":1,"text":{"content":"x"}}`, 40035, ""},
		{"at is a list", `{"msgtype":"text","text":{"content":"x"},"at":["1"]}`, 40035, ""},
		{"atMobiles is a text", `{"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":"1,2"}}`, 40035, ""},
		{"atUserIds are numbers", `{"msgtype":"text","text":{"content":"x"},"at":{"atUserIds":[1]}}`, 40035, ""},
		{"isAtAll is a text", `{"msgtype":"text","text":{"content":"x"},"at":{"isAtAll":"true"}}`, 40035, ""},
		{"null mentions", `{"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":null,"atUserIds":null,"isAtAll":null}}`, 0, ""},
		{"at is null", `{"msgtype":"text","text":{"content":"x"},"at":null}`, 0, ""},

		{"text: missing", `{"msgtype":"text"}`, 400201, "text"},
		{"text: of another type", `{"msgtype":"text","markdown":{"title":"x","text":"x"}}`, 400201, "text"},
		{"text: empty", `{"msgtype":"text","text":{"content":""}}`, 400202, "text content"},
		{"text: other letters", `{"msgtype":"text","text":{"Content":"x"}}`, 400202, "text content"},
		{"link: missing", `{"msgtype":"link"}`, 400301, "link"},
		{"link: no text", `{"msgtype":"link","link":{"title":"x","messageUrl":"x"}}`, 400302, "link text"},
		{"link: no title", `{"msgtype":"link","link":{"text":"x","messageUrl":"x"}}`, 400303, "link title"},
		{"link: messageURL", `{"msgtype":"link","link":{"text":"x","title":"x","messageURL":"x"}}`, 400304, "link messageUrl"},
		{"markdown: missing", `{"msgtype":"markdown"}`, 400401, "markdown"},
		{"markdown: null", `{"msgtype":"markdown","markdown":null}`, 400401, "markdown"},
		{"markdown: a text", `{"msgtype":"markdown","markdown":"x"}`, 400401, "markdown"},
		{"markdown: no title", `{"msgtype":"markdown","markdown":{"text":"x"}}`, 400402, "markdown title"},
		{"markdown: no text", `{"msgtype":"markdown","markdown":{"title":"x","text":""}}`, 400403, "markdown text"},
		{"card: missing", `{"msgtype":"actionCard"}`, 400501, "actionCard"},
		{"card: no title", `{"msgtype":"actionCard","actionCard":{"text":"x","singleTitle":"x","singleURL":"x"}}`, 400502, "actionCard title"},
		{"card: no text", `{"msgtype":"actionCard","actionCard":{"title":"x","singleTitle":"x","singleURL":"x"}}`, 400503, "actionCard text"},
		{"card: no singleTitle", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","singleURL":"x"}}`, 400504, "actionCard singleTitle"},
		{"card: singleUrl", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","singleTitle":"x","singleUrl":"x"}}`, 400505, "actionCard singleURL"},
		{"card: no button", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","btns":[]}}`, 400506, "actionCard btns"},
		{"card: buttons are texts", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","btns":["x"]}}`, 400506, "actionCard btns"},
		{"card: button without title", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","btns":[{"actionURL":"x"}]}}`, 400507, "actionCard btns title"},
		{"card: actionUrl", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","btns":[{"title":"x","actionUrl":"x"}]}}`, 400508, "actionCard btns actionURL"},
		{"card: orientation is a number", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x","btnOrientation":0,"singleTitle":"x","singleURL":"x"}}`, 400509, "actionCard btnOrientation"},
		{"feed: missing", `{"msgtype":"feedCard"}`, 400601, "feedCard"},
		{"feed: no links", `{"msgtype":"feedCard","feedCard":{"links":[]}}`, 400602, "feedCard links"},
		{"feed: links are a text", `{"msgtype":"feedCard","feedCard":{"links":"x"}}`, 400602, "feedCard links"},
		{"feed: no title", `{"msgtype":"feedCard","feedCard":{"links":[{"messageURL":"x","picURL":"x"}]}}`, 400603, "feedCard links title"},
		{"feed: messageUrl", `{"msgtype":"feedCard","feedCard":{"links":[{"title":"x","messageUrl":"x","picURL":"x"}]}}`, 400604, "feedCard links messageURL"},
		{"feed: picUrl", `{"msgtype":"feedCard","feedCard":{"links":[{"title":"x","messageURL":"x","picUrl":"x"}]}}`, 400605, "feedCard links picURL"},
	}
	seen := []int{400201, 400202, 400302, 400303, 400304, 400401, 400402, 400403, 400503, 400602} // by users
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := dingtalktest.NewServer(t)
			answer := post(t, server.Client(), server.URL(), tt.body)
			require.Equal(t, tt.code, code(t, answer), answer)
			require.Equal(t, tt.code == 0, len(server.Messages()) == 1)
			require.Equal(t, 1, server.Attempts())
			if slices.Contains(seen, tt.code) { // scripted they read alike
				server.Fail(dingtalktest.Errcode(tt.code))
				require.Equal(t, answer, post(t, server.Client(), server.URL(), tt.body))
			}
			if tt.missing != "" {
				require.Contains(t, answer, "错误描述:参数 "+strings.ReplaceAll(tt.missing, " ", " --》 ")+" 缺失，")
			}
		})
	}
}

// A single button hides the list of buttons.
func TestSingleButtonHidesList(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	post(t, server.Client(), server.URL(), `{"msgtype":"actionCard","actionCard":{"title":"x","text":"x",
		"singleTitle":"one","singleURL":"u","btns":[{"title":"two","actionURL":"v"}]}}`)
	require.Equal(t, []dingtalktest.Link{{Title: "one", URL: "u"}}, server.Messages()[0].Links)
	require.False(t, server.Messages()[0].Horizontal)
}

// TestMentions shows who is told.
func TestMentions(t *testing.T) {
	t.Parallel()
	markdown := func(text, at string) string {
		return `{"msgtype":"markdown","markdown":{"title":"x","text":"` + text + `"},"at":{` + at + `}}`
	}
	tests := []struct {
		name, body string
		want       []string
		all        bool
	}{
		{"number in text and list", markdown("x @138 y", `"atMobiles":["138"]`), []string{"138"}, false},
		{"number in the list only", markdown("x", `"atMobiles":["138"]`), nil, false},
		{"number without @", markdown("138", `"atMobiles":["138"]`), nil, false},
		{"number in text only", markdown("@138", ``), nil, false},
		{"@ in the list", markdown("@138", `"atMobiles":["@138"]`), nil, false},
		{"@ in the list, two in the text", markdown("@@138", `"atMobiles":["@138"]`), nil, false},
		{"part of a number", markdown("@1380", `"atMobiles":["138"]`), nil, false},
		{"part of a number, then all", markdown("@1380 @138", `"atMobiles":["138"]`), []string{"138"}, false},
		{"Chinese behind", markdown("@138请看", `"atMobiles":["138"]`), []string{"138"}, false},
		{"abroad", markdown("@+852-123", `"atMobiles":["+852-123"]`), []string{"+852-123"}, false},
		{"abroad without hyphen", markdown("@+852123", `"atMobiles":["+852123"]`), nil, false},
		{"no number", markdown("@bob", `"atMobiles":["bob"]`), nil, false},
		{"empty entries", markdown("@ x", `"atMobiles":[""],"atUserIds":[""]`), nil, false},
		{"userId", markdown("@bob_1, look", `"atUserIds":["bob_1","bob"]`), []string{"bob_1"}, false},
		{"all", markdown("x", `"isAtAll":true`), nil, true},
		{"all, in text", `{"msgtype":"text","text":{"content":"x"},"at":{"isAtAll":true}}`, nil, true},
		{"link", `{"msgtype":"link","link":{"title":"x","text":"@138","messageUrl":"u"},"at":{"atMobiles":["138"],"isAtAll":true}}`, nil, false},
		{"card", `{"msgtype":"actionCard","actionCard":{"title":"x","text":"@138","singleTitle":"x","singleURL":"u"},"at":{"atMobiles":["138"],"isAtAll":true}}`, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := dingtalktest.NewServer(t)
			require.JSONEq(t, okAnswer, post(t, server.Client(), server.URL(), tt.body))
			got := server.Messages()[0]
			require.Equal(t, tt.want, got.Mentioned)
			require.Equal(t, tt.all, got.MentionsAll)
		})
	}
}
