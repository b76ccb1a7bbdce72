package printing

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	// key opens the stand-in robots. It is no secret: they listen on
	// this machine only and deliver to nobody.
	key = "stand-in"

	wecomPath    = "/cgi-bin/webhook/send"
	dingtalkPath = "/robot/send"

	// wecomLimit is the most bytes of markdown that a WeCom robot takes,
	// dingtalkLimit the most bytes of a whole message to one of DingTalk.
	wecomLimit    = 4096
	dingtalkLimit = 20000
)

// robots serves both kinds, each at the path of its vendor.
func (s *StandIns) robots() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wecomPath, s.wecomRobot)
	mux.HandleFunc("POST "+dingtalkPath, s.dingtalkRobot)
	return mux
}

// verdict answers as both vendors do: with status 200, whatever they think.
func verdict(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = fmt.Fprintf(w, `{"errcode":%d,"errmsg":%q}`, code, text)
}

// wecomRobot answers one message as a group robot of WeCom would.
func (s *StandIns) wecomRobot(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Type           string `json:"msgtype"`
		Text, Markdown struct {
			Content  string   `json:"content"`
			Mentions []string `json:"mentioned_list"`
		}
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&m)
	content := cmp.Or(m.Markdown.Content, m.Text.Content)
	switch {
	case err != nil || m.Type != "markdown" && m.Type != "text":
		verdict(w, 40008, "invalid message type")
		return
	case content == "":
		verdict(w, 44004, "empty content")
		return
	case len(content) > wecomLimit:
		verdict(w, 40058, "content exceed max length 4096")
		return
	}
	s.got(s.Wecom, Box{arrival("WeCom", m.Type, len(content), m.Text.Mentions), content})
	verdict(w, 0, "ok")
}

// dingtalkRobot answers one message as a group robot of DingTalk would. The
// title stands in the list of conversations and not in the message, so it is
// printed above it.
func (s *StandIns) dingtalkRobot(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Type     string `json:"msgtype"`
		Markdown struct{ Title, Text string }
		At       struct {
			Mobiles []string `json:"atMobiles"`
			UserIDs []string `json:"atUserIds"`
			All     bool     `json:"isAtAll"`
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	switch {
	case err != nil || len(body) > dingtalkLimit:
		verdict(w, 460101, "message too long, exceed 20000 bytes")
		return
	case json.Unmarshal(body, &m) != nil:
		verdict(w, 40035, "invalid JSON")
		return
	case m.Type != "markdown":
		verdict(w, 400105, "unsupported msgtype")
		return
	case m.Markdown.Title == "":
		verdict(w, 400402, "title is missing")
		return
	case m.Markdown.Text == "":
		verdict(w, 400403, "text is missing")
		return
	}
	mentions := append(m.At.Mobiles, m.At.UserIDs...)
	if m.At.All {
		mentions = append(mentions, "all")
	}
	s.got(s.DingTalk, Box{arrival("DingTalk", m.Type, len(body), mentions), "title: " + m.Markdown.Title + "\n\n" + m.Markdown.Text})
	verdict(w, 0, "ok")
}

// arrival is the title of a box with a message.
func arrival(vendor, kind string, size int, mentions []string) string {
	title := fmt.Sprintf("%s group: one message, %s, %d bytes", vendor, kind, size)
	if len(mentions) > 0 {
		title += ", mentions " + strings.Join(mentions, " ")
	}
	return title
}
