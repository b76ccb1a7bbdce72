package snmptrap

// The answer to an inform is read as far as its error-status and no further.
// What a receiver sends is hostile: every length is checked against what is
// there, nothing is allocated, and nothing is believed that is not needed.

// A response is what an answer says before its variable bindings.
type response struct {
	id     int32
	status ErrorStatus

	stranger bool // another community's
	renew    bool // no answer, but the receiver wants the messages made anew: SNMPv3
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

// readResponse reads an SNMPv2c message with a Response PDU. It reports false
// for anything else. Lengths may be longer than they need be (RFC 3417 section
// 8), the variable bindings may be missing in part or wholly, as after tooBig,
// and are not looked at.
func readResponse(octets []byte) (community []byte, r response, ok bool) {
	community, pdu, ok := openV2c(octets)
	if !ok {
		return nil, r, false
	}
	content, _, ok := readField(pdu, tagResponse)
	if !ok {
		return nil, r, false
	}
	id, content, ok := readInteger(content)
	if !ok || int64(int32(id)) != id {
		return nil, r, false
	}
	status, content, ok := readInteger(content)
	if !ok || int64(int32(status)) != status {
		return nil, r, false
	}
	_, content, ok = readInteger(content) // error-index
	if !ok {
		return nil, r, false
	}
	if _, _, ok = readField(content, tagSequence); !ok {
		return nil, r, false
	}
	return community, response{id: int32(id), status: ErrorStatus(status)}, true
}

// readField takes a field with the given tag from the front of b. It reports
// false for another tag, for an indefinite length and for content that is not
// all there.
func readField(b []byte, tag byte) (content, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	n, b := int(b[1]), b[2:]
	if n >= 0x80 {
		octets := n &^ 0x80
		if octets == 0 || octets > len(b) {
			return nil, nil, false
		}
		n = 0
		for _, c := range b[:octets] {
			if n = n<<8 | int(c); n > maxDatagram {
				return nil, nil, false
			}
		}
		b = b[octets:]
	}
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// readInteger takes an INTEGER of at most eight octets from the front of b.
func readInteger(b []byte) (n int64, rest []byte, ok bool) {
	content, rest, ok := readField(b, tagInteger)
	if !ok || len(content) == 0 || len(content) > 8 {
		return 0, nil, false
	}
	n = int64(int8(content[0]))
	for _, c := range content[1:] {
		n = n<<8 | int64(c)
	}
	return n, rest, true
}
