package sandbox

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/examples/internal/chatmark"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// newest returns a function that returns what was added to a list since it was
// called before.
func newest[T any](list func() []T) func(see func(T)) {
	var mu sync.Mutex
	shown := 0
	return func(see func(T)) {
		mu.Lock()
		defer mu.Unlock()
		all := list()
		for _, v := range all[shown:] {
			see(v)
		}
		shown = len(all)
	}
}

// seeWecom shows what the WeCom group received.
func (s *Sandbox) seeWecom() func(exchange) {
	fresh := newest(s.parts.wecom.Messages)
	return func(e exchange) {
		if s.refused(destWecom, e) || strings.HasSuffix(e.path, "/upload_media") {
			return
		}
		fresh(func(m wecomtest.Message) {
			s.hub.count(destWecom, func(t *tally) { t.Accepted++ })
			s.hub.add(drawWecom(m))
		})
	}
}

// drawWecom draws a message of a WeCom robot.
func drawWecom(m wecomtest.Message) item {
	it := item{Dest: destWecom, Kind: "message", At: m.Time, Meta: []string{m.Type, size(len(m.Content))}}
	switch m.Type {
	case "markdown":
		it.Body = chatmark.Parse(chatmark.Wecom, m.Content)
	case "markdown_v2":
		it.Body = chatmark.Parse(chatmark.WecomV2, m.Content)
	case "text":
		it.Body = textLines(m.Content)
		it.Body = append(it.Body, mentions(append(m.Mentions, m.Mobiles...))...)
	default:
		it.Meta[1] = size(len(m.Body))
		it.Body = richWecom(m)
	}
	return it
}

// textLines draws text without markup.
func textLines(text string) []chatmark.Node {
	p := chatmark.Node{Tag: "p"}
	for i, line := range strings.Split(clip(text, chatmark.MaxBytes), "\n") {
		if i > 0 {
			p.Kids = append(p.Kids, chatmark.Node{Tag: "br"})
		}
		p.Kids = append(p.Kids, chatmark.Node{Text: line})
	}
	return []chatmark.Node{p}
}

// mentions draws who is told beside the text.
func mentions(who []string) []chatmark.Node {
	p := chatmark.Node{Tag: "p"}
	for _, w := range who {
		p.Kids = append(p.Kids, chatmark.Node{Tag: "at", Text: "@" + strings.TrimPrefix(w, "@")}, chatmark.Node{Text: " "})
	}
	if p.Kids == nil {
		return nil
	}
	return []chatmark.Node{p}
}

// anchor draws something to tap.
func anchor(title, address string) chatmark.Node {
	return chatmark.Node{Tag: "a", Href: chatmark.Link(address), Kids: []chatmark.Node{{Text: title}}}
}

// richWecom draws the parts with text of the other types: articles and cards.
func richWecom(m wecomtest.Message) (body []chatmark.Node) {
	type titled struct{ Title, Desc, Description, URL string }
	var rich struct {
		News struct{ Articles []titled }
		Card struct {
			Source     struct{ Desc string }
			Main       titled                            `json:"main_title"`
			Emphasis   titled                            `json:"emphasis_content"`
			Sub        string                            `json:"sub_title_text"`
			Horizontal []struct{ Keyname, Value string } `json:"horizontal_content_list"`
			Jumps      []titled                          `json:"jump_list"`
			Action     titled                            `json:"card_action"`
		} `json:"template_card"`
	}
	if json.Unmarshal(m.Body, &rich) != nil || m.Type != "news" && m.Type != "template_card" {
		return []chatmark.Node{{Tag: "p", Kids: []chatmark.Node{{Tag: "font", Class: "comment", Kids: []chatmark.Node{{Text: "[" + m.Type + "]"}}}}}}
	}
	add := func(tag string, kids ...chatmark.Node) {
		if len(kids) > 0 && (kids[0].Text != "" || kids[0].Kids != nil) {
			body = append(body, chatmark.Node{Tag: tag, Kids: kids})
		}
	}
	for _, a := range rich.News.Articles {
		add("h4", anchor(a.Title, a.URL))
		add("p", chatmark.Node{Text: a.Description})
	}
	c := rich.Card
	add("p", chatmark.Node{Text: c.Source.Desc})
	add("h4", chatmark.Node{Text: c.Main.Title})
	add("p", chatmark.Node{Text: c.Main.Desc})
	add("h3", chatmark.Node{Text: c.Emphasis.Title})
	add("p", chatmark.Node{Text: c.Sub})
	for _, h := range c.Horizontal {
		add("p", chatmark.Node{Text: h.Keyname + ": " + h.Value})
	}
	for _, j := range c.Jumps {
		add("p", anchor(j.Title, j.URL))
	}
	return body
}
