package snmptraptest

// A message is a notification, taken apart.
type message struct {
	community span
	pdu       span // its content, read to the end
	id        span
	requestID int64
	binds     span // all variable bindings
	bindings  []binding
}

// A binding is a variable binding.
type binding struct {
	name  []uint32
	text  string // the name in dotted form
	value span
}

// read walks through a datagram. On an error m holds what was read before.
func read(datagram []byte, lax bool) (m message, err error) {
	whole := span{all: datagram, to: len(datagram), lax: lax}
	body, err := whole.take(tagSequence, "the message")
	if err != nil {
		return m, err
	}
	if err := whole.done("the datagram"); err != nil {
		return m, err
	}
	version, err := body.take(tagInteger, "the version")
	if err != nil {
		return m, err
	}
	n, err := version.integer("the version")
	switch {
	case err != nil:
		return m, err
	case n != 1:
		return m, breaks(RuleVersion, version.start, "the version is %d", n)
	}
	community, err := body.take(tagOctetString, "the community")
	if err != nil {
		return m, err
	}
	m.community = community
	if m.pdu, err = body.next("the PDU"); err != nil {
		return m, err
	}
	if m.pdu.tag != tagTrap && m.pdu.tag != tagInform {
		return m, breaks(RulePDU, m.pdu.start, "the PDU has the tag %02X", m.pdu.tag)
	}
	if err := body.done("the message"); err != nil {
		return m, err
	}
	return m, m.readPDU(m.pdu)
}

// readPDU reads the PDU. Its numbers may not be out of range, but in a lax
// datagram the request-id may be negative.
func (m *message) readPDU(pdu span) (err error) {
	if m.id, err = pdu.take(tagInteger, "the request-id"); err != nil {
		return err
	}
	if m.requestID, err = m.id.integer("the request-id"); err != nil {
		return err
	}
	if m.requestID < 0 && !pdu.lax {
		return breaks(RuleRequestID, m.id.start, "the request-id is %d", m.requestID)
	}
	for _, what := range [...]string{"error-status", "error-index"} {
		f, err := pdu.take(tagInteger, what)
		if err != nil {
			return err
		}
		n, err := f.integer(what)
		switch {
		case err != nil:
			return err
		case n != 0:
			return breaks(RuleError, f.start, "%s is %d", what, n)
		}
	}
	if m.binds, err = pdu.take(tagSequence, "the list of objects"); err != nil {
		return err
	}
	if err := pdu.done("the PDU"); err != nil {
		return err
	}
	return m.readBindings(m.binds)
}

// readBindings reads the variable bindings.
func (m *message) readBindings(binds span) error {
	m.bindings = make([]binding, 0, 12)
	for binds.from < binds.to {
		bind, err := binds.take(tagSequence, "a variable binding")
		if err != nil {
			return err
		}
		name, err := bind.take(tagOID, "a name")
		if err != nil {
			return err
		}
		var b binding
		if b.name, err = name.oid("a name"); err != nil {
			return err
		}
		b.text = dotted(b.name)
		if b.value, err = bind.next("the value of " + b.text); err != nil {
			return err
		}
		if err := bind.done("the variable binding " + b.text); err != nil {
			return err
		}
		if err := b.checkValue(); err != nil {
			return err
		}
		m.bindings = append(m.bindings, b)
	}
	return nil
}

// checkValue checks a value by its type alone.
func (b *binding) checkValue() (err error) {
	v := &b.value
	switch Type(v.tag) {
	case Integer:
		_, err = v.integer(b.text)
	case OctetString:
		// Any octets will do.
	case ObjectID:
		_, err = v.oid("the value of " + b.text)
	case IPAddress:
		if n := v.to - v.from; n != 4 {
			err = breaks(RuleAddress, v.start, "%s has %d octets", b.text, n)
		}
	case Counter32, Gauge32, TimeTicks:
		_, err = v.unsigned(4, b.text)
	case Counter64:
		_, err = v.unsigned(8, b.text)
	default:
		if Type(v.tag) != Opaque || !v.lax {
			err = breaks(RuleType, v.start, "%s has a value of type %v", b.text, Type(v.tag))
		}
	}
	return err
}
