package snmptrap

import _ "embed"

//go:embed mibs/TOCSIN-ALERT-MIB.txt
var mibModule string

// MIB returns the text of TOCSIN-ALERT-MIB, the SMIv2 module that describes
// what an [Encoder] makes: the objects and both notifications. In the
// repository it is snmptrap/mibs/TOCSIN-ALERT-MIB.txt, and docs/snmp there says
// how consoles load it. It stands under the enterprise number for examples,
// 32473; its first lines say how to put your own in that place. A console that
// has loaded it shows names in place of numbers, and Chinese text in place of
// hexadecimal.
func MIB() string { return mibModule }
