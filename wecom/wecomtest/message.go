package wecomtest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// maxMarkdown is the vendor's limit for the content of a markdown message.
const maxMarkdown = 4096

// content is the body of the message types made of text.
type content struct {
	Content  string   `json:"content"`
	Mentions []string `json:"mentioned_list"`
	Mobiles  []string `json:"mentioned_mobile_list"`
}

// parse reads a message. For one that the vendor would refuse it returns the
// code and the text.
func (s *Server) parse(body []byte) (m Message, code int, text string) {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil || json.Unmarshal(envelope["msgtype"], &m.Type) != nil || !isType(m.Type) {
		return m, 40008, "invalid message type"
	}
	if _, ok := envelope[m.Type]; !ok {
		return m, 40058, "missing " + m.Type + ". invalid Request Parameter"
	}
	limit := maxMarkdown
	switch m.Type {
	case "text":
		limit = s.TextLimit
	case "markdown", "markdown_v2":
	default:
		f := checkRich(m.Type, envelope[m.Type])
		return m, f.code, f.text
	}
	var c content
	switch err := json.Unmarshal(envelope[m.Type], &c); {
	case err != nil:
		return m, 40058, m.Type + " wrong type. invalid Request Parameter"
	case c.Content == "":
		return m, 44004, "empty content"
	case len(c.Content) > limit:
		return m, 40058, fmt.Sprintf("%s.content exceed max length %d. invalid Request Parameter", m.Type, limit)
	}
	m.Content, m.Mentions, m.Mobiles = c.Content, c.Mentions, c.Mobiles
	return m, 0, ""
}

// isType reports whether the vendor knows the msgtype.
func isType(s string) bool {
	return slices.Contains([]string{
		"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card",
	}, s)
}

const okAnswer = `{"errcode":0,"errmsg":"ok"}`

// refusal returns the answer for a code, with the vendor's text where one is
// known.
func refusal(code int) string {
	text := "error"
	switch code {
	case -1:
		return `{"errcode":-1,"errmsg":"system busy"}`
	case 45009:
		text = "api freq out of limit"
	case 45033:
		text = "api concurrent out of limit"
	case 93000:
		text = "invalid webhook url"
	case 93004:
		text = "robot disabled"
	case 93008:
		text = "not in group"
	}
	return refusalText(code, text)
}

// refusalText returns the answer for a code in the vendor's shape, with a
// made-up hint and an address reserved for documentation.
func refusalText(code int, text string) string {
	answer, err := json.Marshal(map[string]any{
		"errcode": code,
		"errmsg": fmt.Sprintf("%s, hint: [1767225600000000000000001], from ip: 192.0.2.10, "+
			"more info at https://open.work.weixin.qq.com/devtool/query?e=%d", text, code),
	})
	if err != nil {
		panic("wecomtest: " + err.Error()) // a string and a number always encode
	}
	return string(answer)
}
