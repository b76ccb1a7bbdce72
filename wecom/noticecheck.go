package wecom

import (
	"fmt"

	"github.com/tocsin-go/tocsin/internal/robot"
)

// source checks the line at the top of a card.
func (f *faults) source(s Source) {
	f.url("template_card.source.icon_url", s.IconURL)
	if s.DescColor < 0 || s.DescColor > 3 {
		f.Add("template_card.source.desc_color", fmt.Sprintf("is %d, want 0 to 3", s.DescColor))
	}
}

// action checks where a click on a card leads.
func (f *faults) action(l Link) {
	const field = "template_card.card_action"
	if l.Type != LinkURL && l.Type != LinkMiniProgram {
		f.Add(field+".type", fmt.Sprintf("is %d, want 1 (URL) or 2 (mini program)", l.Type))
		return
	}
	f.link(field, l)
}

// link checks a link that may be none. Fields that its type ignores would do
// nothing, and as a rule it is the type that was forgotten.
func (f *faults) link(field string, l Link) {
	switch l.Type {
	case 0:
		if l != (Link{}) {
			f.Add(field+".type", "is 0 (no link), but url, appid or pagepath is set")
		}
	case LinkURL:
		f.requiredURL(field+".url", l.URL)
	case LinkMiniProgram:
		f.Required(field+".appid", l.AppID)
	default:
		f.Add(field+".type", fmt.Sprintf("is %d, want 0 (no link), 1 (URL) or 2 (mini program)", l.Type))
	}
}

// horizontal checks the lines of name and value.
func (f *faults) horizontal(list []KeyValue) {
	const name = "template_card.horizontal_content_list"
	f.Count(name, len(list), maxHorizontal)
	for i, kv := range list[:min(len(list), maxHorizontal)] {
		f.keyValue(robot.Element(name, i), kv)
	}
}

// keyValue checks one line of name and value.
func (f *faults) keyValue(field string, kv KeyValue) {
	f.Required(field+".keyname", kv.Key)
	switch kv.Type {
	case 0:
		if kv.URL != "" || kv.MediaID != "" || kv.UserID != "" {
			f.Add(field+".type", "is 0 (text), but url, media_id or userid is set")
		}
	case ValueURL:
		f.requiredURL(field+".url", kv.URL)
	case ValueFile:
		f.Required(field+".media_id", kv.MediaID)
	case ValueMember:
		if reason := badUserID(kv.UserID); reason != "" {
			f.Add(field+".userid", reason)
		}
	default:
		f.Add(field+".type", fmt.Sprintf("is %d, want 0 (text), 1 (URL), 2 (file) or 3 (member)", kv.Type))
	}
}

// vertical checks the paragraphs.
func (f *faults) vertical(list []Heading) {
	const name = "template_card.vertical_content_list"
	f.Count(name, len(list), maxVertical)
	for i, h := range list[:min(len(list), maxVertical)] {
		f.Required(robot.Element(name, i)+".title", h.Title)
	}
}

// jumps checks the links at the bottom.
func (f *faults) jumps(list []Jump) {
	const name = "template_card.jump_list"
	f.Count(name, len(list), maxJumps)
	for i, j := range list[:min(len(list), maxJumps)] {
		field := robot.Element(name, i)
		f.Required(field+".title", j.Title)
		f.link(field, j.Link)
	}
}

// cardImage checks the picture of a card.
func (f *faults) cardImage(c CardImage) {
	f.requiredURL("template_card.card_image.url", c.URL)
	if r := c.AspectRatio; r != 0 && !(r >= minAspectRatio && r <= maxAspectRatio) { // NaN is neither
		f.Add("template_card.card_image.aspect_ratio", fmt.Sprintf("is %v, want %v to %v", r, minAspectRatio, maxAspectRatio))
	}
}

// imageText checks the small picture with text, unless there is none.
func (f *faults) imageText(a ImageText) {
	if a == (ImageText{}) {
		return
	}
	const field = "template_card.image_text_area"
	f.link(field, a.Link)
	f.requiredURL(field+".image_url", a.ImageURL)
}
