package pigeon

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/phone"
)

// Bounds of a request, where the vendor documents none.
const (
	maxLoops    = 10       // of the vendor's page
	maxContacts = 100      // entries, and numbers of one
	maxParams   = 100      // entries
	maxText     = 16 << 10 // bytes of a text or a value: more than an hour of speech
)

// check returns what is wrong with r, or nil, and what is odd about it.
func (r *Request) check() (warnings []string, err error) {
	for _, step := range []func() error{r.checkHalves, r.checkCallFlow, r.checkGuidance, r.checkParameters} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if r.Guidance == nil {
		return nil, nil // its template is at the vendor's
	}
	return r.checkPlaceholders()
}

// checkHalves demands exactly one of id and inline object a half.
func (r *Request) checkHalves() error {
	for _, half := range []struct {
		id, inline string
		given      string
		object     bool
	}{
		{"callflowId", "callflow", r.CallFlowID, r.CallFlow != nil},
		{"guidanceId", "guidance", r.GuidanceID, r.Guidance != nil},
	} {
		switch {
		case half.given != "" && half.object:
			return &FieldError{"params." + half.id, "excludes " + half.inline + ": give one of them"}
		case half.object:
		case half.given == "":
			return &FieldError{"params." + half.id, "is empty, and there is no " + half.inline + ": give one of them"}
		case len(half.given) > maxID || !isLine(half.given) || strings.TrimSpace(half.given) != half.given:
			return &FieldError{"params." + half.id, "is not an id: blanks around it, control characters, or more than 256 bytes"}
		}
	}
	return nil
}

func (r *Request) checkCallFlow() error {
	f := r.CallFlow
	switch {
	case f == nil:
		return nil
	case f.Loops < 0 || f.Loops > maxLoops:
		return &FieldError{"params.callflow.loopLimit", fmt.Sprintf("%d, want 1 to %d", f.Loops, maxLoops)}
	case len(f.Contacts) == 0 || len(f.Contacts) > maxContacts:
		return &FieldError{"params.callflow.contacts", fmt.Sprintf("%d of them, want 1 to %d", len(f.Contacts), maxContacts)}
	}
	for i, c := range f.Contacts {
		if err := c.check(fmt.Sprintf("params.callflow.contacts[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a contact that nobody could call. Its errors leave the number
// out.
func (c Contact) check(field string) error {
	switch {
	case len(c.Name) > maxName || !isLine(c.Name):
		return &FieldError{field + ".displayName", "control characters, bytes that are not UTF-8, or more than 256 bytes"}
	case len(c.Phones) == 0 || len(c.Phones) > maxContacts:
		return &FieldError{field + ".phones", fmt.Sprintf("%d of them, want 1 to %d", len(c.Phones), maxContacts)}
	}
	for i, number := range c.Phones {
		if bare := phone.Bare(number); !phone.IsNational(bare) && !phone.IsE164(bare) {
			return &FieldError{fmt.Sprintf("%s.phones[%d].phoneNumber", field, i),
				"is no number: want 7 to 15 digits and no short or emergency number, or + and 8 to 15 digits"}
		}
	}
	return nil
}

func (r *Request) checkGuidance() error {
	g := r.Guidance
	if g == nil {
		return nil
	}
	if err := checkText("params.guidance.messageTemplate", g.Text); err != nil {
		return err
	}
	if strings.TrimSpace(g.Text) == "" {
		return &FieldError{"params.guidance.messageTemplate", "is empty"}
	}
	for _, key := range slices.Sorted(maps.Keys(g.Reactions)) {
		if len(key) != 1 || key < "1" || key > "9" {
			return &FieldError{"params.guidance.reactions", fmt.Sprintf("%.10q is no key, want 1 to 9", key)}
		}
		field := "params.guidance.reactions." + key
		reaction := g.Reactions[key]
		if reaction.Behavior == "" || len(reaction.Behavior) > maxWord || !isLine(string(reaction.Behavior)) {
			return &FieldError{field + ".behavior", "is empty or no word"}
		}
		if err := checkText(field+".messageTemplate", reaction.Text); err != nil {
			return err
		}
	}
	return nil
}

func (r *Request) checkParameters() error {
	if n := len(r.Parameters); n > maxParams {
		return &FieldError{"params.parameters", fmt.Sprintf("%d of them, limit %d", n, maxParams)}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		if !isName(name) {
			return &FieldError{"params.parameters", fmt.Sprintf("%.40q is no name of a placeholder", name)}
		}
		if err := checkText("params.parameters."+name, r.Parameters[name]); err != nil {
			return err
		}
	}
	return nil
}

// isName reports whether a placeholder can have this name.
func isName(s string) bool {
	return s != "" && len(s) <= maxWord && s == strings.TrimSpace(s) && isLine(s) && !strings.ContainsAny(s, "{}")
}

// checkText refuses what cannot be sent unchanged or is not meant.
func checkText(field, s string) error {
	switch {
	case !utf8.ValidString(s):
		return &FieldError{field, "holds bytes that are not UTF-8"}
	case len(s) > maxText:
		return &FieldError{field, fmt.Sprintf("%d bytes, limit %d bytes", len(s), maxText)}
	}
	return nil
}

// isLine reports whether s is UTF-8 without control characters.
func isLine(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }
