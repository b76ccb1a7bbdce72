package snmptraptest_test

import "strings"

// tlv encodes a field in the fewest octets.
func tlv(tag byte, content ...string) string {
	body := strings.Join(content, "")
	switch n := len(body); {
	case n < 1<<7:
		return string([]byte{tag, byte(n)}) + body
	case n < 1<<8:
		return string([]byte{tag, 0x81, byte(n)}) + body
	default:
		return string([]byte{tag, 0x82, byte(n >> 8), byte(n)}) + body
	}
}

// The names and values of which the tests make notifications.
const (
	upTimeName  = "\x2b\x06\x01\x02\x01\x01\x03\x00"
	trapOIDName = "\x2b\x06\x01\x06\x03\x01\x01\x04\x01\x00"
	baseOctets  = "\x2b\x06\x01\x04\x01\x81\xfd\x59"
	date        = "\x07\xea\x0b\x14\x10\x08\x29\x07+\x08\x00"
)

// bind encodes a variable binding from the content of its name and a value.
func bind(name, value string) string { return tlv(0x30, tlv(0x06, name), value) }

// upTime and trapOID are the two obligatory objects.
func upTime() string { return bind(upTimeName, tlv(0x43, "\x01")) }

func trapOID(n string) string { return bind(trapOIDName, tlv(0x06, baseOctets, "\x00", n)) }

// pdu encodes a PDU, and message what is around it.
func pdu(tag byte, binds ...string) string {
	return tlv(tag, "\x02\x01\x05", "\x02\x01\x00", "\x02\x01\x00", tlv(0x30, binds...))
}

func message(pdu string) []byte {
	return []byte(tlv(0x30, "\x02\x01\x01", tlv(0x04, "hush"), pdu))
}

// with encodes a trap with a value of no alert.
func with(value string) []byte {
	return message(pdu(0xa7, upTime(), trapOID("\x01"), bind(baseOctets+"\x63\x00", value)))
}

// alertWith encodes the trap of an alert in which one object, counted from 1,
// is replaced, together with its name, by one value. N is the notification's
// number.
func alertWith(n, suffix string, place int, binding string) []byte {
	severity := "\x03"
	if n == "\x02" {
		severity = "\x01"
	}
	values := []string{
		tlv(4, "product:p"), tlv(4, "level:l"), tlv(4, "regionId:r"), tlv(4, "instanceName:i"), tlv(4, "name:n"),
		tlv(2, n), tlv(2, severity), tlv(4, date), tlv(4, "key"), tlv(4, "summary"),
	}
	binds := []string{upTime(), trapOID(n)}
	for i, v := range values {
		if i+1 == place {
			binds = append(binds, binding)
			continue
		}
		binds = append(binds, bind(baseOctets+string(rune(i+1))+suffix, v))
	}
	return message(pdu(0xa7, binds...))
}

// value replaces the value of one object of an alert that fires.
func value(place int, v string) []byte {
	return alertWith("\x01", "\x00", place, bind(baseOctets+string(rune(place))+"\x00", v))
}
