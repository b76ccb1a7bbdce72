// Package snmptraptest stands in for a management console in tests, of
// package snmptrap and of programs that use it.
//
// A [Listener] receives SNMPv2c traps and informs on a loopback port, acknowledges
// the informs, and records both. A datagram that a console would drop without a
// word fails the test. It can be told to refuse informs, to keep silent, and to go
// away.
//
//	console := snmptraptest.Listen(t, nil)
//	s, err := snmptrap.New([]string{console.Addr()}, community, base, nil)
//	...
//	err = s.Send(ctx, alerts...)
//	...
//	for _, trap := range console.Traps() {
//		a, ok := trap.Alert(base)
//		...
//	}
//
// Everything is decoded by gosnmp and shares no code with the encoder.
//
// Sockets do not fit bubbles of testing/synctest.
package snmptraptest
