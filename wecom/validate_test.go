package wecom_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// TestValidate has a row for each rule: what it refuses, and next to it what
// it lets pass.
func TestValidate(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return "https://" + strings.Repeat("x", n-len("https://")) }
	article := func(edit func(*wecom.Article)) wecom.News {
		m := report()
		edit(&m.Articles[0])
		return m
	}
	tests := []struct {
		name    string
		message wecom.Message
		want    string // "" means nothing is wrong
	}{
		{"text", wecom.Text{Content: long(2048), Mentions: []string{"@all", "a.b-c_d@e"}, Mobiles: []string{"@all", "+8613800000001"}}, ""},
		{"text empty", wecom.Text{}, "text.content: is empty"},
		{"text long", wecom.Text{Content: long(2049)}, "text.content: 2049 bytes, limit 2048 bytes"},
		{"text counted in bytes", wecom.Text{Content: strings.Repeat("告", 683)}, "text.content: 2049 bytes, limit 2048 bytes"},
		{"text mention empty", wecom.Text{Content: "x", Mentions: []string{""}}, "text.mentioned_list[0]: is empty"},
		{"text mention long", wecom.Text{Content: "x", Mentions: []string{long(65)}}, "text.mentioned_list[0]: 65 bytes, limit 64 bytes"},
		{"text mobile", wecom.Text{Content: "x", Mobiles: []string{"zhangwei"}}, "text.mentioned_mobile_list[0]: not a mobile number: digits, with an optional + in front"},
		{"text with two faults", wecom.Text{Mentions: []string{"@ALL"}}, "text.content: is empty; text.mentioned_list[0]: a userid does not begin with @"},
		{"markdown", wecom.Markdown{Content: long(4096)}, ""},
		{"markdown with data that looks like a mention", wecom.Markdown{Content: "<@all><@13800000001>"}, ""},
		{"markdown empty", wecom.Markdown{Mentions: []string{"a"}}, "markdown.content: is empty"},
		{"markdown long", wecom.Markdown{Content: long(4097)}, "markdown.content: 4097 bytes, limit 4096 bytes"},
		{"markdown with mentions", wecom.Markdown{Content: long(4091), Mentions: []string{"a"}}, ""},
		{"markdown long with mentions", wecom.Markdown{Content: long(4092), Mentions: []string{"a"}}, "markdown.content: 4097 bytes, limit 4096 bytes"},
		{"markdown mention of all", wecom.Markdown{Content: "x", Mentions: []string{"a", "@all"}}, "Mentions[1]: markdown cannot mention everybody, only members by userid"},
		{"markdown mention by mobile", wecom.Markdown{Content: "x", Mentions: []string{"13800000001"}}, "Mentions[0]: looks like a mobile number, and markdown mentions members by userid only"},
		{"markdown mention of a bad userid", wecom.Markdown{Content: "x", Mentions: []string{"a>b"}}, "Mentions[0]: not a userid: letters, digits and _-@. only"},
		{"markdown_v2", wecom.MarkdownV2{Content: long(4096)}, ""},
		{"markdown_v2 with data that looks like a mention", wecom.MarkdownV2{Content: "<@zhangwei>"}, ""},
		{"markdown_v2 empty", wecom.MarkdownV2{}, "markdown_v2.content: is empty"},
		{"markdown_v2 long", wecom.MarkdownV2{Content: long(4097)}, "markdown_v2.content: 4097 bytes, limit 4096 bytes"},
		{"markdown_v2 long once it is UTF-8", wecom.MarkdownV2{Content: long(4095) + "\xff"}, "markdown_v2.content: 4098 bytes, limit 4096 bytes"},
		{"image PNG", wecom.Image{Data: picture("\x89PNG\r\n\x1a\n", (2 << 20))}, ""},
		{"image JPG", wecom.Image{Data: picture("\xff\xd8\xff", (2 << 20))}, ""},
		{"image empty", wecom.Image{}, "image.base64: is empty"},
		{"image large", wecom.Image{Data: picture("\xff\xd8\xff", (2<<20)+1)}, "image.base64: 2097153 bytes before base64, limit 2097152 bytes"},
		{"image GIF", wecom.Image{Data: []byte("GIF89a")}, "image.base64: neither JPG nor PNG by its first bytes"},
		{"image PNG cut", wecom.Image{Data: []byte("\x89PNG\r\n\x1a")}, "image.base64: neither JPG nor PNG by its first bytes"},
		{"image JPG cut", wecom.Image{Data: []byte("\xff\xd8")}, "image.base64: neither JPG nor PNG by its first bytes"},
		{"news", wecom.News{Articles: clusters(8)}, ""},
		{"news empty", wecom.News{}, "news.articles: is empty"},
		{"news of 9", wecom.News{Articles: clusters(9)}, "news.articles: 9 elements, limit 8"},
		{"news of 9 with a fault beyond", wecom.News{Articles: append(clusters(8), wecom.Article{})}, "news.articles: 9 elements, limit 8"},
		{"article title", article(func(a *wecom.Article) { a.Title = "" }), "news.articles[0].title: is empty"},
		{"article title long", article(func(a *wecom.Article) { a.Title, a.Description = long(129), long(513) }), ""},
		{"article without description and picture", article(func(a *wecom.Article) { a.Description, a.PicURL = "", "" }), ""},
		{"article URL", article(func(a *wecom.Article) { a.URL = "" }), "news.articles[0].url: is empty"},
		{"article URL at the limit", article(func(a *wecom.Article) { a.URL, a.PicURL = long(1024), long(1024) }), ""},
		{"article URL long", article(func(a *wecom.Article) { a.URL = long(1025) }), "news.articles[0].url: 1025 bytes, limit 1024 bytes"},
		{"article URL long once it is UTF-8", article(func(a *wecom.Article) { a.URL = long(1020) + "\xff\xff" }), "news.articles[0].url: 1026 bytes, limit 1024 bytes"},
		{"article picture URL long", article(func(a *wecom.Article) { a.PicURL = long(1025) }), "news.articles[0].picurl: 1025 bytes, limit 1024 bytes"},
		{"file", wecom.File{}, "file.media_id: is empty"},
		{"voice", wecom.Voice{}, "voice.media_id: is empty"},
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
func requireVerdict(t *testing.T, m wecom.Message, want string) {
	t.Helper()
	err := m.Validate()
	robot, server := newRobot(t, nil)
	sent := robot.Post(t.Context(), m)
	if want == "" {
		require.NoError(t, err)
		require.NoError(t, sent)
		return
	}
	require.EqualError(t, err, want)
	require.EqualError(t, sent, "wecom: send: "+want)
	require.False(t, alert.Retryable(sent))
	_, ok := errors.AsType[*wecom.FieldError](sent)
	require.True(t, ok)
	require.Zero(t, server.Attempts())
}

// TestValidateTextNotice edits a card that has every part.
func TestValidateTextNotice(t *testing.T) {
	t.Parallel()
	long := "https://" + strings.Repeat("x", 1017)
	tests := []struct {
		name string
		edit func(*wecom.TextNotice)
		want string
	}{
		{"whole", func(*wecom.TextNotice) {}, ""},
		{"title alone", func(m *wecom.TextNotice) { m.SubTitleText = "" }, ""},
		{"subtitle alone", func(m *wecom.TextNotice) { m.MainTitle = wecom.Heading{} }, ""},
		{"neither", func(m *wecom.TextNotice) { m.SubTitleText, m.MainTitle.Title = "", "" }, "main_title.title: is empty, and so is template_card.sub_title_text: one of them is required"},
		{"texts as long as they like", func(m *wecom.TextNotice) {
			m.Source.Desc, m.MainTitle.Desc, m.SubTitleText, m.Emphasis.Title, m.Emphasis.Desc = long, long, long, long, long
			m.Horizontal[0].Key, m.Horizontal[0].Value, m.Jumps[0].Title = long, long, long
		}, ""},
		{"icon URL", func(m *wecom.TextNotice) { m.Source.IconURL = long }, "source.icon_url: 1025 bytes, limit 1024 bytes"},
		{"colour below", func(m *wecom.TextNotice) { m.Source.DescColor = -1 }, "source.desc_color: is -1, want 0 to 3"},
		{"colour above", func(m *wecom.TextNotice) { m.Source.DescColor = 4 }, "source.desc_color: is 4, want 0 to 3"},
		{"colour green", func(m *wecom.TextNotice) { m.Source.DescColor = 3 }, ""},
		{"quote", func(m *wecom.TextNotice) { m.Quote = wecom.Quote{Text: "x"} }, ""},
		{"quote with a page", func(m *wecom.TextNotice) {
			m.Quote.Link = wecom.Link{Type: wecom.LinkMiniProgram, AppID: "x"}
		}, ""},
		{"quote URL", func(m *wecom.TextNotice) { m.Quote.Type = wecom.LinkURL }, "quote_area.url: is empty"},
		{"quote URL long", func(m *wecom.TextNotice) { m.Quote.Link = urlLink(long) }, "quote_area.url: 1025 bytes, limit 1024 bytes"},
		{"quote app", func(m *wecom.TextNotice) { m.Quote.Type, m.Quote.PagePath = wecom.LinkMiniProgram, "x" }, "quote_area.appid: is empty"},
		{"quote type forgotten", func(m *wecom.TextNotice) { m.Quote.URL = "x" }, "quote_area.type: is 0 (no link), but url, appid or pagepath is set"},
		{"quote type", func(m *wecom.TextNotice) { m.Quote.Type = 3 }, "quote_area.type: is 3, want 0 (no link), 1 (URL) or 2 (mini program)"},
		{"no lines", func(m *wecom.TextNotice) { m.Horizontal = nil }, ""},
		{"6 lines", func(m *wecom.TextNotice) { m.Horizontal = slices.Repeat(m.Horizontal[:1], 6) }, ""},
		{"7 lines", func(m *wecom.TextNotice) { m.Horizontal = slices.Repeat(m.Horizontal[:1], 7) }, "horizontal_content_list: 7 elements, limit 6"},
		{"line without name", func(m *wecom.TextNotice) { m.Horizontal[0].Key = "" }, "horizontal_content_list[0].keyname: is empty"},
		{"line without value", func(m *wecom.TextNotice) { m.Horizontal[0].Value = "" }, ""},
		{"line URL", func(m *wecom.TextNotice) { m.Horizontal[1].URL = "" }, "horizontal_content_list[1].url: is empty"},
		{"line URL long", func(m *wecom.TextNotice) { m.Horizontal[1].URL = long }, "horizontal_content_list[1].url: 1025 bytes, limit 1024 bytes"},
		{"line file", func(m *wecom.TextNotice) { m.Horizontal[2].MediaID = "" }, "horizontal_content_list[2].media_id: is empty"},
		{"line member", func(m *wecom.TextNotice) { m.Horizontal[3].UserID = "" }, "horizontal_content_list[3].userid: is empty"},
		{"line member everybody", func(m *wecom.TextNotice) { m.Horizontal[3].UserID = "@all" }, "horizontal_content_list[3].userid: a userid does not begin with @"},
		{"line type", func(m *wecom.TextNotice) { m.Horizontal[3].Type = 4 }, "horizontal_content_list[3].type: is 4, want 0 (text), 1 (URL), 2 (file) or 3 (member)"},
		{"line type forgotten with a URL", func(m *wecom.TextNotice) { m.Horizontal[1].Type = 0 }, "horizontal_content_list[1].type: is 0 (text), but url, media_id or userid is set"},
		{"line type forgotten with a file", func(m *wecom.TextNotice) { m.Horizontal[2].Type = 0 }, "horizontal_content_list[2].type: is 0 (text), but url, media_id or userid is set"},
		{"line type forgotten with a member", func(m *wecom.TextNotice) { m.Horizontal[3].Type = 0 }, "horizontal_content_list[3].type: is 0 (text), but url, media_id or userid is set"},
		{"no links", func(m *wecom.TextNotice) { m.Jumps = nil }, ""},
		{"3 links", func(m *wecom.TextNotice) { m.Jumps = slices.Repeat(m.Jumps[:1], 3) }, ""},
		{"4 links", func(m *wecom.TextNotice) { m.Jumps = slices.Repeat(m.Jumps[:1], 4) }, "jump_list: 4 elements, limit 3"},
		{"link to nowhere", func(m *wecom.TextNotice) { m.Jumps[0].Link = wecom.Link{} }, ""},
		{"link title", func(m *wecom.TextNotice) { m.Jumps[1].Title = "" }, "jump_list[1].title: is empty"},
		{"link URL", func(m *wecom.TextNotice) { m.Jumps[0].URL = "" }, "jump_list[0].url: is empty"},
		{"link app", func(m *wecom.TextNotice) { m.Jumps[1].AppID = "" }, "jump_list[1].appid: is empty"},
		{"link type forgotten", func(m *wecom.TextNotice) { m.Jumps[1].Type = 0 }, "jump_list[1].type: is 0 (no link), but url, appid or pagepath is set"},
		{"link type", func(m *wecom.TextNotice) { m.Jumps[1].Type = -1 }, "jump_list[1].type: is -1, want 0 (no link), 1 (URL) or 2 (mini program)"},
		{"action app", func(m *wecom.TextNotice) { m.Action = wecom.Link{Type: wecom.LinkMiniProgram, AppID: "x"} }, ""},
		{"no action", func(m *wecom.TextNotice) { m.Action = wecom.Link{} }, "card_action.type: is 0, want 1 (URL) or 2 (mini program)"},
		{"action type forgotten", func(m *wecom.TextNotice) { m.Action.Type = 0 }, "card_action.type: is 0, want 1 (URL) or 2 (mini program)"},
		{"action type", func(m *wecom.TextNotice) { m.Action.Type = 3 }, "card_action.type: is 3, want 1 (URL) or 2 (mini program)"},
		{"action URL", func(m *wecom.TextNotice) { m.Action.URL = "" }, "card_action.url: is empty"},
		{"action without app", func(m *wecom.TextNotice) { m.Action.Type = wecom.LinkMiniProgram }, "card_action.appid: is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := textNotice()
			tt.edit(&m)
			if tt.want != "" {
				tt.want = "template_card." + tt.want
			}
			requireVerdict(t, m, tt.want)
		})
	}
}

// TestValidateNewsNotice does the same for what the other card has not, and
// proves that the parts in common are looked at.
func TestValidateNewsNotice(t *testing.T) {
	t.Parallel()
	long := "https://" + strings.Repeat("x", 1017)
	tests := []struct {
		name string
		edit func(*wecom.NewsNotice)
		want string
	}{
		{"whole", func(*wecom.NewsNotice) {}, ""},
		{"title", func(m *wecom.NewsNotice) { m.MainTitle.Title = "" }, "main_title.title: is empty"},
		{"picture URL", func(m *wecom.NewsNotice) { m.Image.URL = "" }, "card_image.url: is empty"},
		{"picture URL long", func(m *wecom.NewsNotice) { m.Image.URL = long }, "card_image.url: 1025 bytes, limit 1024 bytes"},
		{"ratio default", func(m *wecom.NewsNotice) { m.Image.AspectRatio = 0 }, ""},
		{"ratio low", func(m *wecom.NewsNotice) { m.Image.AspectRatio = 1.3 }, ""},
		{"ratio high", func(m *wecom.NewsNotice) { m.Image.AspectRatio = 2.25 }, ""},
		{"ratio below", func(m *wecom.NewsNotice) { m.Image.AspectRatio = 1.29 }, "card_image.aspect_ratio: is 1.29, want 1.3 to 2.25"},
		{"ratio above", func(m *wecom.NewsNotice) { m.Image.AspectRatio = 2.26 }, "card_image.aspect_ratio: is 2.26, want 1.3 to 2.25"},
		{"ratio not a number", func(m *wecom.NewsNotice) { m.Image.AspectRatio = math.NaN() }, "card_image.aspect_ratio: is NaN, want 1.3 to 2.25"},
		{"ratio infinite", func(m *wecom.NewsNotice) { m.Image.AspectRatio = math.Inf(1) }, "card_image.aspect_ratio: is +Inf, want 1.3 to 2.25"},
		{"no small picture", func(m *wecom.NewsNotice) { m.ImageText = wecom.ImageText{} }, ""},
		{"small picture alone", func(m *wecom.NewsNotice) { m.ImageText = wecom.ImageText{ImageURL: "https://a"} }, ""},
		{"small picture URL", func(m *wecom.NewsNotice) { m.ImageText.ImageURL = "" }, "image_text_area.image_url: is empty"},
		{"small picture URL long", func(m *wecom.NewsNotice) { m.ImageText.ImageURL = long }, "image_text_area.image_url: 1025 bytes, limit 1024 bytes"},
		{"small picture link", func(m *wecom.NewsNotice) { m.ImageText.URL = "" }, "image_text_area.url: is empty"},
		{"small picture app", func(m *wecom.NewsNotice) { m.ImageText.Type = wecom.LinkMiniProgram }, "image_text_area.appid: is empty"},
		{"4 paragraphs", func(m *wecom.NewsNotice) { m.Vertical = slices.Repeat(m.Vertical, 2) }, ""},
		{"5 paragraphs", func(m *wecom.NewsNotice) { m.Vertical = slices.Repeat(m.Vertical[:1], 5) }, "vertical_content_list: 5 elements, limit 4"},
		{"paragraph title", func(m *wecom.NewsNotice) { m.Vertical[1].Title = "" }, "vertical_content_list[1].title: is empty"},
		{"source", func(m *wecom.NewsNotice) { m.Source.DescColor = 9 }, "source.desc_color: is 9, want 0 to 3"},
		{"quote", func(m *wecom.NewsNotice) { m.Quote.URL = "" }, "quote_area.url: is empty"},
		{"lines", func(m *wecom.NewsNotice) { m.Horizontal[0].Key = "" }, "horizontal_content_list[0].keyname: is empty"},
		{"links", func(m *wecom.NewsNotice) { m.Jumps[0].Title = "" }, "jump_list[0].title: is empty"},
		{"action", func(m *wecom.NewsNotice) { m.Action.URL = "" }, "card_action.url: is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newsNotice()
			tt.edit(&m)
			if tt.want != "" {
				tt.want = "template_card." + tt.want
			}
			requireVerdict(t, m, tt.want)
		})
	}
}

// TestSeveralFaults shows that all faults are named, each as a *FieldError, and that
// very many make no endless line.
func TestSeveralFaults(t *testing.T) {
	t.Parallel()
	err := wecom.News{Articles: make([]wecom.Article, 20)}.Validate()
	require.ErrorContains(t, err, "news.articles: 20 elements, limit 8; news.articles[0].title: is empty; news.articles[0].url: is empty; ")
	require.ErrorContains(t, err, "; and 9 more")
	tree, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	require.Len(t, tree.Unwrap(), 17)
	for _, fault := range tree.Unwrap() {
		field, ok := errors.AsType[*wecom.FieldError](fault)
		require.True(t, ok)
		require.Contains(t, field.Field, "news.articles")
	}
	require.False(t, alert.Retryable(err))

	_, single := wecom.File{}.Validate().(*wecom.FieldError)
	require.True(t, single)
}

// picture returns n bytes that begin like a picture.
func picture(magic string, n int) []byte {
	data := make([]byte, n)
	copy(data, magic)
	return data
}
