package wecom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// everybody is the vendor's word that mentions all members in a text message.
const everybody = "@all"

// maxMentions bounds, in bytes, the mentions that follow a card.
const maxMentions = 1024

// maxUserID is the vendor's limit for a userid in bytes.
const maxUserID = 64

// A crowd is whom a message notifies.
type crowd struct{ ids, mobiles []string }

// who returns whom a message about alerts notifies. What Notify returns and the
// vendor would refuse is left out: an alert is not lost for that.
func (o *Options) who(alerts []alert.Alert) (c crowd) {
	if o.Notify == nil {
		if slices.ContainsFunc(alerts, markup.Mentionable) {
			c = crowd{o.Mentions, o.Mobiles}
		}
		return c
	}
	for _, a := range alerts {
		ids, mobiles := o.Notify(a)
		for _, id := range ids {
			if !slices.Contains(c.ids, id) && (id == everybody || badUserID(id) == "") {
				c.ids = append(c.ids, id)
			}
		}
		for _, number := range mobiles {
			if !slices.Contains(c.mobiles, number) && (number == everybody || isMobile(number)) {
				c.mobiles = append(c.mobiles, number)
			}
		}
	}
	return c
}

// split returns the line of markdown that mentions members, below a card, and
// those that only a text can mention or for whom the line has no room.
func (c crowd) split() (line string, rest crowd) {
	rest.mobiles = c.mobiles
	for _, id := range c.ids {
		if mention := mentionMarkup([]string{id}); id == everybody || len(line)+len(mention) > maxMentions {
			rest.ids = append(rest.ids, id)
		} else {
			line += mention
		}
	}
	if line != "" {
		line = "\n" + line
	}
	return line, rest
}

// checkMentions returns what is wrong with the members that the options name.
func (o *Options) checkMentions() error {
	var f faults
	f.people("Mentions", o.Mentions, "Mobiles", o.Mobiles)
	for i, id := range o.Mentions {
		if !o.PlainText && isMobile(id) && len(id) >= 11 {
			f.Add(robot.Element("Mentions", i), "looks like a mobile number: those stand in Mobiles")
		}
	}
	if !o.PlainText {
		f.Size("Mentions", len(mentionMarkup(o.Mentions)), maxMentions)
	}
	return f.Err()
}

// people checks whom a text mentions.
func (f *faults) people(members string, ids []string, phones string, mobiles []string) {
	for i, id := range ids {
		if reason := badUserID(id); reason != "" && id != everybody {
			f.Add(robot.Element(members, i), reason)
		}
	}
	for i, number := range mobiles {
		if number != everybody && !isMobile(number) {
			f.Add(robot.Element(phones, i), "not a mobile number: digits, with an optional + in front")
		}
	}
}

// mentionMarkup returns the markdown that mentions members.
func mentionMarkup(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString("<@" + toUTF8(id) + ">")
	}
	return b.String()
}

// badUserID says what is wrong with a userid, or returns "".
func badUserID(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxUserID:
		return fmt.Sprintf("%d bytes, limit %d bytes", len(id), maxUserID)
	case strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-@.") != "":
		return "not a userid: letters, digits and _-@. only"
	case strings.HasPrefix(id, "@"):
		return "a userid does not begin with @"
	}
	return ""
}

// isMobile reports whether s is a telephone number: 5 to 20 digits, with an
// optional + in front.
func isMobile(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return len(s) >= 5 && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}
