package snmptraptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Trap is a notification as it was received, a trap or an inform. The
// community, and the datagram, which holds it, do not print.
type Trap struct {
	Inform    bool // or else a trap
	RequestID int32
	UpTime    uint32    // hundredths of a second since the sender started
	OID       string    // of the notification, in dotted form without a leading dot
	Varbinds  []Varbind // the objects behind sysUpTime.0 and snmpTrapOID.0
	Source    netip.AddrPort
	Time      time.Time // of arrival

	community secret.Text
	datagram  secret.Text
}

// A Varbind is an object and its value.
type Varbind struct {
	OID  string // in dotted form without a leading dot
	Type Type

	// Value is an int for an INTEGER, []byte for an OCTET STRING, a string in
	// dotted form for an OBJECT IDENTIFIER or IpAddress, a uint32 for
	// Counter32, Gauge32 and TimeTicks, and a uint64 for Counter64.
	Value any
}

// A Type is the type of a value, by its tag.
type Type byte

// The types that a notification may carry (RFC 3416 section 3).
const (
	Integer     Type = 0x02
	OctetString Type = 0x04
	ObjectID    Type = 0x06
	IPAddress   Type = 0x40
	Counter32   Type = 0x41
	Gauge32     Type = 0x42
	TimeTicks   Type = 0x43
	Opaque      Type = 0x44
	Counter64   Type = 0x46
)

// String returns the name of the type in the RFCs.
func (t Type) String() string {
	switch t {
	case Integer:
		return "INTEGER"
	case OctetString:
		return "OCTET STRING"
	case ObjectID:
		return "OBJECT IDENTIFIER"
	case IPAddress:
		return "IpAddress"
	case Counter32:
		return "Counter32"
	case Gauge32:
		return "Gauge32"
	case TimeTicks:
		return "TimeTicks"
	case Opaque:
		return "Opaque"
	case Counter64:
		return "Counter64"
	}
	return fmt.Sprintf("Type(0x%02X)", byte(t))
}

// HasCommunity reports whether the notification came with that community.
func (t Trap) HasCommunity(community string) bool { return t.community.Reveal() == community }

// Datagram returns the octets as they came. They hold the community.
func (t Trap) Datagram() []byte { return []byte(t.datagram.Reveal()) }

// Value returns the value of an object, or nil if there is none of that name
// behind the first two.
func (t Trap) Value(oid string) any {
	i := slices.IndexFunc(t.Varbinds, func(v Varbind) bool { return v.OID == strings.TrimPrefix(oid, ".") })
	if i < 0 {
		return nil
	}
	return t.Varbinds[i].Value
}

// Parse judges a datagram as [Rules.Check] does, decodes it with gosnmp, and
// returns it without Source and Time.
func (r Rules) Parse(datagram []byte) (Trap, error) {
	m, err := r.read(datagram)
	if err != nil {
		return Trap{}, err
	}
	return m.trap()
}

// trap decodes what was judged.
func (m *message) trap() (Trap, error) {
	datagram := slices.Clone(m.pdu.all) // gosnmp's values are parts of it
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(datagram)
	// gosnmp's error may quote octets of the datagram.
	if err != nil || p.Version != gosnmp.Version2c || len(p.Variables) != len(m.bindings) {
		return Trap{}, &Violation{Rule: RuleDecode, Detail: "it cannot read the datagram", Dump: dump(datagram, m)}
	}
	t := Trap{
		Inform:    p.PDUType == gosnmp.InformRequest,
		RequestID: int32(p.RequestID),
		community: secret.New(p.Community),
		datagram:  secret.New(string(datagram)),
	}
	for _, v := range p.Variables {
		t.Varbinds = append(t.Varbinds, Varbind{strings.TrimPrefix(v.Name, "."), Type(v.Type), plain(v)})
	}
	t.UpTime, _ = t.Varbinds[0].Value.(uint32)
	t.OID, _ = t.Varbinds[1].Value.(string)
	t.Varbinds = t.Varbinds[2:]
	return t, nil
}

// plain returns a value with the types that Varbind promises.
func plain(v gosnmp.SnmpPDU) any {
	switch n := v.Value.(type) {
	case string:
		return strings.TrimPrefix(n, ".")
	case uint:
		return uint32(n)
	}
	return v.Value
}
