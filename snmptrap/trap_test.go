package snmptrap_test

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// varbind makes a variable binding under a base.
func varbind(tb testing.TB, base, end string, v snmptrap.Value) snmptrap.Varbind {
	tb.Helper()
	return snmptrap.Varbind{Name: mustOID(tb, base+"."+end), Value: v}
}

// edgeVarbinds are the values of netsnmp-trap-edge-values.hex.
func edgeVarbinds(tb testing.TB, base string) []snmptrap.Varbind {
	tb.Helper()
	var binds []snmptrap.Varbind
	add := func(end string, v snmptrap.Value) { binds = append(binds, varbind(tb, base, end, v)) }
	for _, tt := range []struct {
		end string
		n   int32
	}{
		{"127", 127}, {"128", 128}, {"16383", -128}, {"16384", -129}, {"2097151", 32767},
		{"2097152", 32768}, {"268435455", 8388607}, {"268435456", 8388608},
		{"4294967295", math.MaxInt32}, {"1", math.MinInt32}, {"2", -1}, {"3", 0}, {"4", -32768}, {"5", -32769},
	} {
		add(tt.end, snmptrap.Integer(tt.n))
	}
	add("6", snmptrap.Gauge32(math.MaxUint32))
	add("7", snmptrap.Gauge32(128))
	add("8", snmptrap.OctetString(""))
	add("9", snmptrap.OctetString(strings.Repeat("a", 127)))
	add("10", snmptrap.OctetString(strings.Repeat("b", 128)))
	add("11", snmptrap.Text(strings.Repeat("c", 255)))
	add("12", snmptrap.Text(strings.Repeat("d", 256)))
	add("13", snmptrap.ObjectID(mustOID(tb, "1.3")))
	add("14", snmptrap.ObjectID(mustOID(tb, "2.999.4294967295")))
	add("15", snmptrap.IPAddress(netip.MustParseAddr("10.1.2.3")))
	add("16", snmptrap.TimeTicks(0))
	add("17", snmptrap.OctetString("\x00\xff\x80"))
	add("18", snmptrap.Counter64(math.MaxUint64))
	return binds
}

func TestTrapEqualsNetSNMP(t *testing.T) {
	t.Parallel()
	seed, edges := snmptrap.SeedBaseOID, testBase+".7"
	for _, tt := range []struct {
		file, community string
		trap            snmptrap.Notice
	}{
		{"netsnmp-trap.hex", "public", snmptrap.Notice{
			RequestID: 1833314971, UpTime: 104468, OID: mustOID(t, seed+".0.1"),
			Varbinds: []snmptrap.Varbind{
				varbind(t, seed, "1", snmptrap.Text("product:product2")),
				varbind(t, seed, "2", snmptrap.Text("level:level22")),
				varbind(t, seed, "3", snmptrap.Text("regionId:regionId222")),
				varbind(t, seed, "4", snmptrap.Text("instanceName:instanceName2222")),
				varbind(t, seed, "5", snmptrap.Text("name:name22222")),
			},
		}},
		{"netsnmp-trap-utf8.hex", "public", snmptrap.Notice{
			RequestID: 1987527874, UpTime: 104468, OID: mustOID(t, seed+".0.1"),
			Varbinds: []snmptrap.Varbind{varbind(t, seed, "5", snmptrap.Text("name:磁盘使用率过高"))},
		}},
		{"netsnmp-trap-edge-values.hex", "", snmptrap.Notice{
			RequestID: 914844063, UpTime: math.MaxUint32, OID: mustOID(t, edges+".0.1"),
			Varbinds: edgeVarbinds(t, edges),
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got, err := tt.trap.Append(nil, tt.community)
			require.NoError(t, err)
			require.Equal(t, golden(t, tt.file), got)
		})
	}
}

func TestTrapCommunityOfAnyLength(t *testing.T) {
	t.Parallel()
	trap := snmptrap.Notice{RequestID: 1, OID: mustOID(t, testBase+".0.1")}
	for _, n := range []int{0, 1, 127, 128, 129, 255, 256, 257, 4000, 65000} {
		community := strings.Repeat("c", n)
		got, err := trap.Append(nil, community)
		require.NoError(t, err, n)
		require.Equal(t, community, decode(t, got).Community, n)
	}
}

func TestTrapNumbers(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{0, 1, 127, 128, 255, 256, 1<<31 - 1, 1 << 31, math.MaxUint32, 1<<63 - 1, 1 << 63, math.MaxUint64} {
		trap := snmptrap.Notice{
			RequestID: int32(n), UpTime: uint32(n), OID: mustOID(t, testBase+".0.1"),
			Varbinds: []snmptrap.Varbind{
				varbind(t, testBase, "1", snmptrap.Counter64(n)),
				varbind(t, testBase, "2", snmptrap.Gauge32(uint32(n))),
				varbind(t, testBase, "3", snmptrap.TimeTicks(uint32(n))),
				varbind(t, testBase, "4", snmptrap.Integer(int32(n))),
			},
		}
		got, err := trap.Append(nil, "c")
		require.NoError(t, err)
		p := decode(t, got)
		require.Equal(t, uint32(n), p.Variables[0].Value)
		require.Equal(t, n, p.Variables[2].Value)
		require.EqualValues(t, uint32(n), p.Variables[3].Value)
		require.Equal(t, uint32(n), p.Variables[4].Value)
		require.EqualValues(t, int32(n), p.Variables[5].Value)
		require.Equal(t, uint32(n), p.RequestID)
	}
}

func TestTrapRefuses(t *testing.T) {
	t.Parallel()
	o := mustOID(t, testBase+".0.1")
	for _, tt := range []struct {
		name string
		trap snmptrap.Notice
		want string
	}{
		{"no OID", snmptrap.Notice{}, "the trap has no OID"},
		{"no name", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{{Value: snmptrap.Integer(1)}}}, "varbind 1 has no name"},
		{"no value", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{{Name: o}}}, "varbind 1 has no value"},
		{"IPv6 address", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{
			{Name: o, Value: snmptrap.Integer(1)},
			{Name: o, Value: snmptrap.IPAddress(netip.MustParseAddr("2001:db8::1:2"))},
		}}, "varbind 2 has no value"},
		{"zero address", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{{Name: o, Value: snmptrap.IPAddress(netip.Addr{})}}}, "no value"},
		{"zero OID as value", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{{Name: o, Value: snmptrap.ObjectID(snmptrap.OID{})}}}, "no value"},
		{"too large", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{
			{Name: o, Value: snmptrap.OctetString(strings.Repeat("x", 65500))},
		}}, "65601 octets, limit 65507: trap too large"},
		{"far too large", snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{
			{Name: o, Value: snmptrap.OctetString(strings.Repeat("x", 1<<25))}, {Name: o, Value: snmptrap.Integer(1)},
		}}, "trap too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.trap.Append([]byte("before"), "secret-word")
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "secret-word")
			require.Equal(t, "before", string(got))
			require.False(t, alert.Retryable(err))
			e, ok := errors.AsType[*snmptrap.Error](err)
			require.True(t, ok)
			require.Equal(t, "encode", e.Op)
			require.Equal(t, strings.Contains(tt.want, "too large"), errors.Is(err, snmptrap.ErrTooLarge))
		})
	}
}

func TestTrapAppends(t *testing.T) {
	t.Parallel()
	trap := snmptrap.Notice{OID: mustOID(t, testBase+".0.1")}
	alone, err := trap.Append(nil, "c")
	require.NoError(t, err)
	after, err := trap.Append([]byte("before"), "c")
	require.NoError(t, err)
	require.Equal(t, "before"+string(alone), string(after))
	require.Equal(t, gosnmp.SNMPv2Trap, decode(t, alone).PDUType)
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "disk 95% full, see ~/log", "disk 95% full, see ~/log"},
		{"Chinese and Japanese", "磁盘使用率过高。ディスク 使用率が 高い！", "磁盘使用率过高。ディスク 使用率が 高い！"},
		{"other scripts", "é ж ا 😀 \u00a0|", "é ж ا 😀 \u00a0|"},
		{"forged line", "x\n.1.3.6.1.6.3.18.1.3.0 10.9.9.9", "x .1.3.6.1.6.3.18.1.3.0 10.9.9.9"},
		{"C0 and DEL", "\x00a\x01b\tc\r\nd\x1b[31m\x1f\x7f", " a b c  d [31m  "},
		{"DEL among others", "abc\x7fdefg", "abc defg"},
		{"DEL after four", "abcd\x7f", "abcd "},
		{"C0 among others", "abc\x1fdefg", "abc defg"},
		{"C0 after four", "abcd\n", "abcd "},
		{"high octet among others", "abc\xffdefg", "abc\ufffddefg"},
		{"controls after eight", "12345678\n12345678\x7f", "12345678 12345678 "},
		{"C1", "a\u0080b\u0085c\u009b31m\u009f", "a b c 31m "},
		{"separators", "a\u2028b\u2029c\u2027d", "a b c\u2027d"},
		{"marks of direction", "a\u202eb\u2066c\u200fd\u061ce\ufefff\u200bg\u00adh\U000e0041i", "a b c d e f g h i"},
		{"joiners", "👩\u200d🚒 می\u200cخواهم", "👩\u200d🚒 می\u200cخواهم"},
		{"invalid", "a\xffb", "a\ufffdb"},
		{"run of three invalid octets", "a\xff\xfe\x80b", "a\ufffdb"},
		{"truncated", "a\xe7\xa3", "a\ufffd"},
		{"truncated, then plain", "\xe7\xa3plain", "\ufffdplain"},
		{"surrogate", "a\xed\xa0\x80b", "a\ufffdb"},
		{"overlong", "a\xc0\x8ab", "a\ufffdb"},
		{"genuine replacement", "a\ufffdb", "a\ufffdb"},
		{"long", strings.Repeat("磁x\n", 10000), strings.Repeat("磁x ", 10000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, contentOf(t, snmptrap.Text(tt.in)))
		})
	}
}

// contentOf returns the octets of a value as they stand in a trap.
func contentOf(tb testing.TB, v snmptrap.Value) string {
	tb.Helper()
	o := mustOID(tb, "1.3")
	octets, err := snmptrap.Notice{OID: o, Varbinds: []snmptrap.Varbind{{Name: o, Value: v}}}.Append(nil, "")
	require.NoError(tb, err)
	return string(decode(tb, octets).Variables[2].Value.([]byte))
}
