package snmptrap

// BER as SNMP uses it: definite lengths, each in the fewest octets (RFC 3417
// section 8). Nothing here is longer than a UDP datagram, so a length takes
// at most three octets.

// The tags of SNMP (RFC 3416 section 3).
const (
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagIPAddress   = 0x40
	tagCounter32   = 0x41
	tagGauge32     = 0x42
	tagTimeTicks   = 0x43
	tagCounter64   = 0x46
	tagResponse    = 0xa2
	tagTrapV1      = 0xa4
	tagInform      = 0xa6
	tagTrap        = 0xa7
)

// lengthSize returns the octets that the length n takes.
func lengthSize(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	}
	return 4 // only measured, to be refused for its size
}

// fieldSize returns the octets of a field with n content octets.
func fieldSize(n int) int { return 1 + lengthSize(n) + n }

// appendHeader appends the tag and length of a field with n < 2^16 content
// octets.
func appendHeader(dst []byte, tag byte, n int) []byte {
	switch {
	case n < 1<<7:
		return append(dst, tag, byte(n))
	case n < 1<<8:
		return append(dst, tag, 0x81, byte(n))
	}
	return append(dst, tag, 0x82, byte(n>>8), byte(n))
}

// integerSize returns the octets of n in two's complement.
func integerSize(n int64) int {
	size := 1
	for ; n < -1<<7 || n >= 1<<7; n >>= 8 {
		size++
	}
	return size
}

// appendInteger appends n in two's complement, in size octets.
func appendInteger(dst []byte, n int64, size int) []byte {
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		dst = append(dst, byte(n>>shift))
	}
	return dst
}

// appendNumber appends n as an INTEGER.
func appendNumber(dst []byte, n int64) []byte {
	size := integerSize(n)
	return appendInteger(appendHeader(dst, tagInteger, size), n, size)
}

// unsignedSize returns the octets of n as an unsigned type.
func unsignedSize(n uint32) int { return integerSize(int64(n)) }

// appendBase128 appends a sub-identifier.
func appendBase128(dst []byte, n uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			dst = append(dst, byte(n>>shift)|0x80)
		}
	}
	return append(dst, byte(n&0x7f))
}
