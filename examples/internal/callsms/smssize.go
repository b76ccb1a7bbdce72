package callsms

import (
	"strings"
	"unicode/utf16"
)

// The alphabet of 3GPP TS 23.038, in which a character takes one septet, and
// its extension, in which it takes two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"

	gsmLimit  = 160 // septets of one SMS
	ucs2Limit = 70  // units of one SMS in UTF-16
)

// smsUnits returns how long a text is as an SMS, and how long one may be.
func smsUnits(text string) (units, limit int) {
	limit = gsmLimit
	if !isGSM(text) {
		limit = ucs2Limit
	}
	for _, r := range text {
		units += unitsOf(r, limit)
	}
	return units, limit
}

// isGSM reports whether a text can be sent in septets.
func isGSM(text string) bool {
	for _, r := range text {
		if !strings.ContainsRune(gsmBasic, r) && !strings.ContainsRune(gsmExtension, r) {
			return false
		}
	}
	return true
}

// unitsOf returns the length of a character in an SMS of a kind that has the
// limit.
func unitsOf(r rune, limit int) int {
	switch {
	case limit == ucs2Limit:
		return len(utf16.AppendRune(nil, r))
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 1
}

// cutToSMS returns head and as much of a text as one SMS takes.
func cutToSMS(head, text string) string {
	units, limit := smsUnits(head + text)
	if units <= limit {
		return head + text
	}
	mark, markUnits := "…", 1
	if limit == gsmLimit {
		mark, markUnits = "...", 3 // the other one is not in the alphabet
	}
	units = markUnits
	for _, r := range head {
		units += unitsOf(r, limit)
	}
	for i, r := range text {
		if units += unitsOf(r, limit); units > limit {
			return head + text[:i] + mark
		}
	}
	return head + text + mark // not reached, since the whole was too long
}
