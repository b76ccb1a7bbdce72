package snmptrap

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SeedBaseOID is the base under which the original relay sent its traps, for
// people whose PRTG filters name it. The enterprise number 12149 belongs to
// Enalur S.A., which has nothing to do with these traps: for a new
// installation ask IANA for a number of your own, which is free.
const SeedBaseOID = "1.3.6.1.4.1.12149"

// maxArcs is the greatest number of sub-identifiers of an OID (RFC 2578
// section 7.1.3).
const maxArcs = 128

// An OID is a checked object identifier. It is comparable. The zero OID is
// invalid and is refused by everything that takes one.
//
// It holds the BER field, with tag and length, so that putting it on the wire
// is a copy.
type OID struct{ field string }

// ParseOID reads an object identifier in dotted form, with or without a
// leading dot. It takes 2 to 128 sub-identifiers of at most 2^32-1 (RFC 2578
// section 7.1.3; OIDs made of a UUID have greater ones and cannot be used in
// SNMP), of which the first is 0, 1 or 2 and the second at most 39 under 0
// and 1. Errors name the place and never quote the text, which may be a
// community put into the wrong setting.
func ParseOID(dotted string) (OID, error) {
	arcs := make([]uint32, 0, 16)
	for part := range strings.SplitSeq(strings.TrimPrefix(dotted, "."), ".") {
		arc, err := parseArc(part)
		if err != nil {
			return OID{}, fmt.Errorf("snmptrap: OID: sub-identifier %d %w", len(arcs)+1, err)
		}
		if len(arcs) == maxArcs {
			return OID{}, fmt.Errorf("snmptrap: OID: more than %d sub-identifiers", maxArcs)
		}
		arcs = append(arcs, arc)
	}
	return newOID(arcs)
}

// MustOID is [ParseOID] for OIDs that stand in the source. It panics on an error.
func MustOID(dotted string) OID {
	oid, err := ParseOID(dotted)
	if err != nil {
		panic(err)
	}
	return oid
}

// parseArc reads one sub-identifier: decimal digits and nothing else.
func parseArc(part string) (uint32, error) {
	n, err := strconv.ParseUint(part, 10, 64)
	switch {
	case n > math.MaxUint32: // also what ParseUint answers when out of range
		return 0, errors.New("is greater than 4294967295")
	case err != nil:
		return 0, errors.New("is not a number")
	}
	return uint32(n), nil
}

// newOID checks and encodes the sub-identifiers.
func newOID(arcs []uint32) (OID, error) {
	switch {
	case len(arcs) < 2:
		return OID{}, errors.New("snmptrap: OID: fewer than 2 sub-identifiers")
	case arcs[0] > 2:
		return OID{}, errors.New("snmptrap: OID: the first sub-identifier is greater than 2")
	case arcs[0] < 2 && arcs[1] > 39:
		return OID{}, errors.New("snmptrap: OID: the second sub-identifier is greater than 39")
	case arcs[1] > math.MaxUint32-80:
		// The two share one number on the wire, which must fit 32 bits too.
		return OID{}, errors.New("snmptrap: OID: the second sub-identifier is greater than 4294967215")
	}
	ber := appendBase128(make([]byte, 0, 2*len(arcs)), 40*arcs[0]+arcs[1])
	for _, arc := range arcs[2:] {
		ber = appendBase128(ber, arc)
	}
	return wrapOID(ber), nil
}

// wrapOID returns the OID with the given content octets.
func wrapOID(ber []byte) OID {
	field := appendHeader(make([]byte, 0, fieldSize(len(ber))), tagOID, len(ber))
	return OID{string(append(field, ber...))}
}

// content returns the content octets.
func (o OID) content() string {
	if o.IsZero() {
		return ""
	}
	n := len(o.field) - 2 // all of it but the tag and a length of one octet
	if n >= 1<<7 {
		n = len(o.field) - 1 - lengthSize(n-1)
	}
	return o.field[len(o.field)-n:]
}

// Append returns the OID that extends o by the given sub-identifiers. It
// fails on the zero OID and when the result has more than 128.
func (o OID) Append(arcs ...uint32) (OID, error) {
	if o.IsZero() {
		return OID{}, errors.New("snmptrap: OID: empty")
	}
	if n := o.arcs() + len(arcs); n > maxArcs {
		return OID{}, fmt.Errorf("snmptrap: OID: %d sub-identifiers, at most %d are allowed", n, maxArcs)
	}
	ber := []byte(o.content())
	for _, arc := range arcs {
		ber = appendBase128(ber, arc)
	}
	return wrapOID(ber), nil
}

// IsZero reports whether o is the zero OID, which is invalid.
func (o OID) IsZero() bool { return o.field == "" }

// arcs returns the number of sub-identifiers.
func (o OID) arcs() int {
	n := 0
	for _, octet := range []byte(o.content()) {
		if octet < 0x80 {
			n++
		}
	}
	if n > 0 {
		n++ // the first two share a number
	}
	return n
}

// String returns the dotted form without a leading dot, or "" for the zero
// OID.
func (o OID) String() string {
	var dotted []byte
	var arc uint32
	for _, octet := range []byte(o.content()) {
		arc = arc<<7 | uint32(octet&0x7f)
		if octet >= 0x80 {
			continue
		}
		if dotted == nil {
			first := min(arc/40, 2)
			dotted = strconv.AppendUint(dotted, uint64(first), 10)
			arc -= 40 * first
		}
		dotted = strconv.AppendUint(append(dotted, '.'), uint64(arc), 10)
		arc = 0
	}
	return string(dotted)
}

// lastArc returns where the last sub-identifier of an OID's content begins, and
// its value.
func lastArc(content string) (start int, arc uint32) {
	start = max(len(content)-1, 0)
	for start > 0 && content[start-1] >= 0x80 {
		start--
	}
	for _, octet := range []byte(content[start:]) {
		arc = arc<<7 | uint32(octet&0x7f)
	}
	return start, arc
}
