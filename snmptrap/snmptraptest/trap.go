package snmptraptest

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Trap is a notification as it was received, a trap or an inform. The
// community does not print.
type Trap struct {
	Inform    bool // or else a trap
	RequestID int32
	UpTime    uint32    // hundredths of a second since the sender started
	OID       string    // of the notification, in dotted form without a leading dot
	Varbinds  []Varbind // the objects behind sysUpTime.0 and snmpTrapOID.0
	Size      int       // octets of the datagram
	Source    netip.AddrPort
	Time      time.Time // of arrival

	community secret.Text
}

// A Varbind is an object and its value.
type Varbind struct {
	OID  string // in dotted form without a leading dot
	Type string // as the RFCs name it, such as "OCTET STRING"

	// Value is an int for an INTEGER, []byte for an OCTET STRING, a string in
	// dotted form for an OBJECT IDENTIFIER or IpAddress, a uint32 for
	// Counter32, Gauge32 and TimeTicks, and a uint64 for Counter64.
	Value any
}

// HasCommunity reports whether the notification came with that community.
func (t Trap) HasCommunity(community string) bool { return t.community.Reveal() == community }

// Value returns the value of an object, or nil if there is none of that name
// behind the first two.
func (t Trap) Value(oid string) any {
	i := slices.IndexFunc(t.Varbinds, func(v Varbind) bool { return v.OID == strings.TrimPrefix(oid, ".") })
	if i < 0 {
		return nil
	}
	return t.Varbinds[i].Value
}

// Alert returns the alert that a notification under the base OID reports, in
// either layout of package snmptrap: what a console knows of it. Its Key is the
// fingerprint. It reports false for any other notification.
func (t Trap) Alert(base string) (a alert.Alert, ok bool) {
	status, isAlert := strings.CutPrefix(t.OID, strings.TrimPrefix(base, ".")+".0.")
	if !isAlert || len(t.Varbinds) < 10 {
		return a, false
	}
	for place, to := range map[int]*string{0: &a.Product, 1: &a.Level, 2: &a.Region, 3: &a.Instance, 4: &a.Name, 8: &a.Key, 9: &a.Summary} {
		octets, isText := t.Varbinds[place].Value.([]byte)
		if !isText {
			return a, false
		}
		*to = string(octets)
		if place < 5 && !strings.HasSuffix(t.Varbinds[place].OID, ".0") {
			*to = strings.TrimPrefix(*to, []string{"product:", "level:", "regionId:", "instanceName:", "name:"}[place])
		}
	}
	a.Status = map[string]alert.Status{"2": alert.Resolved, "3": alert.News}[status]
	switch t.Varbinds[6].Value {
	case 3:
		a.Severity = alert.Critical
	case 4:
		a.Severity = alert.Major
	case 1, 7: // how grave it was is not said of what is over
		a.Severity = alert.Info
	}
	a.Name, a.Test = strings.CutPrefix(a.Name, "[Test] ")
	if b, _ := t.Varbinds[7].Value.([]byte); len(b) == 11 {
		offset := int(b[9])*3600 + int(b[10])*60
		if b[8] == '-' {
			offset = -offset
		}
		a.StartsAt = time.Date(int(binary.BigEndian.Uint16(b)), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]),
			int(b[7])*1e8, time.FixedZone("", offset))
	}
	return a, true
}

// errNone is what is wrong with most datagrams.
var errNone = errors.New("snmptraptest: no SNMPv2c trap or inform")

// parse decodes a datagram. The packet is nil if it is no notification that
// consoles accept. The error quotes nothing of it, which may hold the community.
func parse(datagram []byte) (t Trap, p *gosnmp.SnmpPacket, err error) {
	defer func() {
		if recover() != nil { // gosnmp panics over some datagrams
			p, err = nil, errNone
		}
	}()
	datagram = slices.Clone(datagram) // gosnmp's values are parts of it
	p, err = (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(datagram)
	switch {
	case err != nil || p.Version != gosnmp.Version2c || p.PDUType != gosnmp.SNMPv2Trap && p.PDUType != gosnmp.InformRequest:
		return t, nil, errNone
	case len(p.Variables) < 2 || p.Variables[0].Name != ".1.3.6.1.2.1.1.3.0" || p.Variables[0].Type != gosnmp.TimeTicks:
		return t, nil, errors.New("snmptraptest: the first object is not sysUpTime.0 (RFC 3416 section 4.2.6)")
	case p.Variables[1].Name != ".1.3.6.1.6.3.1.1.4.1.0" || p.Variables[1].Type != gosnmp.ObjectIdentifier:
		return t, nil, errors.New("snmptraptest: the second object is not snmpTrapOID.0 (RFC 3416 section 4.2.6)")
	}
	t = Trap{
		Inform: p.PDUType == gosnmp.InformRequest, RequestID: int32(p.RequestID), Size: len(datagram), community: secret.New(p.Community),
	}
	for _, v := range p.Variables {
		t.Varbinds = append(t.Varbinds, Varbind{OID: strings.TrimPrefix(v.Name, "."), Type: typeName(v.Type), Value: plain(v)})
	}
	t.UpTime, _ = t.Varbinds[0].Value.(uint32)
	t.OID, _ = t.Varbinds[1].Value.(string)
	t.Varbinds = t.Varbinds[2:]
	return t, p, nil
}

// typeName returns the name that the RFCs give to a type.
func typeName(t gosnmp.Asn1BER) string {
	switch t {
	case gosnmp.Integer:
		return "INTEGER"
	case gosnmp.OctetString:
		return "OCTET STRING"
	case gosnmp.ObjectIdentifier:
		return "OBJECT IDENTIFIER"
	case gosnmp.IPAddress:
		return "IpAddress"
	}
	return t.String()
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
