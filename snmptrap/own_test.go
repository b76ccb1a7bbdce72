package snmptrap_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// temperature is an object of an agent's own.
func temperature(v snmptrap.Value) snmptrap.Varbind {
	return snmptrap.Varbind{Name: snmptrap.MustOID(testBase + ".7.1.0"), Value: v}
}

func TestExtra(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 400)
	for _, tt := range []struct {
		name  string
		extra []snmptrap.Varbind
		want  []any
		warns string
	}{
		{"none", nil, nil, ""},
		{"two", []snmptrap.Varbind{temperature(snmptrap.Integer(-40)), temperature(snmptrap.Counter32(1<<32 - 1))}, []any{-40, uint(1<<32 - 1)}, ""},
		{"no name", []snmptrap.Varbind{{Value: snmptrap.Integer(1)}, temperature(snmptrap.Integer(2))}, []any{2}, "varbind 1 has no name"},
		{"no value", []snmptrap.Varbind{temperature(snmptrap.IPAddress(netip.IPv6Loopback()))}, nil, "varbind 1 has no value"},
		{"the summary is cut for it", []snmptrap.Varbind{temperature(snmptrap.Text(long[:60]))}, []any{[]byte(long[:60])}, ""},
		{"too long", []snmptrap.Varbind{temperature(snmptrap.Text(long))}, nil, "trap too large"},
		{"the texts would be cut for it", []snmptrap.Varbind{temperature(snmptrap.Text(long[:200]))}, nil, "trap too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			e := newEncoder(t, &snmptrap.Options{
				MaxSize: 484, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Extra:   func(alert.Alert) []snmptrap.Varbind { return tt.extra },
				Address: func(alert.Alert) netip.Addr { return netip.MustParseAddr("192.0.2.7") },
			})
			plain := newEncoder(t, &snmptrap.Options{MaxSize: 484})
			a := usual()
			got, want := variables(t, e, a), variables(t, plain, a)
			require.Equal(t, want[:6], got[:6], "the alert does not get lost over it")
			require.Equal(t, "192.0.2.7", got[len(got)-1].Value, "the address stays behind everything else")
			var values []any
			for _, v := range got[12 : len(got)-1] {
				require.Equal(t, "."+testBase+".7.1.0", v.Name)
				values = append(values, v.Value)
			}
			require.Equal(t, tt.want, values)
			if tt.warns == "" {
				require.Empty(t, log.String())
			} else {
				require.Contains(t, log.String(), tt.warns)
			}
		})
	}
}

// A notification of an agent's own goes the same way as an alert.
func TestSendTrapAndSendInform(t *testing.T) {
	t.Parallel()
	l, r := listen(t, ""), respond(t, "", acknowledge)
	trap := snmptrap.Trap{OID: snmptrap.MustOID(testBase + ".7.0.1"), Varbinds: []snmptrap.Varbind{temperature(snmptrap.Integer(-40))}}
	require.NoError(t, newSender(t, nil, l.addr(), closedPort(t)).SendTrap(t.Context(), trap))
	s := newSender(t, lasting(-1), r.addr())
	acks, err := s.SendInform(t.Context(), trap)
	require.NoError(t, err)
	require.Equal(t, r.addr(), acks[0].Address)
	for _, p := range []*gosnmp.SnmpPacket{l.packets()[0], r.decoded()[0]} {
		require.Len(t, p.Variables, 3)
		require.Equal(t, ".1.3.6.1.2.1.1.3.0", p.Variables[0].Name)
		require.Equal(t, "."+testBase+".7.0.1", p.Variables[1].Value)
		require.Equal(t, -40, p.Variables[2].Value)
	}
	require.Equal(t, gosnmp.InformRequest, r.decoded()[0].PDUType)

	for _, bad := range []snmptrap.Trap{
		{}, {OID: trap.OID, Varbinds: make([]snmptrap.Varbind, 1)},
		{OID: trap.OID, Varbinds: []snmptrap.Varbind{temperature(snmptrap.OctetString(strings.Repeat("x", 65500)))}},
	} {
		err := s.SendTrap(t.Context(), bad)
		require.False(t, alert.Retryable(err))
		_, err = s.SendInform(t.Context(), bad)
		require.ErrorContains(t, err, "snmptrap: encode: ")
	}
	require.Len(t, r.received(), 1)
}

// The mapping of RFC 3584 section 3.2, read by gosnmp.
func TestV1(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		oid, enterprise   string
		generic, specific int
	}{
		{testBase + ".0.1", testBase, 6, 1},
		{testBase + ".0.2147483647", testBase, 6, 1<<31 - 1},
		{testBase + ".5", testBase, 6, 5},
		{testBase + ".128.5", testBase + ".128", 6, 5},
		{"1.3.6.1.6.3.1.1.5.1", "1.3.6.1.6.3.1.1.5", 0, 0},
		{"1.3.6.1.6.3.1.1.5.4", "1.3.6.1.6.3.1.1.5", 3, 0},
		{"1.3.6.1.6.3.1.1.5.7", "1.3.6.1.6.3.1.1.5", 6, 7},
	} {
		t.Run(tt.oid, func(t *testing.T) {
			t.Parallel()
			l := listen(t, "")
			s := newSender(t, &snmptrap.Options{V1: true, LocalAddr: "127.0.0.3"}, l.addr())
			s.Age(time.Minute)
			require.NoError(t, s.SendTrap(t.Context(), snmptrap.Trap{
				OID: snmptrap.MustOID(tt.oid), Varbinds: []snmptrap.Varbind{temperature(snmptrap.Gauge32(7))},
			}))
			p := decodeV1(t, l.received()[0])
			require.Equal(t, "."+tt.enterprise, p.Enterprise)
			require.Equal(t, []int{tt.generic, tt.specific}, []int{p.GenericTrap, p.SpecificTrap})
			require.Equal(t, "127.0.0.3", p.AgentAddress)
			require.InDelta(t, 6000, p.Timestamp, 3000)
			require.Equal(t, []gosnmp.SnmpPDU{{Name: "." + testBase + ".7.1.0", Type: gosnmp.Gauge32, Value: uint(7)}}, p.Variables)
		})
	}

	e := newEncoder(t, &snmptrap.Options{
		V1: true, MaxSize: 484, Address: func(alert.Alert) netip.Addr { return netip.MustParseAddr("192.0.2.7") },
		Extra: func(alert.Alert) []snmptrap.Varbind { return []snmptrap.Varbind{temperature(snmptrap.Counter64(1))} },
	})
	long := alert.Alert{Status: alert.Resolved, Name: strings.Repeat("n", 300), Summary: strings.Repeat("s", 2000)}
	octets, err := e.AppendTrap(nil, long, 1, 5)
	require.NoError(t, err)
	require.LessOrEqual(t, len(octets), 484)
	p := decodeV1(t, octets)
	require.Equal(t, "."+testBase, p.Enterprise)
	require.Equal(t, 2, p.SpecificTrap)
	require.Equal(t, "192.0.2.7", p.AgentAddress, "the host that the alert is about")
	require.Len(t, p.Variables, 11, "a Counter64 cannot go out")

	s := newSender(t, &snmptrap.Options{V1: true}, "127.0.0.1")
	require.ErrorContains(t, s.SendTrap(t.Context(), snmptrap.Trap{
		OID: snmptrap.MustOID(testBase + ".0.1"), Varbinds: []snmptrap.Varbind{temperature(snmptrap.Counter64(1))},
	}), "a Counter64, which SNMPv1 has not")
	_, err = s.Inform(t.Context(), named("a"))
	require.ErrorContains(t, err, "SNMPv1 has no informs")
	_, err = snmptrap.New([]string{"nms"}, "c", testBase, &snmptrap.Options{V1: true, Inform: &snmptrap.Inform{}})
	require.ErrorContains(t, err, "SNMPv1 has neither informs nor users")
}

// decodeV1 reads an SNMPv1 trap with gosnmp.
func decodeV1(tb testing.TB, octets []byte) *gosnmp.SnmpPacket {
	tb.Helper()
	p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version1}).UnmarshalTrap(octets, false)
	require.NoError(tb, err)
	require.Equal(tb, gosnmp.Version1, p.Version)
	return p
}

func TestTextTime(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, &snmptrap.Options{TextTime: true})
	_, values := objects(t, e, usual())
	require.Equal(t, "2026-11-20 16:08:41 +08:00", values[7])
	e = newEncoder(t, &snmptrap.Options{TextTime: true, Location: time.UTC, Layout: snmptrap.Seed})
	_, values = objects(t, e, usual())
	require.Equal(t, "2026-11-20 08:08:41 +00:00", values[7])
}

func TestMustOID(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { snmptrap.MustOID("1.x") })
	require.Equal(t, "1.3", fmt.Sprint(snmptrap.MustOID("1.3")))
}
