package sandbox

import (
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
	"github.com/tocsin-go/tocsin/examples/internal/chatmark"
)

// seeDingTalk shows what the DingTalk group received.
func (s *Sandbox) seeDingTalk() func(exchange) {
	fresh := newest(s.parts.dingtalk.Messages)
	return func(e exchange) {
		if s.refused(destDingTalk, e) {
			return
		}
		fresh(func(m dingtalktest.Message) {
			s.hub.count(destDingTalk, func(t *tally) { t.Accepted++ })
			s.hub.add(drawDingTalk(m))
		})
	}
}

// drawDingTalk draws a message of a DingTalk robot. Its title is not part of
// the message: it stands in the list of conversations and in notices.
func drawDingTalk(m dingtalktest.Message) item {
	it := item{Dest: destDingTalk, Kind: "message", At: m.Time, Title: m.Title, Meta: []string{m.Type, size(len(m.Body))}}
	told := m.Mentioned
	if m.MentionsAll {
		told = append(told, "所有人")
	}
	switch m.Type {
	case "text", "link":
		it.Body = textLines(m.Text)
		it.Body = append(it.Body, mentions(m.Mentioned)...)
	default:
		it.Body = chatmark.Parse(chatmark.DingTalk, m.Text, told...)
	}
	if m.MentionsAll {
		it.Body = append(it.Body, mentions([]string{"所有人"})...)
	}
	for _, l := range m.Links {
		it.Links = append(it.Links, anchor(l.Title, l.URL))
	}
	return it
}
