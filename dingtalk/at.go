package dingtalk

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
)

// maxMentions bounds, in bytes, what the mentions of Options add to the text
// of a message.
const maxMentions = 4096

// maxUserID is the longest staff userId in bytes.
const maxUserID = 64

// An At notifies members of the group. The vendor wants the number or userId
// of a member in the text of the message as well, as @13800000001: without
// that it takes the message and notifies nobody. Who is not mentioned there
// yet is added at its end, so that every mention fires.
//
// Only members of the group can be mentioned, and nobody in an external group.
type At struct {
	// Mobiles are mobile numbers: digits alone for one of mainland China,
	// +852-12345678 for one from elsewhere. An @ in front is dropped: with it
	// the vendor notifies nobody.
	Mobiles []string

	// UserIDs are staff userIds of the organisation, of at most 64 bytes each.
	// An @ in front is dropped.
	UserIDs []string

	// All notifies everybody in the group. It needs no words in the text.
	All bool
}

// isZero reports whether a mentions nobody.
func (a At) isZero() bool { return !a.All && len(a.Mobiles) == 0 && len(a.UserIDs) == 0 }

// who returns whom a message about alerts notifies. What Notify returns and the
// vendor would refuse is left out, and so is what is too long: an alert is not
// lost for that.
func (o *Options) who(alerts []alert.Alert) (at At) {
	if o.Notify == nil {
		if slices.ContainsFunc(alerts, markup.Mentionable) {
			at = o.At
		}
		return at
	}
	for _, a := range alerts {
		more := o.Notify(a).clean()
		more.Mobiles = slices.DeleteFunc(more.Mobiles, func(s string) bool { return badMobile(s) != "" })
		more.UserIDs = slices.DeleteFunc(more.UserIDs, func(s string) bool { return badUserID(s) != "" })
		at = at.and(more)
	}
	for _, list := range [...]*[]string{&at.UserIDs, &at.Mobiles} {
		for len(*list) > 0 && len(at.addTo("", "")) > maxMentions {
			*list = (*list)[:len(*list)-1]
		}
	}
	return at
}

// check adds what is wrong with the entries, without quoting them, under the
// names of the two lists.
func (a At) check(f *faults, mobiles, userIDs string) {
	for i, number := range a.Mobiles {
		if reason := badMobile(bare(number)); reason != "" {
			f.Add(robot.Element(mobiles, i), reason)
		}
	}
	for i, id := range a.UserIDs {
		if reason := badUserID(bare(id)); reason != "" {
			f.Add(robot.Element(userIDs, i), reason)
		}
	}
}

// clean returns a with bare entries and without doublets.
func (a At) clean() At {
	return At{Mobiles: union(nil, a.Mobiles), UserIDs: union(nil, a.UserIDs), All: a.All}
}

// and returns the mentions of a and b.
func (a At) and(b At) At {
	return At{
		Mobiles: union(a.Mobiles, b.Mobiles),
		UserIDs: union(a.UserIDs, b.UserIDs),
		All:     a.All || b.All,
	}
}

// union returns the entries of a, then those of b that are not among them.
func union(a, b []string) []string {
	all := slices.Clip(a)
	for _, entry := range b {
		if entry = bare(entry); !slices.Contains(all, entry) {
			all = append(all, entry)
		}
	}
	return all
}

// bare returns an entry without blanks around it and the @ in front of it.
func bare(entry string) string { return strings.TrimLeft(strings.TrimSpace(entry), "@") }

// badMobile says what is wrong with a mobile number, or returns "".
func badMobile(s string) string {
	country, number, foreign := strings.Cut(s, "-")
	code, plus := strings.CutPrefix(country, "+")
	switch {
	case s == "":
		return "is empty"
	case !foreign && isDigits(s, 7, 20), foreign && plus && isDigits(code, 1, 4) && isDigits(number, 4, 15):
		return ""
	case plus && !foreign && isDigits(code, 7, 20):
		return "lacks the hyphen behind the code of the country, as in +852-12345678; a number of mainland China has no code"
	}
	return "not a mobile number: digits, or as in +852-12345678"
}

// isDigits reports whether s consists of at least shortest and at most longest
// digits.
func isDigits(s string, shortest, longest int) bool {
	return len(s) >= shortest && len(s) <= longest && strings.Trim(s, "0123456789") == ""
}

// badUserID says what is wrong with a userId, or returns "".
func badUserID(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > maxUserID:
		return fmt.Sprintf("%d bytes, limit %d bytes", len(s), maxUserID)
	case !isPlain(s, "_-.@"):
		return "not a userId: letters, digits and _-.@ only"
	}
	return ""
}

// body returns the member of the message for a, or nil if a is nobody.
func (a At) body() *atBody {
	if a.isZero() {
		return nil
	}
	return &atBody{a.Mobiles, a.UserIDs, a.All}
}

// addTo returns text with the mentions that it lacks at its end, behind gap.
func (a At) addTo(text, gap string) string {
	var b strings.Builder
	for _, list := range [...][]string{a.Mobiles, a.UserIDs} {
		for _, entry := range list {
			if !mentions(text, entry) {
				b.WriteString(gap + "@" + entry)
				gap = " "
			}
		}
	}
	return text + b.String()
}

// mentions reports whether @entry stands in text as a word of its own:
// @138000000011 does not mention 13800000001.
func mentions(text, entry string) bool {
	for {
		before, after, found := strings.Cut(text, "@"+entry)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if !inMention(last) && !inMention(next) {
			return true
		}
		text = after
	}
}

// inMention reports whether r beside a mention may be taken for a part of it.
func inMention(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune("_-.@+", r) }
