package snmptraptest

import (
	"net/netip"
	"slices"
)

// An Answer is what a Listener says to an inform. The functions of this
// package make them; the zero value acknowledges.
type Answer struct {
	make func(m *message) [][]byte // nil acknowledges
	wait <-chan struct{}           // until it is closed
}

// Acknowledge answers as RFC 3416 section 4.2.7 says: a Response with the
// request-id and the objects of the inform.
func Acknowledge() Answer { return Answer{} }

// Refuse answers with an error-status, 1 to 18: 5 is genErr, 13
// resourceUnavailable. With 1, tooBig, the objects are left out, as RFC 3416
// section 4.2.7 says.
func Refuse(errorStatus byte) Answer {
	return respond(func(m *message) []byte {
		binds := m.binds.octets()
		if errorStatus == 1 {
			binds = nil
		}
		return m.response(tagResponse, m.community.octets(), m.id.octets(), errorStatus, binds)
	})
}

// Silence does not answer. The inform is recorded all the same.
func Silence() Answer { return Answer{make: func(*message) [][]byte { return nil }} }

// WrongID acknowledges another inform: the request-id is one more.
func WrongID() Answer {
	return respond(func(m *message) []byte {
		id := int32(m.requestID) + 1
		octets := []byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
		for len(octets) > 1 && (octets[0] == 0 && octets[1] < 0x80 || octets[0] == 0xff && octets[1] >= 0x80) {
			octets = octets[1:]
		}
		return m.response(tagResponse, m.community.octets(), octets, 0, m.binds.octets())
	})
}

// WrongType answers with a PDU that is no Response, by its tag: 0xA8 is a
// Report, 0xA6 the inform itself.
func WrongType(tag byte) Answer {
	return respond(func(m *message) []byte {
		return m.response(tag, m.community.octets(), m.id.octets(), 0, m.binds.octets())
	})
}

// WrongCommunity acknowledges with another community.
func WrongCommunity() Answer {
	return respond(func(m *message) []byte {
		return m.response(tagResponse, append(slices.Clone(m.community.octets()), 'x'), m.id.octets(), 0, m.binds.octets())
	})
}

// Garbage answers with the given octets.
func Garbage(octets []byte) Answer {
	octets = slices.Clone(octets)
	return respond(func(*message) []byte { return octets })
}

// Twice acknowledges two times.
func Twice() Answer {
	return Answer{make: func(m *message) [][]byte { return [][]byte{m.acknowledgement(), m.acknowledgement()} }}
}

// After gives an answer when the channel is closed, as that of a context is,
// or never if the test ends before. Informs that come meanwhile are answered.
func After(wait <-chan struct{}, a Answer) Answer {
	a.wait = wait
	return a
}

// Answer says how to answer the next informs, one after the other, before the
// Listener acknowledges again. A repetition of an inform counts as one of its
// own, so that three times [Silence] is a console that misses three attempts.
// What breaks a rule is never answered and does not count.
func (l *Listener) Answer(answers ...Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.script = append(l.script, answers...)
}

// AnswerAlways says how to answer all informs that no call of
// [Listener.Answer] provides for.
func (l *Listener) AnswerAlways(a Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forever = a
}

// respond returns an Answer of one datagram.
func respond(one func(m *message) []byte) Answer {
	return Answer{make: func(m *message) [][]byte { return [][]byte{one(m)} }}
}

// answer answers an inform. What has to wait gets a goroutine, and octets of
// its own, since the buffer is used again.
func (l *Listener) answer(m *message, source netip.AddrPort) {
	a := l.nextAnswer()
	var datagrams [][]byte
	if a.make == nil {
		datagrams = append(datagrams, m.acknowledgement())
	} else {
		datagrams = a.make(m)
	}
	if a.wait == nil {
		l.send(datagrams, source)
		return
	}
	l.answers.Go(func() {
		select {
		case <-a.wait:
			l.send(datagrams, source)
		case <-l.release:
		}
	})
}

// send sends datagrams, unless the Listener is stopped. If the sender of the
// inform is gone, nobody need know.
func (l *Listener) send(datagrams [][]byte, to netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range datagrams {
		if l.conn != nil {
			_, _ = l.conn.WriteToUDPAddrPort(d, to)
		}
	}
}

// nextAnswer takes an answer off the script.
func (l *Listener) nextAnswer() Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.script) == 0 {
		return l.forever
	}
	a := l.script[0]
	l.script = l.script[1:]
	return a
}

// acknowledgement returns the answer that makes a sender content.
func (m *message) acknowledgement() []byte {
	return m.response(tagResponse, m.community.octets(), m.id.octets(), 0, m.binds.octets())
}

// response encodes an answer to m.
func (m *message) response(pdu byte, community, id []byte, status byte, binds []byte) []byte {
	body := slices.Concat(field(tagInteger, id), field(tagInteger, []byte{status}), field(tagInteger, []byte{0}),
		field(tagSequence, binds))
	return field(tagSequence, slices.Concat(field(tagInteger, []byte{1}), field(tagOctetString, community), field(pdu, body)))
}

// field encodes a field of less than 2^16 octets.
func field(tag byte, content []byte) []byte {
	head := []byte{tag, byte(len(content))}
	switch n := len(content); {
	case n >= 1<<8:
		head = []byte{tag, 0x82, byte(n >> 8), byte(n)}
	case n >= 1<<7:
		head = []byte{tag, 0x81, byte(n)}
	}
	return append(head, content...)
}
