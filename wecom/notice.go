package wecom

// The vendor's limits for the lists of a template card.
const (
	maxHorizontal = 6
	maxVertical   = 4
	maxJumps      = 3
)

// The bounds of the ratio of a [CardImage].
const (
	minAspectRatio = 1.3
	maxAspectRatio = 2.25
)

// TextNotice is the template card of text. Lengths given in characters are
// the vendor's advice: the client shortens what is longer, with dots, and
// Validate lets it pass.
//
// Members who read the group in the personal WeChat client do not see cards.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type TextNotice struct {
	// Source is the line at the top. Optional.
	Source Source `json:"source,omitzero"`

	// MainTitle is the headline: Title of about 26 characters, Desc of about
	// 30. Its Title or SubTitleText must be set.
	MainTitle Heading `json:"main_title"`

	// Emphasis is a figure in large letters: Title of about 10 characters,
	// Desc of about 15. Optional; the vendor advises against it beside a
	// Quote.
	Emphasis Heading `json:"emphasis_content,omitzero"`

	// Quote is a quotation. Optional.
	Quote Quote `json:"quote_area,omitzero"`

	// SubTitleText is the text below, of about 112 characters. It or the Title
	// of MainTitle must be set.
	SubTitleText string `json:"sub_title_text,omitzero"`

	// Horizontal is at most 6 lines of name and value.
	Horizontal []KeyValue `json:"horizontal_content_list,omitempty"`

	// Jumps is at most 3 links at the bottom.
	Jumps []Jump `json:"jump_list,omitempty"`

	// Action is where a click on the card leads. Required, with LinkURL or
	// LinkMiniProgram.
	Action Link `json:"card_action"`
}

// NewsNotice is the template card with a picture. Lengths given in characters
// are the vendor's advice, as in [TextNotice].
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
type NewsNotice struct {
	// Source is the line at the top. Optional.
	Source Source `json:"source,omitzero"`

	// MainTitle is the headline: Title of about 26 characters, Desc of about
	// 30. Title is required.
	MainTitle Heading `json:"main_title"`

	// Image is the picture. Required.
	Image CardImage `json:"card_image"`

	// ImageText is a small picture with text beside it. Optional.
	ImageText ImageText `json:"image_text_area,omitzero"`

	// Quote is a quotation. Optional.
	Quote Quote `json:"quote_area,omitzero"`

	// Vertical is at most 4 paragraphs: Title of about 26 characters, which is
	// required, Desc of about 112.
	Vertical []Heading `json:"vertical_content_list,omitempty"`

	// Horizontal is at most 6 lines of name and value.
	Horizontal []KeyValue `json:"horizontal_content_list,omitempty"`

	// Jumps is at most 3 links at the bottom.
	Jumps []Jump `json:"jump_list,omitempty"`

	// Action is where a click on the card leads. Required, with LinkURL or
	// LinkMiniProgram.
	Action Link `json:"card_action"`
}

// Validate returns what is wrong with m. Of a list that is too long it looks
// at the elements within the limit.
func (m TextNotice) Validate() error {
	var f faults
	f.source(m.Source)
	if m.MainTitle.Title == "" && m.SubTitleText == "" {
		f.Add("template_card.main_title.title", "is empty, and so is template_card.sub_title_text: one of them is required")
	}
	f.link("template_card.quote_area", m.Quote.Link)
	f.horizontal(m.Horizontal)
	f.jumps(m.Jumps)
	f.action(m.Action)
	return f.Err()
}

// Validate returns what is wrong with m. Of a list that is too long it looks
// at the elements within the limit.
func (m NewsNotice) Validate() error {
	var f faults
	f.source(m.Source)
	f.Required("template_card.main_title.title", m.MainTitle.Title)
	f.cardImage(m.Image)
	f.imageText(m.ImageText)
	f.link("template_card.quote_area", m.Quote.Link)
	f.vertical(m.Vertical)
	f.horizontal(m.Horizontal)
	f.jumps(m.Jumps)
	f.action(m.Action)
	return f.Err()
}

func (m TextNotice) check(int) error { return m.Validate() }
func (m NewsNotice) check(int) error { return m.Validate() }

func (m TextNotice) json() []byte {
	return message("template_card", struct {
		CardType string `json:"card_type"`
		TextNotice
	}{"text_notice", m})
}

func (m NewsNotice) json() []byte {
	return message("template_card", struct {
		CardType string `json:"card_type"`
		NewsNotice
	}{"news_notice", m})
}
