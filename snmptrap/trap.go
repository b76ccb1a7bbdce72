package snmptrap

import (
	"errors"
	"fmt"
	"math"
	"slices"
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

// genericTraps is the content of 1.3.6.1.6.3.1.1.5, under which coldStart and
// five others stand, which SNMPv1 numbers from 0.
const genericTraps = "\x2b\x06\x01\x06\x03\x01\x01\x05"

// A Trap is a notification with objects of the caller's choice, to be sent by
// [Sender.SendTrap] or [Sender.SendInform]. sysUpTime.0 and snmpTrapOID.0 are
// added in front. For alerts use [Sender.Send].
type Trap struct {
	// OID goes out as snmpTrapOID.0: which notification this is. Required. In
	// MIBs of today its next to last sub-identifier is zero, without which
	// the trap does not survive a proxy to SNMPv1 and back (RFC 2578 section 8.5).
	OID OID

	// Varbinds follow these two, in this order. Nothing is cut: to go through any
	// network in one piece a message should have at most 1,472 octets.
	Varbinds []Varbind
}

// check reports the parts that are missing.
func (t *Trap) check(v1 bool) error {
	if t.OID.IsZero() {
		return errors.New("the trap has no OID")
	}
	for i := range t.Varbinds {
		switch v := &t.Varbinds[i]; {
		case v.Name.IsZero():
			return fmt.Errorf("varbind %d has no name", i+1)
		case v.Value.tag == 0:
			return fmt.Errorf("varbind %d has no value", i+1)
		case v1 && v.Value.tag == tagCounter64:
			return fmt.Errorf("varbind %d is a Counter64, which SNMPv1 has not", i+1)
		}
	}
	return nil
}

// The versions, as the version field of a message has them.
const (
	versionV1  = 0
	versionV2c = 1
)

// A notice is a notification with all that its message needs. Its sizes are
// those of the nested parts in octets, each without its own header, and the
// total. All are known before the first octet is written, which then needs no
// moving.
type notice struct {
	Trap
	version   byte
	tag       byte
	community string
	requestID int32  // not in SNMPv1
	upTime    uint32 // hundredths of a second since the sender started
	agent     [4]byte

	binds, pdu, message, total int
	enterprise                 string // of SNMPv1, as a field
	generic, specific          int64
}

// measure finds out the sizes.
func (n *notice) measure() {
	n.binds = 0
	for i := range n.Varbinds {
		v := &n.Varbinds[i]
		n.binds += fieldSize(len(v.Name.field) + fieldSize(v.Value.size))
		if n.binds > 1<<24 {
			break // far too large; further addition could overflow
		}
	}
	if n.version == versionV1 {
		n.pdu = len(n.enterprise) + 6 + fieldSize(integerSize(n.generic)) + fieldSize(integerSize(n.specific)) +
			fieldSize(unsignedSize(n.upTime)) + fieldSize(n.binds)
	} else {
		n.binds += fieldSize(len(sysUpTime)+fieldSize(unsignedSize(n.upTime))) + fieldSize(len(snmpTrapOID)+len(n.OID.field))
		n.pdu = fieldSize(integerSize(int64(n.requestID))) + 6 + fieldSize(n.binds)
	}
	n.message = 3 + fieldSize(len(n.community)) + fieldSize(n.pdu)
	n.total = fieldSize(n.message)
}

// append appends the message, which was measured (RFC 1901 section 3, RFC 1157
// section 4 and 4.1.6).
func (n *notice) append(dst []byte) []byte {
	dst = slices.Grow(dst, n.total)
	dst = appendHeader(dst, tagSequence, n.message)
	dst = append(dst, tagInteger, 1, n.version)
	dst = append(appendHeader(dst, tagOctetString, len(n.community)), n.community...)
	up := unsignedSize(n.upTime)
	if n.version == versionV1 {
		dst = appendHeader(dst, tagTrapV1, n.pdu)
		dst = append(dst, n.enterprise...)
		dst = append(appendHeader(dst, tagIPAddress, 4), n.agent[:]...)
		dst = appendNumber(dst, n.generic)
		dst = appendNumber(dst, n.specific)
		dst = appendInteger(appendHeader(dst, tagTimeTicks, up), int64(n.upTime), up)
		dst = appendHeader(dst, tagSequence, n.binds)
	} else {
		dst = appendHeader(dst, n.tag, n.pdu)
		dst = appendNumber(dst, int64(n.requestID))
		dst = append(dst, tagInteger, 1, 0, tagInteger, 1, 0) // error-status, error-index
		dst = appendHeader(dst, tagSequence, n.binds)
		dst = append(appendHeader(dst, tagSequence, len(sysUpTime)+fieldSize(up)), sysUpTime...)
		dst = appendInteger(appendHeader(dst, tagTimeTicks, up), int64(n.upTime), up)
		dst = append(appendHeader(dst, tagSequence, len(snmpTrapOID)+len(n.OID.field)), snmpTrapOID...)
		dst = append(dst, n.OID.field...)
	}
	for i := range n.Varbinds {
		v := &n.Varbinds[i]
		dst = appendHeader(dst, tagSequence, len(v.Name.field)+fieldSize(v.Value.size))
		dst = append(dst, v.Name.field...)
		dst = v.Value.append(appendHeader(dst, v.Value.tag, v.Value.size))
	}
	return dst
}

// toV1 finds out the fields that a notification has in SNMPv1 (RFC 3584 section
// 3.2). Its time and its objects stay what they are.
func (n *notice) toV1() {
	start, last := lastArc(n.OID.content())
	enterprise := n.OID.content()[:start]
	n.generic, n.specific = 6, int64(last&math.MaxInt32)
	if enterprise == genericTraps && last >= 1 && last <= 6 {
		n.generic, n.specific = int64(last)-1, 0
	}
	if start, next := lastArc(enterprise); next == 0 && start > 0 {
		enterprise = enterprise[:start]
	}
	n.enterprise = wrapOID([]byte(enterprise)).field
	for i := range n.Varbinds {
		if v := &n.Varbinds[i]; v.Name.field == snmpTrapAddress && v.Value.tag == tagIPAddress {
			n.agent = [4]byte(v.Value.raw[:4])
		}
	}
}
