// Package snmptrap sends alerts to network-management consoles as SNMPv2c
// traps, or as informs, which the console acknowledges (RFC 1901, RFC 3416).
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
// One trap or inform an alert: sysUpTime.0 (hundredths of a second since New),
// snmpTrapOID.0, and ten objects under the base B, always all and in this
// order:
//
//	B.1   text     product
//	B.2   text     the source's own word for the severity
//	B.3   text     region
//	B.4   text     instance
//	B.5   text     name of the rule or event
//	B.6   INTEGER  firing(1), resolved(2), news(3)
//	B.7   INTEGER  cleared(1), critical(3), major(4), warning(6), info(7)
//	B.8   octets   DateAndTime of the change, with the zone (RFC 2579)
//	B.9   text     fingerprint: Source/Key, or 16 hex digits of their SHA-256
//	B.10  text     summary
//
// The notification is B.0.1 when the alert fires and B.0.2 when it is
// resolved; both carry the same fingerprint, by which a console clears the
// alarm. What is about no problem, which is news ([alert.News]) and a test, is
// B.0.3 with news(3) and info(7), however grave its own level, and a fingerprint
// that no problem has: it opens no alarm, and changes and closes none. The name
// of a test begins with "[Test] ". The fingerprint is hashed when it is longer than 64 octets or holds anything but
// visible ASCII. An alert that says the data is missing ([alert.NoData]) goes out as
// firing, with its severity: a console that knows two states must show it. A
// notice counts as info(7), since the numbers of RFC 3877 have none for it.
// An alert without a Key is fingerprinted by the hash of Source and ID, and one
// without these by that of what it is about. The time of an alert that has none is the time
// of sending.
//
// The layout [Full] names the objects as instances of scalars (B.1.0), as a
// MIB has them; [Seed] puts labels in front of the first five,
// and says for the level of what is over "OK", of news "NEWS" and of a test "TEST".
//
// Text from outside is made harmless. Control characters become spaces, since
// a newline forges lines in the files by which trap handlers pass values on;
// text is valid UTF-8; B.1 to B.5 have at most 255 octets and B.10 at most
// 1,024; a trap has at most 1,472 ([Options].MaxSize), for which the summary
// is cut first. A cut ends in "…". A receiver without a MIB prints text that
// is not ASCII as hexadecimal: [MIB] is the module, and docs/snmp says how
// consoles load it.
//
// [OIDs] gives notifications and objects other names, alert by alert if need
// be, and puts ".0" behind the names or leaves it out in either layout.
// [Options].Address adds, behind everything else, the address of the host that
// the alert is about.
//
// # Traps
//
// A trap is never acknowledged. A nil error means that this machine sent it;
// see [Sender.Send]. Consoles drop traps with a wrong community without a
// word. A receiver that is down loses traps without an error, at most with a
// warning in the log; the first trap after its return arrives.
//
// # Informs
//
// With [Options].Inform, Send sends informs and returns nil only if the SNMP
// engine of every target acknowledged every alert. It took them, which is all
// that an acknowledgement says: what the console shows is its own affair.
//
// An inform without an answer is sent again after [Inform].Timeout, the same
// octets with the same request-id, so that an answer to any of the attempts
// counts. A host that says at once that nobody listens does not use up the
// attempts: the time of each is waited out, and a receiver that restarts
// meanwhile gets the next. Under [alert.Once] there is one attempt. The end of
// the context ends the wait at once.
//
// An answer counts if it is a Response of SNMPv2c with our request-id and our
// community that comes from the address asked. Anything else is ignored and
// does not end the wait. Nothing in SNMPv2c is proof against a forger on the
// way, but the community and the address keep out everybody else; a receiver
// that answers with another community, against RFC 1901, or from another of its
// addresses is one that does not answer, and the error says so as far as it
// was seen.
//
// What went wrong is one of these:
//
//   - The receiver refused: an [*Error] that unwraps to an [ErrorStatus], with
//     its name, and is retryable or not as that says. It is not repeated here.
//   - No answer: the error matches [alert.ErrUncertain], because the inform may
//     have arrived, and is retryable. Its repetition carries the same
//     fingerprint, by which a console knows it, so a duplicate does no harm. If
//     the host said that nobody listens it matches syscall.ECONNREFUSED too.
//   - Nothing left this machine: a look-up failed, the context was over, the
//     Sender is closed. Such an error does not match alert.ErrUncertain.
//
// Informs of one Send, up to 32, and of any number of concurrent Sends are in
// flight to a target together, over one socket. Those of one Send that report
// the same problem, by Source and Key, follow one another. The goroutine that
// reads the answers lives from the first inform to Close, which waits for it.
//
// # Encoding
//
// [Encoder] makes traps and informs without sending them, and [Trap] is one
// with objects of your own. Encoding allocates nothing and never panics.
package snmptrap
