package dingtalktest

import (
	"slices"
	"strings"
	"time"
)

// A Message is a message that the server accepted.
type Message struct {
	Time  time.Time
	Type  string // msgtype
	UUID  string // msgUuid
	Title string // of link, markdown and actionCard
	Text  string // of link, markdown and actionCard; content of text

	// Links are what can be tapped, in order: the one of a link, the buttons
	// of an actionCard, the entries of a feedCard.
	Links []Link

	// Horizontal states that buttons stand side by side.
	Horizontal bool

	AtMobiles []string // as sent
	AtUserIDs []string // as sent
	AtAll     bool     // as sent

	// Mentioned are the entries of AtMobiles and AtUserIDs that are told:
	// those that the text of a text or markdown message names after an @. A
	// number is digits alone, or +country-number.
	Mentioned []string

	// MentionsAll states that everybody in the group is told: AtAll in a text
	// or markdown message.
	MentionsAll bool

	Body []byte // the request as it came
}

// A Link is something to tap in a message.
type Link struct {
	Title   string
	URL     string
	Picture string // of link and feedCard
}

// parse reads a message, or says why the vendor would refuse it.
func (s *Server) parse(envelope object) (Message, refusal) {
	m := Message{Type: envelope.text("msgtype"), UUID: envelope.text("msgUuid")}
	if !isType(m.Type) {
		return m, refuse(400105)
	}
	if _, ok := envelope["msgUuid"]; ok && m.UUID == "" {
		return m, refuse(40035)
	}
	at := envelope.object("at")
	var mobiles, users, all bool
	m.AtMobiles, mobiles = at.texts("atMobiles")
	m.AtUserIDs, users = at.texts("atUserIds")
	m.AtAll, all = at.flag("isAtAll")
	if !mobiles || !users || !all || envelope.has("at") && at == nil {
		return m, refuse(40035)
	}
	if refused := s.parseContent(&m, envelope.object(m.Type)); refused.code != 0 {
		return m, refused
	}
	m.mention()
	return m, refusal{}
}

// isType reports whether the vendor knows the msgtype.
func isType(s string) bool {
	return slices.Contains([]string{"text", "link", "markdown", "actionCard", "feedCard"}, s)
}

// parseContent reads the object named like the type. The codes of missing
// fields are no part of the vendor's documentation. Those of function missing
// were seen by users, the others continue their series.
func (s *Server) parseContent(m *Message, o object) refusal {
	m.Title, m.Text = o.text("title"), o.text("text")
	switch m.Type {
	case "text":
		m.Title, m.Text = "", o.text("content")
		return s.require(o, m.Type, 400201, "content")
	case "link":
		m.Links = []Link{{Title: m.Title, URL: o.text("messageUrl"), Picture: o.text("picUrl")}}
		return s.require(o, m.Type, 400301, "text", "title", "messageUrl")
	case "markdown":
		return s.require(o, m.Type, 400401, "title", "text")
	case "actionCard":
		if refused := s.require(o, m.Type, 400501, "title", "text"); refused.code != 0 {
			return refused
		}
		return s.parseButtons(m, o)
	default:
		return s.parseEntries(m, o)
	}
}

// parseButtons reads the buttons of an actionCard. With a single one the list
// is ignored.
func (s *Server) parseButtons(m *Message, o object) refusal {
	switch side := o.text("btnOrientation"); {
	case side == "1":
		m.Horizontal = true
	case side != "0" && o.has("btnOrientation"):
		return refuseField(400509, "actionCard btnOrientation")
	}
	if o.has("singleTitle") || o.has("singleURL") {
		m.Links = []Link{{Title: o.text("singleTitle"), URL: o.text("singleURL")}}
		return s.require(o, m.Type, 400503, "singleTitle", "singleURL")
	}
	list := o.objects("btns")
	if len(list) == 0 {
		return refuseField(400506, "actionCard btns")
	}
	for _, button := range list {
		if refused := s.require(button, "actionCard btns", 400506, "title", "actionURL"); refused.code != 0 {
			return refused
		}
		m.Links = append(m.Links, Link{Title: button.text("title"), URL: button.text("actionURL")})
	}
	return refusal{}
}

// parseEntries reads the links of a feedCard.
func (s *Server) parseEntries(m *Message, o object) refusal {
	m.Title, m.Text = "", ""
	if o == nil {
		return refuseField(400601, "feedCard")
	}
	list := o.objects("links")
	if len(list) == 0 {
		return refuseField(400602, "feedCard links")
	}
	for _, entry := range list {
		if refused := s.require(entry, "feedCard links", 400602, "title", "messageURL", "picURL"); refused.code != 0 {
			return refused
		}
		m.Links = append(m.Links, Link{entry.text("title"), entry.text("messageURL"), entry.text("picURL")})
	}
	return refusal{}
}

// require refuses an object that is missing, with the code given, or one that
// lacks a text, with the code that follows in the order of the fields.
func (s *Server) require(o object, path string, code int, fields ...string) refusal {
	if o == nil {
		return refuseField(code, path)
	}
	for i, field := range fields {
		if o.text(field) == "" {
			return refuseField(code+1+i, path+" "+field)
		}
	}
	return refusal{}
}

// holdsOne reports whether a message holds one of the words, if there are any.
func (m *Message) holdsOne(words []string) bool {
	if len(words) == 0 {
		return true
	}
	places := []string{m.Title, m.Text}
	if m.Type == "feedCard" {
		for _, l := range m.Links {
			places = append(places, l.Title)
		}
	}
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.ContainsFunc(places, func(s string) bool { return strings.Contains(s, word) })
	})
}

// mention finds out who is told.
func (m *Message) mention() {
	if m.Type != "text" && m.Type != "markdown" {
		return
	}
	m.MentionsAll = m.AtAll
	for _, number := range m.AtMobiles {
		if isNumber(number) && names(m.Text, number) {
			m.Mentioned = append(m.Mentioned, number)
		}
	}
	for _, id := range m.AtUserIDs {
		if id != "" && names(m.Text, id) {
			m.Mentioned = append(m.Mentioned, id)
		}
	}
}

// isNumber reports whether s is a number at home, of digits, or one abroad,
// with the country set off by a hyphen.
func isNumber(s string) bool {
	if abroad, ok := strings.CutPrefix(s, "+"); ok {
		country, number, hyphen := strings.Cut(abroad, "-")
		return hyphen && isDigits(country) && isDigits(number)
	}
	return isDigits(s)
}

// isDigits reports whether s consists of digits, at least one.
func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// names reports whether a text names somebody: an @ and the name, which does
// not go on afterwards.
func names(text, name string) bool {
	for {
		_, rest, found := strings.Cut(text, "@"+name)
		if !found {
			return false
		}
		if rest == "" || !isWord(rest[0]) {
			return true
		}
		text = rest
	}
}

// isWord reports whether a byte may be part of a userId or of a number.
func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-'
}
