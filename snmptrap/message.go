package snmptrap

import "slices"

// versionV2c is what the version field of an SNMPv2c message holds.
const versionV2c = 1

// A measured holds the sizes of a message's nested parts in octets, each
// without its own header, and the total. All are known before the first octet
// is written, which then needs no moving.
type measured struct {
	binds, pdu, message, total int
}

// measure returns the sizes of t in a message with the community.
func measure(community string, t *Trap) (m measured) {
	m.binds = t.bindsSize()
	m.pdu = t.pduSize(m.binds)
	m.message = v2cSize(community, fieldSize(m.pdu))
	m.total = fieldSize(m.message)
	return m
}

// append appends the message whose sizes are m.
func (m measured) append(dst []byte, tag byte, community string, t *Trap) []byte {
	dst = slices.Grow(dst, m.total)
	dst = appendV2c(dst, community, m.message)
	return t.appendPDU(dst, tag, m)
}

// v2cSize returns the octets inside an SNMPv2c message (RFC 1901 section 3)
// around a PDU of the given octets. This function and the two that follow are
// all that knows about the version of a message: what stands in a PDU, and how
// it is sent and answered, is the same for any.
func v2cSize(community string, pdu int) int {
	return 3 + fieldSize(len(community)) + pdu
}

// appendV2c appends everything of the message that comes before its PDU.
func appendV2c(dst []byte, community string, size int) []byte {
	dst = appendHeader(dst, tagSequence, size)
	dst = append(dst, tagInteger, 1, versionV2c)
	dst = appendHeader(dst, tagOctetString, len(community))
	return append(dst, community...)
}

// openV2c returns the community and the PDU, the latter as a field, of an
// SNMPv2c message. It reports false for any other message.
func openV2c(octets []byte) (community, pdu []byte, ok bool) {
	content, _, ok := readField(octets, tagSequence)
	if !ok {
		return nil, nil, false
	}
	version, content, ok := readInteger(content)
	if !ok || version != versionV2c {
		return nil, nil, false
	}
	community, pdu, ok = readField(content, tagOctetString)
	return community, pdu, ok
}
