package snmptraptest

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The objects of an alert that are no text of up to 255 octets, by place.
const (
	placeStatus      = 5
	placeSeverity    = 6
	placeTime        = 7
	placeFingerprint = 8
	placeSummary     = 9
	places           = 10
)

// The notifications of an alert, which are also the numbers of its status.
const (
	firing   = 1
	resolved = 2
	news     = 3
	cleared  = 1 // the severity of a resolved alert
	info     = 7 // the last severity
)

// label returns what the layout of the original relay puts in front of a
// text.
func label(place int) string {
	switch place {
	case 0:
		return "product:"
	case 1:
		return "level:"
	case 2:
		return "regionId:"
	case 3:
		return "instanceName:"
	case 4:
		return "name:"
	}
	return ""
}

// base returns the sub-identifiers of Base, or nil if there is none.
func (r Rules) base() ([]uint32, error) {
	if r.Base == "" {
		return nil, nil
	}
	return parseOID(r.Base)
}

// checkAlert checks the objects of an alert, which stand under the base and
// which the notification base.0.number reports.
func (m *message) checkAlert(base []uint32, number uint32) error {
	if number < firing || number > news {
		return breaks(RuleEnumeration, m.bindings[1].value.start, "the notification ends in 0.%d", number)
	}
	n, objects := len(base), m.bindings[2:]
	scalar := len(objects) > 0 && len(objects[0].name) == n+2
	for place := range places {
		want := append(slices.Clone(base), uint32(place+1))
		if scalar {
			want = append(want, 0)
		}
		if place >= len(objects) {
			return breaks(RuleObjects, m.binds.to, "%s is missing", dotted(want))
		}
		b := &objects[place]
		if !slices.Equal(b.name, want) {
			return breaks(RuleObjects, b.value.start, "%s stands in the place of %s", b.text, dotted(want))
		}
		if err := b.checkObject(place, number, !scalar); err != nil {
			return err
		}
	}
	for i := range objects[places:] {
		b := &objects[places+i]
		if len(b.name) > n && slices.Equal(b.name[:n], base) && b.name[n] >= 1 && b.name[n] <= places {
			return breaks(RuleDuplicate, b.value.start, "%s is an object of the alert again", b.text)
		}
	}
	return nil
}

// checkObject checks one of the ten.
func (b *binding) checkObject(place int, number uint32, labelled bool) error {
	v, want := &b.value, OctetString
	if place == placeStatus || place == placeSeverity {
		want = Integer
	}
	if Type(v.tag) != want {
		return breaks(RuleSyntax, v.start, "%s has the type %v, not %v", b.text, Type(v.tag), want)
	}
	switch place {
	case placeStatus, placeSeverity:
		return b.checkNumber(place, number)
	case placeTime:
		if err := checkDate(v.octets()); err != "" {
			return breaks(RuleDate, v.start, "%s has %s", b.text, err)
		}
		return nil
	}
	if labelled && !strings.HasPrefix(string(v.octets()), label(place)) {
		return breaks(RuleLabel, v.start, "%s lacks %q", b.text, label(place))
	}
	return b.checkText(place)
}

// checkNumber checks the status or the severity.
func (b *binding) checkNumber(place int, number uint32) error {
	n, _ := b.value.integer(b.text) // read before
	good := n == int64(number)
	if place == placeSeverity {
		good = n >= cleared && n <= info && (n == cleared) == (number == resolved) && (n == info || number != news)
	}
	if !good {
		return breaks(RuleEnumeration, b.value.start, "%s is %d in the notification 0.%d", b.text, n, number)
	}
	return nil
}

// checkText checks a text's size and characters.
func (b *binding) checkText(place int) error {
	least, most := 0, 255
	switch place {
	case placeFingerprint:
		least, most = 1, 64
	case placeSummary:
		most = 1024
	}
	text := string(b.value.octets())
	if len(text) < least || len(text) > most {
		return breaks(RuleTextSize, b.value.start, "%s has %d octets, allowed are %d to %d", b.text, len(text), least, most)
	}
	if !utf8.ValidString(text) {
		return breaks(RuleText, b.value.start, "%s is no UTF-8", b.text)
	}
	for i, r := range text {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return breaks(RuleText, b.value.from+i, "%s holds %U", b.text, r)
		}
	}
	return nil
}

// checkDate returns what is wrong with a DateAndTime, or "".
func checkDate(b []byte) string {
	if len(b) != 8 && len(b) != 11 {
		return strconv.Itoa(len(b)) + " octets"
	}
	// Day, hour, minute, second (60 is a leap second), tenth.
	year := int(binary.BigEndian.Uint16(b))
	switch {
	case b[2] < 1 || b[2] > 12:
		return "no such month"
	case b[3] < 1 || int(b[3]) > daysIn(year, int(b[2])):
		return "no such day"
	case b[4] > 23 || b[5] > 59 || b[6] > 60 || b[7] > 9:
		return "no such time of day"
	case len(b) == 8:
		return ""
	case b[8] != '+' && b[8] != '-':
		return "no sign before the zone"
	case b[9] > 13 || b[10] > 59:
		return "no such zone"
	}
	return ""
}

// daysIn returns the days of a month.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
