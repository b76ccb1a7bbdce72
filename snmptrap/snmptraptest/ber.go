package snmptraptest

import "math"

// The tags that a message is made of (RFC 3416 section 3).
const (
	tagInteger     = byte(Integer)
	tagOctetString = byte(OctetString)
	tagOID         = byte(ObjectID)
	tagSequence    = 0x30
	tagResponse    = 0xa2
	tagInform      = 0xa6
	tagTrap        = 0xa7
)

// A span is a part of a datagram: the content of a field, of which what was
// read is taken off the front.
type span struct {
	all      []byte // the whole datagram
	start    int    // of the field, its header included
	from, to int
	tag      byte
	lax      bool // lengths may have more octets than they need
}

// octets returns what is left.
func (s *span) octets() []byte { return s.all[s.from:s.to] }

// next takes a field off the front and returns its content.
func (s *span) next(what string) (span, error) {
	f := span{all: s.all, start: s.from, lax: s.lax}
	if s.to-s.from < 2 {
		return f, breaks(RuleLength, s.from, "too few octets are left for %s: %d", what, s.to-s.from)
	}
	f.tag = s.all[s.from]
	if f.tag&0x1f == 0x1f {
		return f, breaks(RuleTag, s.from, "%s has a tag of several octets", what)
	}
	size, octets, err := s.length(what)
	if err != nil {
		return f, err
	}
	f.from = s.from + 1 + octets
	if size > s.to-f.from {
		return f, breaks(RuleLength, s.from, "%s claims %d octets, there are %d", what, size, s.to-f.from)
	}
	f.to = f.from + size
	s.from = f.to
	return f, nil
}

// length reads the length behind the tag at the front, and returns it with
// the octets that it takes.
func (s *span) length(what string) (size, octets int, err error) {
	at := s.from + 1
	first := s.all[at]
	n := int(first & 0x7f)
	switch {
	case first < 0x80:
		return int(first), 1, nil
	case n == 0:
		return 0, 0, breaks(RuleLength, s.from, "%s has an indefinite length", what)
	case n > 4:
		return 0, 0, breaks(RuleLength, s.from, "the length of %s takes %d octets", what, n)
	case n >= s.to-at:
		return 0, 0, breaks(RuleLength, s.from, "the length of %s is cut off", what)
	}
	for _, octet := range s.all[at+1 : at+1+n] {
		size = size<<8 | int(octet)
	}
	if !s.lax && (size < 0x80 || n > 1 && s.all[at+1] == 0) {
		return 0, 0, breaks(RuleLength, s.from, "the length %d of %s takes %d octets", size, what, 1+n)
	}
	return size, 1 + n, nil
}

// take takes a field with a given tag off the front.
func (s *span) take(tag byte, what string) (span, error) {
	f, err := s.next(what)
	if err == nil && f.tag != tag {
		err = breaks(RuleTag, f.start, "%s has the tag %02X, not %02X", what, f.tag, tag)
	}
	return f, err
}

// done fails if anything is left.
func (s *span) done(what string) error {
	if s.from < s.to {
		return breaks(RuleWhole, s.from, "%d octets follow the last field of %s", s.to-s.from, what)
	}
	return nil
}

// integer reads the content as an INTEGER of 32 bits in two's complement.
func (s *span) integer(what string) (int64, error) {
	b := s.octets()
	switch {
	case len(b) == 0 || len(b) > 4:
		return 0, breaks(RuleInteger, s.start, "%s has %d octets", what, len(b))
	case len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80):
		return 0, breaks(RuleInteger, s.start, "%s has an octet too many", what)
	}
	n := int64(int8(b[0]))
	for _, octet := range b[1:] {
		n = n<<8 | int64(octet)
	}
	return n, nil
}

// unsigned reads the content as an unsigned number of so many octets.
func (s *span) unsigned(octets int, what string) (uint64, error) {
	b := s.octets()
	switch {
	case len(b) == 0 || len(b) > octets+1 || len(b) == octets+1 && b[0] != 0:
		return 0, breaks(RuleInteger, s.start, "%s has %d octets", what, len(b))
	case b[0] >= 0x80:
		return 0, breaks(RuleInteger, s.start, "%s is negative", what)
	case len(b) > 1 && b[0] == 0 && b[1] < 0x80:
		return 0, breaks(RuleInteger, s.start, "%s has an octet too many", what)
	}
	n := uint64(0)
	for _, octet := range b {
		n = n<<8 | uint64(octet)
	}
	return n, nil
}

// maxArcs is the greatest number of sub-identifiers.
const maxArcs = 128

// oid reads the content as an OBJECT IDENTIFIER.
func (s *span) oid(what string) (arcs []uint32, err error) {
	arcs = make([]uint32, 0, 16)
	arc, inside := uint64(0), false
	for i, octet := range s.octets() {
		if !inside && octet == 0x80 {
			return nil, breaks(RuleOID, s.from+i, "a sub-identifier of %s has an octet too many", what)
		}
		if arc = arc<<7 | uint64(octet&0x7f); arc > math.MaxUint32 {
			return nil, breaks(RuleOID, s.from+i, "a sub-identifier of %s is above 2^32-1", what)
		}
		if inside = octet >= 0x80; inside {
			continue
		}
		if len(arcs) == 0 { // the first two share a number
			first := min(arc/40, 2)
			arcs, arc = append(arcs, uint32(first)), arc-40*first
		}
		if arcs = append(arcs, uint32(arc)); len(arcs) > maxArcs {
			return nil, breaks(RuleOID, s.start, "%s has more than %d sub-identifiers", what, maxArcs)
		}
		arc = 0
	}
	if inside || len(arcs) == 0 {
		return nil, breaks(RuleOID, s.start, "%s ends inside a sub-identifier", what)
	}
	return arcs, nil
}
