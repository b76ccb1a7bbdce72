// Package phone knows of telephone numbers what every channel that rings
// phones must: how to show one without giving it away, which spellings ring
// the same phone, and how a number must be written for a gateway.
package phone

import "strings"

// maxDigits is the most digits of a number in any country (ITU-T E.164).
const maxDigits = 15

// Bare returns number without the characters that people put between digits:
// blanks, hyphens, dots and parentheses, and with a plus for the 00 before a
// country. What is left need not be a number.
func Bare(number string) string {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\u00a0\u3000-‐‑–.()（）", r) {
			return -1
		}
		return r
	}, number)
	if abroad, found := strings.CutPrefix(bare, "00"); found && IsE164("+"+abroad) {
		return "+" + abroad
	}
	return bare
}

// IsNational reports whether s can be dialled inside the country and rings
// somebody: 7 to 15 digits. Emergency and short numbers have fewer, also behind an
// area code, which begins with 0; and what begins with 1 is a mobile number of 11
// digits in China, and no subscriber's otherwise.
func IsNational(s string) bool {
	if !isDigits(s) {
		return false
	}
	switch s[0] {
	case '0':
		return len(s) >= 10
	case '1':
		return len(s) >= 11
	}
	return len(s) >= 7
}

// IsE164 reports whether s is an international number: a plus and 8 to 15
// digits of which the first is not zero. A country where numbers are known to be
// longer has no short ones.
func IsE164(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	least := 8
	for _, country := range [...]string{"1", "81", "86"} {
		if strings.HasPrefix(digits, country) {
			least = 11
		}
	}
	return plus && len(digits) >= least && isDigits(digits) && digits[0] != '0'
}

// Looks reports whether s may be the number of a person, whether it can be called or
// not: 7 to 15 digits, perhaps behind a plus. It must not be shown.
func Looks(s string) bool {
	digits := strings.TrimPrefix(Bare(s), "+")
	return len(digits) >= 7 && isDigits(digits)
}

// isDigits reports whether s is 1 to 15 ASCII digits and nothing else.
func isDigits(s string) bool {
	return s != "" && len(s) <= maxDigits && strings.Trim(s, "0123456789") == ""
}

// Mask returns number in a form for logs, errors and reports: enough to tell
// the entries of a list apart, too little to call anybody. Of eight characters
// or more the first three and the last two stay, of five or more the last two,
// of fewer none. What is no number at all, and may be anything, loses all.
func Mask(number string) string {
	const stars = "***************"
	s := Bare(number)
	digits := strings.TrimPrefix(s, "+")
	n := len(s)
	switch {
	case !isDigits(digits):
		return "(no number)"
	case n >= 8:
		return s[:3] + stars[:n-5] + s[n-2:]
	case n >= 5:
		return stars[:n-2] + s[n-2:]
	}
	return stars[:n]
}

// Redact returns text, such as the answer of a gateway, with each of the
// numbers masked wherever it stands in it: as it was given, bare, and without
// a plus. Numbers of fewer than five digits are left alone, since they are
// found inside others.
func Redact(text string, numbers ...string) string {
	for _, number := range numbers {
		bare := Bare(number)
		for _, form := range [...]string{number, bare, strings.TrimPrefix(bare, "+")} {
			if len(form) >= 5 && isDigits(strings.TrimPrefix(Bare(form), "+")) {
				text = strings.ReplaceAll(text, form, Mask(form))
			}
		}
	}
	return text
}
