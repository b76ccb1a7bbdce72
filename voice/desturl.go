package voice

import (
	"encoding/json"
	"strings"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// maxCallees bounds the callees of one request.
const maxCallees = 200

// A posted is what the component posts to dest_url, as far as it matters here.
// receiver__username lists who was looked up, and is of no more use: those who
// were found are in the list.
type posted struct {
	text  string
	users []postedUser
	extra string // about users whom the component could not look up; they are not in users
}

// A postedUser is an entry of user_list_information.
type postedUser struct{ name, mobile, country string }

// parseRequest reads a body, or says what is wrong with it without quoting it.
func parseRequest(body []byte) (p posted, problem string) {
	var raw struct {
		Text json.RawMessage   `json:"auto_read_message"`
		List []json.RawMessage `json:"user_list_information"`
		More json.RawMessage   `json:"_extra_user_error_msg"`
	}
	if err := json.Unmarshal(body, &raw); err != nil || len(body) == 0 {
		return p, "the body is not the JSON object that the component sends"
	}
	p.text, p.extra = scalar(raw.Text), markup.OneLine(scalar(raw.More), maxReason)
	switch {
	case strings.TrimSpace(p.text) == "":
		return p, "auto_read_message is missing or empty"
	case len(raw.List) == 0:
		return p, "user_list_information is missing or empty"
	case len(raw.List) > maxCallees:
		return p, "user_list_information has more than 200 entries"
	}
	for _, entry := range raw.List {
		p.users = append(p.users, parseUser(entry))
	}
	return p, ""
}

// parseUser reads an entry. What cannot be read is empty, and reported as a
// callee without a number.
func parseUser(entry json.RawMessage) postedUser {
	var fields map[string]json.RawMessage
	if json.Unmarshal(entry, &fields) != nil {
		return postedUser{}
	}
	return postedUser{
		name:    scalar(fields["username"]),
		mobile:  phone.Bare(scalar(fields["mobile_phone"])),
		country: strings.TrimLeft(phone.Bare(scalar(fields["nation_code"])), "+"),
	}
}

// number returns the number to dial for a gateway that wants a form, or why
// there is none. Without its country code a number from abroad would ring
// somebody else.
func (u postedUser) number(f Form, home string) (n Number, problem string) {
	country, national := u.country, u.mobile
	if country == "" {
		country = home
	}
	switch {
	case u.mobile == "":
		return Number{}, "no number"
	case strings.Trim(country, "0123456789") != "" || len(country) > 4:
		return Number{}, "no country code that can be read"
	case strings.HasPrefix(u.mobile, "+"):
		return u.international(f, home)
	case f == National && country != home:
		return Number{}, "a number of another country, which this gateway cannot call"
	case f == International:
		national = "+" + country + u.mobile
	}
	n = NewNumber(national)
	if why := f.objection(n); why != "" {
		return Number{}, why
	}
	return n, ""
}

// international is number for one that bears its country code already.
func (u postedUser) international(f Form, home string) (n Number, problem string) {
	digits := u.mobile
	if f == National {
		inside, found := strings.CutPrefix(u.mobile, "+"+home)
		if !found {
			return Number{}, "a number of another country, which this gateway cannot call"
		}
		digits = inside
	}
	n = NewNumber(digits)
	if why := f.objection(n); why != "" {
		return Number{}, why
	}
	return n, ""
}
