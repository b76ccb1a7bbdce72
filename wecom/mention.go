package wecom

import (
	"fmt"
	"strings"
)

// everybody is the vendor's word that mentions all members in a text message.
const everybody = "@all"

// maxMentions bounds, in bytes, the mentions that follow a card.
const maxMentions = 1024

// maxUserID is the vendor's limit for a userid in bytes.
const maxUserID = 64

// mentionLine returns the line of markdown that mentions the members with the
// given userids, below a card.
func mentionLine(ids []string) (string, error) {
	var f faults
	f.members("Mentions", ids)
	line := mentionMarkup(ids)
	f.size("Mentions", len(line), maxMentions)
	if err := f.err(); err != nil {
		return "", err
	}
	return line, nil
}

// mentionMarkup returns the markdown that mentions members.
func mentionMarkup(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString("<@" + toUTF8(id) + ">")
	}
	return b.String()
}

// members checks mentions in markdown. It refuses what the chat would take
// without notifying anybody: mobile numbers, and everybody at once.
func (f *faults) members(list string, ids []string) {
	for i, id := range ids {
		reason := badUserID(id)
		switch {
		case id == everybody:
			reason = "markdown cannot mention everybody, only members by userid"
		case reason == "" && isMobile(id) && len(id) >= 11:
			reason = "looks like a mobile number, and markdown mentions members by userid only"
		}
		if reason != "" {
			f.add(element(list, i), reason)
		}
	}
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
