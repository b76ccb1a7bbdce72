package snmptraptest_test

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/snmptrap/snmptraptest"
)

// FuzzCheck looks for panics, and for datagrams that Check accepts but gosnmp
// reads in another way.
func FuzzCheck(f *testing.F) {
	files, err := os.ReadDir("testdata")
	require.NoError(f, err)
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".hex") {
			f.Add(fixture(f, file.Name()))
		}
	}
	f.Add(alertWith("\x01", "\x00", 0, ""))
	f.Add(alertWith("\x02", "", 0, ""))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		before := string(datagram)
		lax := snmptraptest.Rules{Base: testBase, MaxSize: -1, Lax: true}
		trap, err := lax.Parse(datagram)
		if err == nil {
			_, _ = trap.Alert(testBase)
		} else {
			require.ErrorAs(t, err, new(*snmptraptest.Violation))
		}
		checkErr := snmptraptest.Check(datagram)
		require.Equal(t, before, string(datagram))
		if checkErr != nil {
			return
		}
		require.LessOrEqual(t, len(datagram), 1472)
		_, err = snmptraptest.Rules{}.Parse(datagram)
		require.NoError(t, err)
		requireSame(t, datagram)
	})
}

// FuzzValue does the same with names and values, of which FuzzCheck tries few
// because of the lengths around them.
func FuzzValue(f *testing.F) {
	for _, seed := range []struct {
		tag   byte
		value string
	}{{2, "\xff\x7f"}, {4, "\x00\xff"}, {6, "\x88\x37\x8f\xff\xff\xff\x7f"}, {0x40, "\x0a\x01\x02\x03"}, {0x43, "\x00\x80"}, {0x46, "\x00\xff\xff\xff\xff\xff\xff\xff\xff"}, {5, ""}} {
		f.Add([]byte(baseOctets), seed.tag, []byte(seed.value))
	}
	f.Add([]byte("\x88\x37\x01"), byte(2), []byte("\x00")) // 2.999.1
	f.Add([]byte("\x28\x27\x4f\x50"), byte(2), []byte("\x00"))
	f.Fuzz(func(t *testing.T, name []byte, tag byte, value []byte) {
		datagram := message(pdu(0xa7, upTime(), trapOID("\x01"), bind(string(name), tlv(tag, string(value)))))
		if snmptraptest.Check(datagram) == nil {
			requireSame(t, datagram)
		}
	})
}

// requireSame checks that gosnmp finds the objects that the walk found.
func requireSame(t *testing.T, datagram []byte) {
	t.Helper()
	names, tags, contents, err := snmptraptest.Walked(datagram)
	require.NoError(t, err)
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(datagram)
	require.NoError(t, err)
	require.Len(t, p.Variables, len(names))
	for i, v := range p.Variables {
		require.Equal(t, "."+names[i], v.Name)
		require.Equal(t, tags[i], byte(v.Type))
		require.Equal(t, number(v.Type, contents[i]), value64(v), "%s", names[i])
	}
}

// number reads the content octets of a number by sign extension, and leaves
// those of other types as they are.
func number(tag gosnmp.Asn1BER, content string) any {
	switch tag {
	case gosnmp.OctetString:
		return content
	case gosnmp.IPAddress:
		return netip.AddrFrom4([4]byte([]byte(content))).String()
	case gosnmp.ObjectIdentifier:
		return len(content)
	}
	fill := "\x00"
	if tag == gosnmp.Integer && content[0] >= 0x80 {
		fill = "\xff"
	}
	wide := strings.Repeat(fill, 8) + content
	return binary.BigEndian.Uint64([]byte(wide[len(wide)-8:]))
}

// value64 returns gosnmp's value in the same form.
func value64(v gosnmp.SnmpPDU) any {
	switch n := v.Value.(type) {
	case int:
		return uint64(n)
	case uint:
		return uint64(n)
	case uint32:
		return uint64(n)
	case []byte:
		return string(n)
	case string:
		if v.Type == gosnmp.ObjectIdentifier {
			return oidSize(n)
		}
	}
	return v.Value
}

// oidSize returns the content octets that an OID in dotted form takes.
func oidSize(text string) (n int) {
	parts := strings.Split(strings.TrimPrefix(text, "."), ".")
	arcs := make([]uint64, len(parts))
	for i, part := range parts {
		for _, digit := range part {
			arcs[i] = 10*arcs[i] + uint64(digit-'0')
		}
	}
	arcs[1] += 40 * arcs[0]
	for _, arc := range arcs[1:] {
		for n++; arc >= 128; arc >>= 7 {
			n++
		}
	}
	return n
}
