// Package snmptrap sends alerts to network-management consoles as SNMP traps, or
// as informs, which the console acknowledges: SNMPv2c (RFC 1901, RFC 3416), with
// [Options].User SNMPv3 (RFC 3414), with [Options].V1 SNMPv1 traps.
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
// MIB has them, unless [OIDs].Bare is set; [Seed] puts labels in front of the first five,
// and says for the level of what is over "OK", of news "NEWS" and of a test "TEST".
//
// Text from outside is made harmless. Control characters, and invisible ones such
// as U+202E, become spaces, since a newline forges lines in the files by which trap handlers pass values on;
// text is valid UTF-8; B.1 to B.5 have at most 255 octets and B.10 at most
// 1,024; a trap has at most 1,472 ([Options].MaxSize), for which the summary
// is cut first. A cut ends in "…". A receiver without a MIB prints text that
// is not ASCII as hexadecimal: [MIB] is the module, and docs/snmp says how
// consoles load it.
//
// [OIDs] gives notifications and objects other names, alert by alert if need
// be. [Options].Extra adds objects of your own behind the ten, and
// [Options].Address, behind everything else, the address of the host that the
// alert is about. [Sender.SendTrap] and [Sender.SendInform] send notifications of
// your own.
//
// # Targets
//
// A target is one receiver, whatever addresses its name has. One that refuses is
// left for the next, which works is used on, and IPv4 is tried first. The name is
// looked up again when it is used and the last look-up is 30 seconds old; a name
// server that does not answer costs a Send at most two seconds, and the old
// addresses do. That an address refuses is known on Linux only.
//
// # Traps
//
// A trap is never acknowledged. A nil error means that this machine sent it;
// see [Sender.Send]. Consoles drop traps with a wrong community without a
// word. Traps are spaced out ([Options].Rate), since a receiver drops what its
// buffer has no room for. A receiver that is down loses traps without an error, at
// most with a warning in the log, if its name has no other address; the first trap after its
// return arrives.
//
// # Informs
//
// With [Options].Inform, Send sends informs and returns nil only if the SNMP
// engine of every target acknowledged every alert. It took them, which is all
// that an acknowledgement says: what the console shows is its own affair.
//
// Many receivers acknowledge when a handler has run, one after the other. So one
// inform is in flight to a target until it answers within a tenth of a second; each
// such answer makes room for one more, up to 32, and silence takes it away. All
// Sends share this. Those of one Send that report the same problem, by Source and
// Key, follow one another and hold nothing else back.
//
// An inform without an answer is sent again after [Inform].Timeout with the same
// request-id, so that an answer to any of the attempts counts. So has a later Send
// of the same alert, within a quarter of an hour: it returns nil at once if the answer has come
// meanwhile. The same alert is one with the same texts, state and time. A host that
// says at once that nobody listens does not use up the attempts: the time of each
// is waited out, and a receiver that restarts meanwhile gets the next. Under
// [alert.Once] there is one attempt. When two informs of a Send in a row had no answer the
// rest is not sent. The end of the context ends the wait at once.
//
// An answer counts if it is a Response with our request-id and our community, or
// with SNMPv3 signed by the engine asked, whichever address of the receiver it comes from.
// Anything else is ignored and does not end the wait. Nothing in SNMPv2c is proof
// against a forger who hears the community.
//
// What went wrong is one of these:
//
//   - The receiver refused: an [*Error] that unwraps to an [ErrorStatus], with
//     its name, and is retryable or not as that says. It is not repeated here.
//   - No answer: the error matches [alert.ErrUncertain], because the inform may
//     have arrived, and is retryable. Its repetition carries the same
//     fingerprint, by which a console knows it, so a duplicate does no harm. If
//     the network said why, it matches that too, such as syscall.ECONNREFUSED.
//   - Nothing left this machine: a look-up failed, the context was over, the
//     Sender is closed. Such an error does not match alert.ErrUncertain.
//
// # SNMPv3
//
// gosnmp signs and encrypts. An inform needs nothing but the [User]: the engine of
// the receiver and its clock are asked for, within the attempt, whenever it says that
// they have changed. For traps the sender's engine counts, whose ID the receiver
// has to be told; [User].EngineFile keeps it.
//
// # Encoding
//
// [Encoder] makes traps and informs without sending them. Encoding allocates
// nothing and never panics.
package snmptrap
