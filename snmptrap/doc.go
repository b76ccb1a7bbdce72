// Package snmptrap sends alerts to network-management consoles as SNMPv2c
// traps (RFC 1901, RFC 3416).
//
//	s, err := snmptrap.New([]string{"nms1", "nms2:9162"}, community, "1.3.6.1.4.1.32473", nil)
//	if err != nil { … }
//	defer s.Close()
//	err = s.Send(ctx, a)
//
// Community and base OID have no default. The base is the enterprise number
// under which your notifications stand; IANA gives one to everybody who asks.
// People who have filters on the traps of the original relay set the layout
// [Seed] and the base [SeedBaseOID], and read there whose number that is.
//
// # What is sent
//
// One trap an alert: sysUpTime.0 (hundredths of a second since New),
// snmpTrapOID.0, and ten objects under the base B, always all and in this
// order:
//
//	B.1   text     product
//	B.2   text     the source's own word for the severity
//	B.3   text     region
//	B.4   text     instance
//	B.5   text     name of the rule or event
//	B.6   INTEGER  firing(1), resolved(2)
//	B.7   INTEGER  cleared(1), critical(3), major(4), warning(6), info(7)
//	B.8   octets   DateAndTime of the change, with the zone (RFC 2579)
//	B.9   text     fingerprint: Source/Key, or 16 hex digits of their SHA-256
//	B.10  text     summary
//
// The notification is B.0.1 when the alert fires and B.0.2 when it is
// resolved; both carry the same fingerprint, by which a console clears the
// alarm. It is hashed when it is longer than 64 octets or holds anything but
// visible ASCII. An alert that says the data is missing ([alert.NoData]) goes out as
// firing, with its severity: a console that knows two states must show it. A
// notice counts as info(7), since the numbers of RFC 3877 have none for it.
// An alert without a Key is fingerprinted by the hash of Source and ID, and one
// without these by that of what it is about. The time of an alert that has none is the time
// of sending.
//
// The layout [Full] names the objects as instances of scalars (B.1.0), as a
// MIB has them; [Seed] puts labels in front of the first five.
//
// Text from outside is made harmless. Control characters become spaces, since
// a newline forges lines in the files by which trap handlers pass values on;
// text is valid UTF-8; B.1 to B.5 have at most 255 octets and B.10 at most
// 1,024; a trap has at most 1,472 ([Options].MaxSize), for which the summary
// is cut first. A cut ends in "…". A receiver without a MIB prints text that
// is not ASCII as hexadecimal.
//
// # What is guaranteed
//
// A trap is never acknowledged. A nil error means that this machine sent it;
// see [Sender.Send]. Consoles drop traps with a wrong community without a
// word.
//
// [Encoder] makes traps without sending them, and [Trap] is one with objects
// of your own. Encoding allocates nothing and never panics.
package snmptrap
