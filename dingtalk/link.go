package dingtalk

import "github.com/tocsin-go/tocsin/internal/robot"

// Link is a message of a title, a few words and a picture that opens one page.
// It notifies nobody.
type Link struct {
	// Title is required.
	Title string `json:"title"`

	// Text is required. The clients show its begin only.
	Text string `json:"text"`

	// MessageURL is required: the page to open. The clients open it in the
	// browser, as they do links in markdown.
	MessageURL string `json:"messageUrl"`

	// PicURL is the address of a picture. It is optional.
	PicURL string `json:"picUrl,omitzero"`
}

// Validate returns what is wrong with m.
func (m Link) Validate() error { return validate(m) }

func (m Link) check(f *faults, x extras) {
	f.Required("link.title", m.Title)
	f.Required("link.text", m.Text)
	f.requiredURL("link.messageUrl", m.MessageURL)
	f.URL("link.picUrl", m.PicURL, "", maxBody)
	x.noMentions(f, "link")
}

func (m Link) wire(x extras) envelope {
	m.Title = x.withKeyword(m.Title, " ", m.Text)
	return envelope{Type: "link", Link: &m}
}

// FeedCard is a message of several links with a picture each. It notifies
// nobody.
type FeedCard struct {
	// Links is required. More than four or so are hard to read.
	Links []FeedLink `json:"links"`
}

// A FeedLink is one link of a [FeedCard]. All fields are required.
type FeedLink struct {
	Title      string `json:"title"`
	MessageURL string `json:"messageURL"` // the page to open
	PicURL     string `json:"picURL"`     // the address of the picture
}

// Validate returns what is wrong with m.
func (m FeedCard) Validate() error { return validate(m) }

func (m FeedCard) check(f *faults, x extras) {
	const list = "feedCard.links"
	if len(m.Links) == 0 {
		f.Add(list, "is empty")
	}
	for i, l := range m.Links {
		field := robot.Element(list, i)
		f.Required(field+".title", l.Title)
		f.requiredURL(field+".messageURL", l.MessageURL)
		f.RequiredURL(field+".picURL", l.PicURL, "", maxBody)
	}
	x.noMentions(f, "feedCard")
}

// wire adds the keyword to the first title. Whether the vendor looks for it in
// the others is not known.
func (m FeedCard) wire(x extras) envelope {
	first := m.Links[0]
	first.Title = x.withKeyword(first.Title, " ", "")
	m.Links = append([]FeedLink{first}, m.Links[1:]...)
	return envelope{Type: "feedCard", FeedCard: &m}
}
