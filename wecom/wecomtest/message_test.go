package wecomtest_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// imageJSON returns an image message with the right sum.
func imageJSON(data string) string {
	sum := md5.Sum([]byte(data))
	return imageOf(base64.StdEncoding.EncodeToString([]byte(data)), hex.EncodeToString(sum[:]))
}

func imageOf(encoded, sum string) string {
	return `{"msgtype":"image","image":{"base64":"` + encoded + `","md5":"` + sum + `"}}`
}

// TestStrictTypes shows what the server refuses of the types that are not made
// of text, with the code.
func TestStrictTypes(t *testing.T) {
	t.Parallel()
	const png, jpg = "\x89PNG\r\n\x1a\n", "\xff\xd8\xff"
	long := strings.Repeat("x", 1025)
	news := func(article string, n int) string {
		return `{"msgtype":"news","news":{"articles":[` + strings.TrimSuffix(strings.Repeat(article+",", n), ",") + `]}}`
	}
	file := func(body string) string { return `{"msgtype":"file","file":` + body + `}` }
	tests := []struct {
		name, body string
		code       int
	}{
		{"image PNG", imageJSON(png), 0},
		{"image JPG at the limit", imageJSON(jpg + strings.Repeat("x", 2<<20-3)), 0},
		{"image over the limit", imageJSON(jpg + strings.Repeat("x", 2<<20-2)), 40009},
		{"image empty", imageJSON(""), 40058},
		{"image GIF", imageJSON("GIF89a"), 40058},
		{"image not base64", imageOf("?", ""), 40058},
		{"image base64 in lines", strings.Replace(imageJSON(png), "iVBO", `iVBO\n`, 1), 40058},
		{"image of the wrong sum", strings.Replace(imageJSON(png), `"md5":"`, `"md5":"0`, 1), 301019},
		{"image of the wrong type", `{"msgtype":"image","image":[]}`, 40058},
		{"news", news(`{"title":"`+long+`","url":"x"}`, 8), 0},
		{"news empty", news("", 0), 45008},
		{"news of 9", news(`{"title":"x","url":"x"}`, 9), 45008},
		{"news without title", news(`{"url":"x"}`, 1), 41016},
		{"news without URL", news(`{"title":"x"}`, 1), 41010},
		{"news long URL", news(`{"title":"x","url":"`+long+`"}`, 1), 40039},
		{"news long picture URL", news(`{"title":"x","url":"x","picurl":"`+long+`"}`, 1), 40039},
		{"file", file(`{"media_id":"x"}`), 0},
		{"file without media", file(`{}`), 41006},
		{"file of the wrong type", file(`{"media_id":1}`), 40058},
		{"voice without media", `{"msgtype":"voice","voice":{}}`, 41006},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.NewServer(t)
			_, code, text := post(t, server.Client(), server.URL(), tt.body)
			require.Equal(t, tt.code, code, text)
		})
	}
}

// TestStrictCards replaces one part of a good card.
func TestStrictCards(t *testing.T) {
	t.Parallel()
	const (
		textNotice = `{"msgtype":"template_card","template_card":{"card_type":"text_notice","source":{"desc_color":3},` +
			`"main_title":{"title":"x"},"quote_area":{"type":2,"appid":"x"},` +
			`"horizontal_content_list":[{"keyname":"x"}],"jump_list":[{"title":"x"}],"card_action":{"type":1,"url":"x"}}}`
		newsNotice = `{"msgtype":"template_card","template_card":{"card_type":"news_notice","main_title":{"title":"x"},` +
			`"card_image":{"url":"x","aspect_ratio":2.25},"image_text_area":{"image_url":"x"},` +
			`"vertical_content_list":[{"title":"x"}],"card_action":{"type":1,"url":"x"}}}`
		title, action         = `"main_title":{"title":"x"}`, `"card_action":{"type":1,"url":"x"}`
		line, jump            = `{"keyname":"x"}`, `"jump_list":[{"title":"x"}]`
		picture, area         = `"card_image":{"url":"x","aspect_ratio":2.25}`, `"image_text_area":{"image_url":"x"}`
		quote, paragraph, red = `"quote_area":{"type":2,"appid":"x"}`, `{"title":"x"}],"card_action"`, `"desc_color":3`
	)
	many := func(element string, n int) string {
		return strings.TrimSuffix(strings.Repeat(element+",", n), ",")
	}
	tests := []struct {
		name, card, old, new string
		code                 int
	}{
		{"text notice", textNotice, "", "", 0},
		{"news notice", newsNotice, "", "", 0},
		{"type", textNotice, "text_notice", "vote", 42031},
		{"no title", textNotice, title, `"main_title":{}`, 42033},
		{"no main title", textNotice, title + ",", `"sub_title_text":"x",`, 42033},
		{"subtitle", textNotice, title, `"main_title":{},"sub_title_text":"x"`, 0},
		{"no news title", newsNotice, title, `"main_title":{},"sub_title_text":"x"`, 42033},
		{"no action", textNotice, "," + action, "", 42045},
		{"action to nothing", textNotice, action, `"card_action":{"type":0}`, 42045},
		{"action without URL", textNotice, action, `"card_action":{"type":1}`, 42028},
		{"action without app", newsNotice, action, `"card_action":{"type":2}`, 42030},
		{"action type", newsNotice, action, `"card_action":{"type":3}`, 40058},
		{"colour", textNotice, red, `"desc_color":4`, 40058},
		{"icon URL", textNotice, red, `"icon_url":"` + strings.Repeat("x", 1025) + `"`, 40039},
		{"quote without URL", textNotice, quote, `"quote_area":{"type":1}`, 42028},
		{"6 lines", textNotice, line, many(line, 6), 0},
		{"7 lines", textNotice, line, many(line, 7), 42035},
		{"line without name", textNotice, line, `{}`, 42027},
		{"line without URL", textNotice, line, `{"keyname":"x","type":1}`, 42028},
		{"line without file", textNotice, line, `{"keyname":"x","type":2}`, 42029},
		{"line without member", textNotice, line, `{"keyname":"x","type":3}`, 42050},
		{"line type", textNotice, line, `{"keyname":"x","type":4}`, 40058},
		{"4 links", textNotice, jump, `"jump_list":[` + many(`{"title":"x"}`, 4) + `]`, 42042},
		{"link without title", textNotice, jump, `"jump_list":[{}]`, 42033},
		{"link without app", textNotice, jump, `"jump_list":[{"title":"x","type":2}]`, 42030},
		{"no picture", newsNotice, picture + ",", "", 42044},
		{"ratio", newsNotice, "2.25", "2.26", 40058},
		{"ratio of 0", newsNotice, "2.25", "0", 40058},
		{"area without picture", newsNotice, area, `"image_text_area":{}`, 42028},
		{"area without URL", newsNotice, area, `"image_text_area":{"image_url":"x","type":1}`, 42028},
		{"5 paragraphs", newsNotice, paragraph, many(`{"title":"x"}`, 5) + `],"card_action"`, 42036},
		{"paragraph without title", newsNotice, paragraph, `{"desc":"x"}],"card_action"`, 42033},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, tt.card, tt.old)
			server := wecomtest.NewServer(t)
			_, code, text := post(t, server.Client(), server.URL(), strings.Replace(tt.card, tt.old, tt.new, 1))
			require.Equal(t, tt.code, code, text)
		})
	}
}
