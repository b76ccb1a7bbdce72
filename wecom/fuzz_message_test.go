package wecom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom"
)

// FuzzMessage makes messages of all types from anything. Each is either
// refused before it is sent, with the fields that are wrong, or it is JSON
// without null that the stand-in, which has rules of its own, accepts.
func FuzzMessage(f *testing.F) {
	f.Add("disk full", "91%", "https://ops.example.com/", "zhangwei", int8(1), uint8(1), 1.8)
	f.Add("</font>\"\\\u2028", "\xff\xfe", "\x00", "@all", int8(2), uint8(8), 0.0)
	f.Add(strings.Repeat("告", 1366), strings.Repeat("\xff", 1024), strings.Repeat("\xc3", 342), "13800000001", int8(3), uint8(3), 1e300)
	f.Add("", "", "", "", int8(0), uint8(0), 0.0)
	f.Fuzz(func(t *testing.T, title, desc, url, id string, kind int8, n uint8, ratio float64) {
		for _, m := range anyMessages(title, desc, url, id, int(kind), int(n%10), ratio) {
			robot, server := newRobot(t, nil)
			err := robot.Post(t.Context(), m)
			require.Equal(t, m.Validate() == nil, err == nil, "%T: Post and Validate disagree", m)
			if err != nil {
				_, ok := errors.AsType[*wecom.FieldError](err)
				require.True(t, ok, "%T: %v", m, err)
				require.Less(t, len(err.Error()), 1200)
				require.NotContains(t, err.Error(), "\n")
				continue
			}
			require.Len(t, server.Messages(), 1)
			body := server.Messages()[0].Body
			require.True(t, json.Valid(body))
			require.True(t, utf8.Valid(body))
			require.False(t, hasNull(body), "%s", body)
		}
	})
}

// anyMessages returns a message of each type, whose parts are there or not
// depending on the bits of n.
func anyMessages(title, desc, url, id string, kind, n int, ratio float64) []wecom.Message {
	link := wecom.Link{Type: wecom.LinkType(kind), URL: url, AppID: id, PagePath: desc}
	text := wecom.TextNotice{MainTitle: wecom.Heading{Title: title, Desc: desc}, SubTitleText: desc, Action: link}
	news := wecom.NewsNotice{MainTitle: text.MainTitle, Image: wecom.CardImage{URL: url, AspectRatio: ratio}, Action: link}
	if n&1 != 0 {
		text.Source = wecom.Source{IconURL: url, Desc: desc, DescColor: kind}
		text.Quote = wecom.Quote{Link: link, Title: title, Text: desc}
		news.Source, news.Quote = text.Source, text.Quote
	}
	if n&2 != 0 {
		text.Emphasis = wecom.Heading{Title: id}
		news.ImageText = wecom.ImageText{Link: link, Desc: desc, ImageURL: url}
	}
	for range n {
		text.Horizontal = append(text.Horizontal, wecom.KeyValue{Key: title, Value: desc, Type: wecom.ValueType(kind), URL: url, MediaID: id, UserID: id})
		text.Jumps = append(text.Jumps, wecom.Jump{Link: link, Title: title})
		news.Vertical = append(news.Vertical, wecom.Heading{Title: title, Desc: desc})
	}
	articles := make([]wecom.Article, n)
	for i := range articles {
		articles[i] = wecom.Article{Title: title, Description: desc, URL: url, PicURL: url[:len(url)*i/n]}
	}
	return []wecom.Message{
		wecom.Text{Content: title, Mentions: []string{id}, Mobiles: []string{id}},
		wecom.Markdown{Content: title, Mentions: []string{id}},
		wecom.MarkdownV2{Content: desc},
		wecom.Image{Data: []byte("\xff\xd8\xff" + desc)},
		wecom.News{Articles: articles},
		wecom.File{MediaID: id},
		wecom.Voice{MediaID: id},
		text,
		news,
	}
}

// hasNull reports whether there is a null in valid JSON.
func hasNull(body []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(body))
	for token, err := dec.Token(); err == nil; token, err = dec.Token() {
		if token == nil {
			return true
		}
	}
	return false
}
