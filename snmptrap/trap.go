package snmptrap

import (
	"errors"
	"fmt"
)

// maxDatagram is the most that UDP carries over IPv4, in octets.
const maxDatagram = 65507

// The objects that every notification starts with, as BER fields
// (RFC 3416 section 4.2.6).
const (
	sysUpTime   = "\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00"         // 1.3.6.1.2.1.1.3.0
	snmpTrapOID = "\x06\x0a\x2b\x06\x01\x06\x03\x01\x01\x04\x01\x00" // 1.3.6.1.6.3.1.1.4.1.0
)

// snmpTrapAddress names, as a BER field, the host that a trap is about, if it
// is not the sender (RFC 3418): 1.3.6.1.6.3.18.1.3.0.
const snmpTrapAddress = "\x06\x09\x2b\x06\x01\x06\x03\x12\x01\x03\x00"

// A Trap is a notification with objects of the caller's choice. For alerts
// use an [Encoder] or a [Sender].
type Trap struct {
	// RequestID is only for reading captures. Common receivers expect it in
	// 1 to 2^31-1.
	RequestID int32

	// UpTime goes out as sysUpTime.0: hundredths of a second since the sender
	// started.
	UpTime uint32

	// OID goes out as snmpTrapOID.0: which notification this is. Required. In
	// MIBs of today its next to last sub-identifier is zero, without which
	// the trap does not survive a proxy to SNMPv1 (RFC 2578 section 8.5).
	OID OID

	// Varbinds follow these two, in this order.
	Varbinds []Varbind
}

// Append appends t to dst as an SNMPv2c message, ready to be the payload of a
// datagram. It allocates nothing if dst has room. The community may have any
// length, even none.
//
// It fails, with dst unchanged, if an OID or a Value is zero, and with
// [ErrTooLarge] if the message has more than 65,507 octets. Nothing is cut:
// to go through any network in one piece a message should have at most 1,472
// octets, and every receiver takes 484.
func (t Trap) Append(dst []byte, community string) ([]byte, error) {
	if err := t.check(); err != nil {
		return dst, &Error{Op: "encode", Err: err}
	}
	m := measure(community, &t)
	if m.total > maxDatagram {
		return dst, &Error{Op: "encode", Err: sizeError(m.total, maxDatagram)}
	}
	return m.append(dst, tagTrap, community, &t), nil
}

// check reports the parts that are missing.
func (t *Trap) check() error {
	if t.OID.IsZero() {
		return errors.New("the trap has no OID")
	}
	for i := range t.Varbinds {
		switch v := &t.Varbinds[i]; {
		case v.Name.IsZero():
			return fmt.Errorf("varbind %d has no name", i+1)
		case v.Value.tag == 0:
			return fmt.Errorf("varbind %d has no value", i+1)
		}
	}
	return nil
}

// bindsSize returns the octets of all variable bindings.
func (t *Trap) bindsSize() int {
	n := fieldSize(len(sysUpTime)+fieldSize(unsignedSize(t.UpTime))) +
		fieldSize(len(snmpTrapOID)+len(t.OID.field))
	for i := range t.Varbinds {
		v := &t.Varbinds[i]
		n += fieldSize(len(v.Name.field) + fieldSize(v.Value.size))
		if n > 1<<24 {
			break // far too large; further addition could overflow
		}
	}
	return n
}

// unsignedSize returns the octets of n as an unsigned type.
func unsignedSize(n uint32) int { return integerSize(int64(n)) }

// pduSize returns the octets inside the PDU.
func (t *Trap) pduSize(binds int) int {
	return fieldSize(integerSize(int64(t.RequestID))) + 6 + fieldSize(binds)
}

// appendPDU appends the PDU whose sizes are m.
func (t *Trap) appendPDU(dst []byte, tag byte, m measured) []byte {
	dst = appendHeader(dst, tag, m.pdu)
	n := integerSize(int64(t.RequestID))
	dst = appendInteger(appendHeader(dst, tagInteger, n), int64(t.RequestID), n)
	dst = append(dst, tagInteger, 1, 0, tagInteger, 1, 0) // error-status, error-index
	dst = appendHeader(dst, tagSequence, m.binds)

	n = unsignedSize(t.UpTime)
	dst = appendHeader(dst, tagSequence, len(sysUpTime)+fieldSize(n))
	dst = append(dst, sysUpTime...)
	dst = appendInteger(appendHeader(dst, tagTimeTicks, n), int64(t.UpTime), n)
	dst = appendHeader(dst, tagSequence, len(snmpTrapOID)+len(t.OID.field))
	dst = append(dst, snmpTrapOID...)
	dst = append(dst, t.OID.field...)
	for i := range t.Varbinds {
		v := &t.Varbinds[i]
		dst = appendHeader(dst, tagSequence, len(v.Name.field)+fieldSize(v.Value.size))
		dst = append(dst, v.Name.field...)
		dst = appendHeader(dst, v.Value.tag, v.Value.size)
		if v.Value.own == 0 && !v.Value.dirty && v.Value.keep == len(v.Value.text) {
			dst = append(dst, v.Value.text...) // mostly, and without a call
		} else {
			dst = v.Value.append(dst)
		}
	}
	return dst
}
