package wecom

// A LinkType says what a click on a part of a card does.
type LinkType int

// The types of a [Link]. Without one a click does nothing, which is not for the
// Action of a card.
const (
	LinkURL         LinkType = 1 // opens Link.URL
	LinkMiniProgram LinkType = 2 // opens the page Link.PagePath of the mini program Link.AppID
)

// A ValueType says what the value of a [KeyValue] is.
type ValueType int

// The types of a [KeyValue]. Without one it is plain text.
const (
	ValueURL    ValueType = 1 // a link to KeyValue.URL
	ValueFile   ValueType = 2 // the uploaded file KeyValue.MediaID
	ValueMember ValueType = 3 // the member KeyValue.UserID
)

// Source is the line at the top of a card: who sends it.
type Source struct {
	IconURL   string `json:"icon_url,omitzero"`   // of a small picture, at most 1024 bytes
	Desc      string `json:"desc,omitzero"`       // about 13 characters
	DescColor int    `json:"desc_color,omitzero"` // 0 grey, 1 black, 2 red, 3 green
}

// A Heading is a text in large and one in small letters. The fields that hold
// one say how long they should be.
type Heading struct {
	Title string `json:"title,omitzero"`
	Desc  string `json:"desc,omitzero"`
}

// A Link is where a click leads. Type decides which of the other fields count;
// none may be set without it.
type Link struct {
	Type     LinkType `json:"type,omitzero"`
	URL      string   `json:"url,omitzero"`      // required for LinkURL, at most 1024 bytes
	AppID    string   `json:"appid,omitzero"`    // required for LinkMiniProgram, which must be linked to the company
	PagePath string   `json:"pagepath,omitzero"` // optional for LinkMiniProgram
}

// A Quote is a quotation in a card. All fields are optional.
type Quote struct {
	Link
	Title string `json:"title,omitzero"`
	Text  string `json:"quote_text,omitzero"`
}

// A KeyValue is one line of name and value in a card. Type decides which of
// URL, MediaID and UserID is required; none may be set without it.
type KeyValue struct {
	Key     string    `json:"keyname"`           // required, about 5 characters
	Value   string    `json:"value,omitzero"`    // about 26 characters; of a file its name with extension
	Type    ValueType `json:"type,omitzero"`     // plain text by default
	URL     string    `json:"url,omitzero"`      // required for ValueURL, at most 1024 bytes
	MediaID string    `json:"media_id,omitzero"` // required for ValueFile, as that of a [File]
	UserID  string    `json:"userid,omitzero"`   // required for ValueMember; it shows the member and notifies nobody
}

// A Jump is a link at the bottom of a card. Without a link it is text.
type Jump struct {
	Link
	Title string `json:"title"` // required, about 13 characters
}

// A CardImage is the picture of a [NewsNotice].
type CardImage struct {
	URL string `json:"url"` // required, at most 1024 bytes

	// AspectRatio is width by height, 1.3 to 2.25; stay clear of the bounds,
	// about which the vendor's page contradicts itself. Default: 1.3.
	AspectRatio float64 `json:"aspect_ratio,omitzero"`
}

// An ImageText is a small picture with text beside it.
type ImageText struct {
	Link
	Title    string `json:"title,omitzero"`
	Desc     string `json:"desc,omitzero"`
	ImageURL string `json:"image_url"` // required, at most 1024 bytes
}
