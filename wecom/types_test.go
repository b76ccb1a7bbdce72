package wecom_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// requests returns the fixtures of this file as messages.
func requests(t *testing.T) map[string]wecom.Message {
	t.Helper()
	return map[string]wecom.Message{
		"req_markdown_v2.json":     wecom.MarkdownV2{Content: content(t, "req_markdown_v2.json", "markdown_v2")},
		"req_image.json":           wecom.Image{Data: pixel(t)},
		"req_news.json":            report(),
		"req_news_8_articles.json": wecom.News{Articles: clusters(8)},
		"req_file.json":            wecom.File{MediaID: "MEDIA-ID-FROM-UPLOAD"},
		"req_voice.json":           wecom.Voice{MediaID: "MEDIA-ID-FROM-UPLOAD"},

		"req_template_card_text_notice.json": textNotice(),
		"req_template_card_text_notice_min.json": wecom.TextNotice{
			MainTitle: wecom.Heading{Title: "[S1] order-service 5xx"},
			Action:    urlLink("https://ops.example.com/a/1001"),
		},
		"req_template_card_news_notice.json": newsNotice(),
		"req_template_card_news_notice_min.json": wecom.NewsNotice{
			MainTitle: wecom.Heading{Title: "Capacity snapshot"},
			Image:     wecom.CardImage{URL: "https://ops.example.com/r/20260101.png"},
			Action:    urlLink("https://ops.example.com/r/20260101"),
		},
	}
}

func TestPostTypes(t *testing.T) {
	t.Parallel()
	for name, message := range requests(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, message.Validate())
			robot, server := newRobot(t, nil)
			require.NoError(t, robot.Post(t.Context(), message))
			require.Len(t, server.Messages(), 1)
			body := server.Messages()[0].Body
			require.JSONEq(t, string(fixture(t, name)), string(body))
			require.NotContains(t, string(body), `\u003`, "markup is not escaped")
		})
	}
}

// TestEveryRequest proves that no fixture is left out here and in TestPost,
// and that their verdict is also that of Validate.
func TestEveryRequest(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"req_text_2049_bytes.json":     "text.content: 2049 bytes, limit 2048 bytes",
		"req_text_5120_bytes.json":     "text.content: 5120 bytes, limit 2048 bytes",
		"req_text_5121_bytes.json":     "text.content: 5121 bytes, limit 2048 bytes",
		"req_markdown_4097_bytes.json": "markdown.content: 4097 bytes, limit 4096 bytes",
	}
	paths, err := filepath.Glob("testdata/req_*.json")
	require.NoError(t, err)
	require.Len(t, paths, 19)
	others := requests(t)
	for _, path := range paths {
		name := filepath.Base(path)
		message := others[name]
		var body struct{ Msgtype string }
		require.NoError(t, json.Unmarshal(fixture(t, name), &body))
		switch body.Msgtype {
		case "text":
			message = wecom.Text{Content: content(t, name, "text")}
		case "markdown":
			message = wecom.Markdown{Content: content(t, name, "markdown")}
		}
		require.NotNil(t, message, name)
		if want, ok := refused[name]; ok {
			require.EqualError(t, message.Validate(), want)
		} else {
			require.NoError(t, message.Validate(), name)
		}
	}
}

// TestUnsetFields shows byte for byte that nothing is sent that is not set,
// and that markup is not escaped.
func TestUnsetFields(t *testing.T) {
	t.Parallel()
	action := urlLink("https://ops.example.com/?a=<1>&b=2")
	tests := []struct {
		name    string
		message wecom.Message
		want    string
	}{
		{"text", wecom.Text{Content: "a<b"}, `"text":{"content":"a<b"}`},
		{"markdown", wecom.Markdown{Content: "a&b"}, `"markdown":{"content":"a&b"}`},
		{"news", wecom.News{Articles: []wecom.Article{{Title: "a<b>&c", URL: "https://x"}}}, `"news":{"articles":[{"title":"a<b>&c","url":"https://x"}]}`},
		{
			"text notice", wecom.TextNotice{SubTitleText: "s", Quote: wecom.Quote{Text: "q"}, Action: action,
				Horizontal: []wecom.KeyValue{{Key: "k"}}, Jumps: []wecom.Jump{{Title: "j"}}},
			`"template_card":{"card_type":"text_notice","main_title":{},"quote_area":{"quote_text":"q"},"sub_title_text":"s",` +
				`"horizontal_content_list":[{"keyname":"k"}],"jump_list":[{"title":"j"}],` +
				`"card_action":{"type":1,"url":"https://ops.example.com/?a=<1>&b=2"}}`,
		},
		{
			"news notice", wecom.NewsNotice{MainTitle: wecom.Heading{Title: "m"}, Image: wecom.CardImage{URL: "https://i"}, Action: action,
				ImageText: wecom.ImageText{ImageURL: "https://a"}, Vertical: []wecom.Heading{{Title: "v"}}},
			`"template_card":{"card_type":"news_notice","main_title":{"title":"m"},"card_image":{"url":"https://i"},` +
				`"image_text_area":{"image_url":"https://a"},"vertical_content_list":[{"title":"v"}],` +
				`"card_action":{"type":1,"url":"https://ops.example.com/?a=<1>&b=2"}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			require.NoError(t, robot.Post(t.Context(), tt.message))
			_, body, _ := strings.Cut(string(server.Messages()[0].Body), ",")
			require.Equal(t, tt.want+"}", body)
		})
	}
}

func TestMarkdownMentions(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Post(t.Context(), wecom.Markdown{Content: "disk **full**", Mentions: []string{"zhangwei", "li.na@example"}}))
	require.Equal(t, "disk **full**\n<@zhangwei><@li.na@example>", server.Messages()[0].Content)
}

// pixel returns the picture of a fixture.
func pixel(tb testing.TB) []byte {
	tb.Helper()
	var body struct{ Image struct{ Base64 []byte } }
	require.NoError(tb, json.Unmarshal(fixture(tb, "req_image.json"), &body))
	require.Len(tb, body.Image.Base64, 69, base64.StdEncoding.EncodeToString(body.Image.Base64))
	return body.Image.Base64
}

func report() wecom.News {
	return wecom.News{Articles: []wecom.Article{{
		Title:       "Daily capacity report",
		Description: "12 clusters, 3 above threshold",
		URL:         "https://ops.example.com/r/20260101",
		PicURL:      "https://ops.example.com/r/20260101.png",
	}}}
}

func clusters(n int) []wecom.Article {
	articles := make([]wecom.Article, n)
	for i := range articles {
		articles[i] = wecom.Article{Title: fmt.Sprintf("cluster-%02d summary", i+1), URL: fmt.Sprintf("https://ops.example.com/c/%d", i+1)}
	}
	return articles
}

func urlLink(url string) wecom.Link { return wecom.Link{Type: wecom.LinkURL, URL: url} }

// textNotice returns a card with every part.
func textNotice() wecom.TextNotice {
	return wecom.TextNotice{
		Source:       wecom.Source{IconURL: "https://ops.example.com/icon.png", Desc: "Tocsin", DescColor: 2},
		MainTitle:    wecom.Heading{Title: "[S1] order-service 5xx", Desc: "firing for 10 minutes"},
		Emphasis:     wecom.Heading{Title: "12.4%", Desc: "5xx ratio"},
		SubTitleText: "threshold 5%, window 5m",
		Horizontal: []wecom.KeyValue{
			{Key: "host", Value: "192.0.2.15"},
			{Key: "graph", Value: "open", Type: wecom.ValueURL, URL: "https://ops.example.com/g/1"},
			{Key: "log", Value: "order.log", Type: wecom.ValueFile, MediaID: "MEDIA-ID-FROM-UPLOAD"},
			{Key: "owner", Value: "zhangwei", Type: wecom.ValueMember, UserID: "zhangwei"},
		},
		Jumps: []wecom.Jump{
			{Title: "console", Link: urlLink("https://ops.example.com/a/1001")},
			{Title: "mini app", Link: wecom.Link{Type: wecom.LinkMiniProgram, AppID: "wx0000000000000000", PagePath: "/pages/alert?id=1001"}},
		},
		Action: urlLink("https://ops.example.com/a/1001"),
	}
}

// newsNotice returns a card with every part.
func newsNotice() wecom.NewsNotice {
	return wecom.NewsNotice{
		Source:    wecom.Source{IconURL: "https://ops.example.com/icon.png", Desc: "Tocsin", DescColor: 2},
		MainTitle: wecom.Heading{Title: "Capacity snapshot", Desc: "2026-01-01"},
		Image:     wecom.CardImage{URL: "https://ops.example.com/r/20260101.png", AspectRatio: 1.8},
		ImageText: wecom.ImageText{
			Link:     urlLink("https://ops.example.com/r/20260101"),
			Title:    "12 clusters",
			Desc:     "3 above threshold",
			ImageURL: "https://ops.example.com/t.png",
		},
		Quote: wecom.Quote{Link: urlLink("https://ops.example.com/n/9"), Title: "on-call note", Text: "expand cluster-07 before Friday"},
		Vertical: []wecom.Heading{
			{Title: "cluster-07", Desc: "disk 91%"},
			{Title: "cluster-03", Desc: "cpu 88%"},
		},
		Horizontal: []wecom.KeyValue{
			{Key: "host", Value: "192.0.2.15"},
			{Key: "graph", Value: "open", Type: wecom.ValueURL, URL: "https://ops.example.com/g/1"},
		},
		Jumps:  []wecom.Jump{{Title: "console", Link: urlLink("https://ops.example.com/a/1001")}},
		Action: urlLink("https://ops.example.com/r/20260101"),
	}
}
