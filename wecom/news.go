package wecom

import (
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/robot"
)

// maxArticles is how many articles a News message may have.
const maxArticles = 8

// The vendor cuts longer texts of an article, in bytes.
const (
	maxTitle       = 128
	maxDescription = 512
)

// cutMark stands where a text of an article was cut.
const cutMark = "…"

// News is a message of one to 8 links with pictures. A single
// article is shown large; of several the first is, and the others are lines
// below it.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type News struct {
	// Articles is required and has 1 to 8 elements.
	Articles []Article `json:"articles"`
}

// An Article is one link of a [News] message. The vendor cuts its texts in
// silence, so they are cut before that, between characters and with a "…" that
// the reader sees.
type Article struct {
	// Title is required. It is cut at 128 bytes.
	Title string `json:"title"`

	// Description is optional. It is cut at 512 bytes.
	Description string `json:"description,omitzero"`

	// URL is where a click leads. It is required and has at most 1024 bytes.
	URL string `json:"url"`

	// PicURL is the address of a JPG or PNG, best of 1068x455 pixels for the
	// large article and 150x150 for the others. It is optional and has at most
	// 1024 bytes.
	PicURL string `json:"picurl,omitzero"`
}

// Validate returns what is wrong with m. Of too many articles it looks at the
// first 8.
func (m News) Validate() error {
	const list = "news.articles"
	var f faults
	if len(m.Articles) == 0 {
		f.Add(list, "is empty")
	}
	f.Count(list, len(m.Articles), maxArticles)
	for i, a := range m.Articles[:min(len(m.Articles), maxArticles)] {
		field := robot.Element(list, i)
		f.Required(field+".title", a.Title)
		f.requiredURL(field+".url", a.URL)
		f.url(field+".picurl", a.PicURL)
	}
	return f.Err()
}

func (m News) check(int) error { return m.Validate() }

func (m News) json() []byte {
	articles := make([]Article, len(m.Articles))
	for i, a := range m.Articles {
		a.Title = visibleCut(toUTF8(a.Title), maxTitle)
		a.Description = visibleCut(toUTF8(a.Description), maxDescription)
		articles[i] = a
	}
	return message("news", News{articles})
}

// visibleCut returns s, which is valid UTF-8, if it has at most limit bytes,
// or else its begin with a mark.
func visibleCut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(cutMark)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cutMark
}
