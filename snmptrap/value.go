package snmptrap

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// A Varbind is a variable binding: the name of an object and its value.
type Varbind struct {
	Name  OID
	Value Value
}

// A Value is the typed value of a [Varbind]. The functions that make one are
// named after the types of SNMP. The zero Value has no type and is refused by
// a [Sender].
//
// It is up to 16 octets of its own, the whole of a short value or the label
// of a text, and a text that follows them, measured as it will stand on the
// wire: the size of a trap is known before its first octet is written.
type Value struct {
	tag   byte
	own   uint8    // octets of raw in use
	dirty bool     // text needs cleaning
	size  int      // content octets on the wire
	keep  int      // octets of text that are kept; the mark follows if some are not
	text  string   // content of strings and OIDs
	raw   [16]byte // content of everything else
}

// Integer returns an INTEGER.
func Integer(n int32) Value { return number(tagInteger, int64(n)) }

// number returns a value with n in two's complement.
func number(tag byte, n int64) Value {
	v := Value{tag: tag, size: integerSize(n)}
	v.own = uint8(v.size)
	appendInteger(v.raw[:0], n, v.size)
	return v
}

// Counter32 returns a Counter32.
func Counter32(n uint32) Value { return number(tagCounter32, int64(n)) }

// Gauge32 returns a Gauge32, also known as Unsigned32.
func Gauge32(n uint32) Value { return number(tagGauge32, int64(n)) }

// TimeTicks returns a TimeTicks, which counts hundredths of a second.
func TimeTicks(n uint32) Value { return number(tagTimeTicks, int64(n)) }

// Counter64 returns a Counter64. SNMPv1 has no such type: a trap that holds one
// cannot be sent or translated to it.
func Counter64(n uint64) Value {
	if int64(n) >= 0 {
		return number(tagCounter64, int64(n))
	}
	// A leading zero keeps the number positive.
	v := Value{tag: tagCounter64, size: 9, own: 9}
	binary.BigEndian.PutUint64(v.raw[1:], n)
	return v
}

// IPAddress returns an IpAddress, which holds IPv4 only. Any other address
// gives the zero Value.
func IPAddress(addr netip.Addr) Value {
	if addr = addr.Unmap(); !addr.Is4() {
		return Value{}
	}
	v := Value{tag: tagIPAddress, size: 4, own: 4}
	octets := addr.As4()
	copy(v.raw[:], octets[:])
	return v
}

// ObjectID returns an OBJECT IDENTIFIER. The zero OID gives the zero Value.
func ObjectID(o OID) Value {
	if o.IsZero() {
		return Value{}
	}
	ber := o.content()
	return Value{tag: tagOID, size: len(ber), keep: len(ber), text: ber}
}

// OctetString returns an OCTET STRING of the very octets given. For text use
// [Text].
func OctetString(octets string) Value {
	return Value{tag: tagOctetString, size: len(octets), keep: len(octets), text: octets}
}

// Text returns an OCTET STRING with text for people: each control character,
// separator of lines or paragraphs and mark of the direction of writing becomes
// a space, and invalid UTF-8 becomes U+FFFD. Nothing is cut, but many receivers allow 255 octets only
// (RFC 3411, SnmpAdminString).
func Text(s string) Value {
	v := Value{tag: tagOctetString, text: s}
	v.measure(math.MaxInt)
	return v
}

// measure bounds a text to a limit in octets, of which the label and the mark
// are kept in any case.
func (v *Value) measure(limit int) {
	label := int(v.own)
	v.keep, v.size, v.dirty = scan(v.text, max(limit-label, len(mark)))
	v.size += label
}

// append appends the content octets, v.size of them.
func (v *Value) append(dst []byte) []byte {
	if v.own > 0 {
		dst = append(dst, v.raw[:v.own]...)
	}
	switch {
	case v.dirty:
		dst = appendClean(dst, v.text[:v.keep])
	case v.keep > 0:
		dst = append(dst, v.text[:v.keep]...)
	}
	if v.keep < len(v.text) {
		dst = append(dst, mark...)
	}
	return dst
}
