package wecomtest

// A card is a template card of either type.
type card struct {
	CardType string `json:"card_type"`
	Source   struct {
		IconURL   string `json:"icon_url"`
		DescColor int    `json:"desc_color"`
	} `json:"source"`
	MainTitle    *titled `json:"main_title"`
	SubTitleText string  `json:"sub_title_text"`
	CardImage    struct {
		URL         string   `json:"url"`
		AspectRatio *float64 `json:"aspect_ratio"`
	} `json:"card_image"`
	ImageTextArea *struct {
		link
		ImageURL string `json:"image_url"`
	} `json:"image_text_area"`
	QuoteArea  link       `json:"quote_area"`
	Vertical   []titled   `json:"vertical_content_list"`
	Horizontal []keyValue `json:"horizontal_content_list"`
	Jumps      []struct {
		link
		Title string `json:"title"`
	} `json:"jump_list"`
	CardAction link `json:"card_action"`
}

type titled struct {
	Title string `json:"title"`
}

type link struct {
	Type  int    `json:"type"`
	URL   string `json:"url"`
	AppID string `json:"appid"`
}

type keyValue struct {
	KeyName string `json:"keyname"`
	Type    int    `json:"type"`
	URL     string `json:"url"`
	MediaID string `json:"media_id"`
	UserID  string `json:"userid"`
}

func checkCard(c card) messageFault {
	if c.CardAction.Type == 0 {
		return messageFault{42045, "missing or invalid card_action"}
	}
	switch c.CardType {
	case "text_notice":
		if c.MainTitle == nil || c.MainTitle.Title == "" && c.SubTitleText == "" {
			return messageFault{42033, "missing title"}
		}
		return checkParts(c)
	case "news_notice":
		return first(checkNewsNotice(c), checkParts(c))
	}
	return messageFault{42031, "invalid card_type"}
}

// checkParts checks what both types have.
func checkParts(c card) messageFault {
	if c.Source.DescColor < 0 || c.Source.DescColor > 3 {
		return invalid("source.desc_color")
	}
	faults := []messageFault{
		badURL("source.icon_url", c.Source.IconURL, 0),
		checkLink("quote_area", c.QuoteArea),
		checkLink("card_action", c.CardAction),
		tooMany("horizontal_content_list", len(c.Horizontal), 6, 42035),
		tooMany("jump_list", len(c.Jumps), 3, 42042),
	}
	for _, kv := range c.Horizontal {
		faults = append(faults, missing("horizontal_content_list.keyname", kv.KeyName, 42027), checkValue(kv))
	}
	for _, j := range c.Jumps {
		faults = append(faults, missing("jump_list.title", j.Title, 42033), checkLink("jump_list", j.link))
	}
	return first(faults...)
}

// checkNewsNotice checks what a card with a picture has besides.
func checkNewsNotice(c card) messageFault {
	if r := c.CardImage.AspectRatio; r != nil && (*r < 1.3 || *r > 2.25) {
		return invalid("card_image.aspect_ratio")
	}
	faults := []messageFault{
		badURL("card_image.url", c.CardImage.URL, 42044),
		tooMany("vertical_content_list", len(c.Vertical), 4, 42036),
	}
	if c.MainTitle == nil || c.MainTitle.Title == "" {
		faults = append(faults, messageFault{42033, "missing title"})
	}
	if a := c.ImageTextArea; a != nil {
		faults = append(faults, badURL("image_text_area.image_url", a.ImageURL, 42028), checkLink("image_text_area", a.link))
	}
	for _, v := range c.Vertical {
		faults = append(faults, missing("vertical_content_list.title", v.Title, 42033))
	}
	return first(faults...)
}

// checkLink checks what a link of its type needs.
func checkLink(field string, l link) messageFault {
	switch l.Type {
	case 0:
		return messageFault{}
	case 1:
		return badURL(field+".url", l.URL, 42028)
	case 2:
		return missing(field+".appid", l.AppID, 42030)
	}
	return invalid(field + ".type")
}

// checkValue checks what a value of its type needs.
func checkValue(kv keyValue) messageFault {
	const field = "horizontal_content_list"
	switch kv.Type {
	case 0:
		return messageFault{}
	case 1:
		return badURL(field+".url", kv.URL, 42028)
	case 2:
		return missing(field+".media_id", kv.MediaID, 42029)
	case 3:
		return missing(field+".userid", kv.UserID, 42050)
	}
	return invalid(field + ".type")
}

// tooMany returns a fault with a code if a list is longer than its limit.
func tooMany(field string, n, limit, code int) messageFault {
	if n > limit {
		return messageFault{code, "invalid size of " + field}
	}
	return messageFault{}
}
