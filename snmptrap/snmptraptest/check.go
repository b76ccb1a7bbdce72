package snmptraptest

import (
	"errors"
	"math"
	"slices"
)

// The objects that every notification starts with, and one that none of ours
// may have.
const (
	sysUpTime         = "1.3.6.1.2.1.1.3.0"
	snmpTrapOID       = "1.3.6.1.6.3.1.1.4.1.0"
	snmpTrapCommunity = "1.3.6.1.6.3.18.1.4.0"
)

const (
	defaultMaxSize = 1472
	maxDatagram    = 65507 // of UDP over IPv4
)

// Rules are what datagrams are measured by. The zero Rules are those of the
// RFCs, and of good senders where these leave a choice.
type Rules struct {
	// Base is the base OID of alerts, in dotted form. A notification at
	// Base.0.N must be an alert in one of the two layouts of package snmptrap,
	// with all ten objects as the MIB has them; objects of others may follow.
	// Empty means that nothing is known of alerts.
	Base string

	// MaxSize bounds a datagram, in octets. Default 1,472; -1 stands for
	// 65,507, UDP's own limit.
	MaxSize int

	// Lax is for notifications of other programs. It admits what RFCs allow
	// but good senders avoid: lengths with more octets than they need, a
	// negative request-id, values of type Opaque, an OID that does not end in
	// 0.N, and snmpTrapCommunity.0.
	Lax bool
}

// Check judges a datagram by the zero [Rules]. The error is a [*Violation] of
// the first rule that it breaks. Check never panics and keeps no reference.
func Check(datagram []byte) error { return Rules{}.Check(datagram) }

// Check judges a datagram. The error is a [*Violation] of the first rule that
// it breaks, unless Base is no OID. Check never panics and keeps no
// reference.
func (r Rules) Check(datagram []byte) error {
	_, err := r.read(datagram)
	return err
}

// read takes a datagram apart and judges it.
func (r Rules) read(datagram []byte) (*message, error) {
	base, err := r.base()
	if err != nil {
		return nil, err
	}
	m, err := read(datagram, r.Lax)
	if err == nil {
		err = r.check(&m, base)
	}
	if v, ok := errors.AsType[*Violation](err); ok {
		v.Dump = dump(datagram, &m)
	}
	return &m, err
}

// check judges what was taken apart without a complaint.
func (r Rules) check(m *message, base []uint32) error {
	limit := r.MaxSize
	switch limit {
	case 0:
		limit = defaultMaxSize
	case -1:
		limit = maxDatagram
	}
	if n := len(m.pdu.all); n > limit {
		return breaks(RuleSize, 0, "%d octets, limit %d", n, limit)
	}
	notification, err := m.checkHead()
	if err != nil {
		return err
	}
	if !r.Lax {
		if err := m.checkNotification(notification); err != nil {
			return err
		}
	}
	if err := m.checkUnique(); err != nil {
		return err
	}
	if n := len(base); n > 0 && len(notification) == n+2 && slices.Equal(notification[:n], base) && notification[n] == 0 {
		return m.checkAlert(base, notification[n+1])
	}
	return nil
}

// checkHead checks the two obligatory objects and returns the OID of the
// notification.
func (m *message) checkHead() ([]uint32, error) {
	switch {
	case len(m.bindings) == 0:
		return nil, breaks(RuleUpTime, m.binds.start, "there is no object")
	case m.bindings[0].text != sysUpTime:
		return nil, breaks(RuleUpTime, m.binds.from, "the first object is %s", m.bindings[0].text)
	case Type(m.bindings[0].value.tag) != TimeTicks:
		return nil, breaks(RuleUpTime, m.bindings[0].value.start, "sysUpTime.0 has the type %v", Type(m.bindings[0].value.tag))
	case len(m.bindings) == 1:
		return nil, breaks(RuleTrapOID, m.binds.to, "there is no second object")
	case m.bindings[1].text != snmpTrapOID:
		return nil, breaks(RuleTrapOID, m.bindings[0].value.to, "the second object is %s", m.bindings[1].text)
	case Type(m.bindings[1].value.tag) != ObjectID:
		return nil, breaks(RuleTrapOID, m.bindings[1].value.start, "snmpTrapOID.0 has the type %v", Type(m.bindings[1].value.tag))
	}
	return m.bindings[1].value.oid("snmpTrapOID.0")
}

// checkNotification checks that a notification survives a proxy to SNMPv1 and
// back: it ends in 0.N, or is one of the six of RFC 3418, which proxies know.
func (m *message) checkNotification(arcs []uint32) error {
	n := len(arcs) - 1
	last := arcs[n]
	generic := slices.Equal(arcs[:n], []uint32{1, 3, 6, 1, 6, 3, 1, 1, 5}) && last >= 1 && last <= 6
	if !generic && (n < 2 || arcs[n-1] != 0 || last < 1 || last > math.MaxInt32) {
		return breaks(RuleNotification, m.bindings[1].value.start, "the notification is %s", dotted(arcs))
	}
	for i := range m.bindings {
		if m.bindings[i].text == snmpTrapCommunity {
			return breaks(RuleCommunity, m.bindings[i].value.start, "there is such an object")
		}
	}
	return nil
}

// checkUnique checks that no object occurs twice.
func (m *message) checkUnique() error {
	seen := make(map[string]bool, len(m.bindings))
	for i := range m.bindings {
		b := &m.bindings[i]
		if seen[b.text] {
			return breaks(RuleDuplicate, b.value.start, "%s occurs again", b.text)
		}
		seen[b.text] = true
	}
	return nil
}
