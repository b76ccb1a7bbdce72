package snmptraptest_test

import (
	"fmt"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

func ExampleCheck() {
	datagram := []byte("\x30\x1b\x02\x01\x01\x04\x06secret\xa7\x0e\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x03\x30\x01\x05")
	err := snmptraptest.Check(datagram)
	fmt.Println(err)
	// Output: snmptraptest: octet 28: too few octets are left for a name: 1: lengths are definite, in the fewest octets and within what is around them (RFC 3417 section 8)
}
