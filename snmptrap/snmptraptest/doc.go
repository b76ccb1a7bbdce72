// Package snmptraptest stands in for a management console in tests, of
// package snmptrap and of programs that use it.
//
// A [Listener] receives traps and informs on a loopback port, acknowledges
// the informs, and records both. A datagram that breaks a rule of the RFCs or
// of the MIB fails the test, with the rule and a dump: real consoles drop it
// without a word. It can be told to refuse informs, to stay silent, to answer
// nonsense and to go away.
//
//	console := snmptraptest.Listen(t, &snmptraptest.Options{Rules: snmptraptest.Rules{Base: base}})
//	s, err := snmptrap.New([]string{console.Addr()}, community, base, nil)
//	...
//	err = s.Send(ctx, alerts...)
//	...
//	for _, trap := range console.Traps() {
//		a, err := trap.Alert(base)
//		...
//	}
//
// [Check] is the same judgement without a socket, for golden files and fuzz
// tests. It walks the octets itself and is stricter than snmptrapd, which
// takes what it can make sense of. Values are decoded by gosnmp. Nothing here
// shares code with the encoder.
//
// Sockets do not fit bubbles of testing/synctest.
package snmptraptest
