package snmptrap_test

import (
	"net"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// usual is an alert of ordinary size.
func usual() alert.Alert {
	return alert.Alert{
		Source: "aliyun", ID: "d2b3c4", Key: "acs:ecs:i-bp1abcdefgh:cpu_total:rule-7f21",
		Severity: alert.Warning, Level: "WARN", Name: "磁盘使用率过高", Summary: "磁盘使用率 95% > 90%",
		Product: "ecs", Region: "cn-hangzhou", Instance: "生产数据库-01",
		StartsAt: time.Date(2026, 11, 20, 16, 8, 41, 700_000_000, time.FixedZone("", 8*3600)),
	}
}

// objectNames are the names that gosnmp is given: nothing to compute.
var objectNames = [...]string{ //nolint:gochecknoglobals // read-only table
	".1.3.6.1.4.1.32473.1.0", ".1.3.6.1.4.1.32473.2.0", ".1.3.6.1.4.1.32473.3.0", ".1.3.6.1.4.1.32473.4.0",
	".1.3.6.1.4.1.32473.5.0", ".1.3.6.1.4.1.32473.6.0", ".1.3.6.1.4.1.32473.7.0", ".1.3.6.1.4.1.32473.8.0",
	".1.3.6.1.4.1.32473.9.0", ".1.3.6.1.4.1.32473.10.0",
}

// foreign makes of an alert what gosnmp encodes to the same octets. It does
// the work that AppendTrap does, except that it neither cleans nor bounds.
func foreign(a *alert.Alert, up uint32) []gosnmp.SnmpPDU {
	at := a.Time()
	_, offset := at.Zone()
	date := []byte{
		byte(at.Year() >> 8), byte(at.Year()), byte(at.Month()), byte(at.Day()), byte(at.Hour()), byte(at.Minute()),
		byte(at.Second()), byte(at.Nanosecond() / 1e8), '+', byte(offset / 3600), byte(offset / 60 % 60),
	}
	values := [...]any{
		a.Product, a.LevelWord(), a.Region, a.Instance, a.Name, 1, 6, date, a.Source + "/" + a.Key, a.Summary,
	}
	binds := make([]gosnmp.SnmpPDU, 0, 12)
	binds = append(binds,
		gosnmp.SnmpPDU{Name: ".1.3.6.1.2.1.1.3.0", Type: gosnmp.TimeTicks, Value: up},
		gosnmp.SnmpPDU{Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: ".1.3.6.1.4.1.32473.0.1"},
	)
	for i, value := range values {
		bind := gosnmp.SnmpPDU{Name: objectNames[i], Type: gosnmp.OctetString, Value: value}
		if _, ok := value.(int); ok {
			bind.Type = gosnmp.Integer
		}
		binds = append(binds, bind)
	}
	return binds
}

// BenchmarkAppendTrap makes the same octets of the same alert in two ways.
func BenchmarkAppendTrap(b *testing.B) {
	e := newEncoder(b, nil)
	a := usual()
	want, err := e.AppendTrap(nil, a, 1833314971, 104468)
	require.NoError(b, err)
	b.Run("tocsin", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 1472)
		for b.Loop() {
			if _, err := e.AppendTrap(buf, a, 1833314971, 104468); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gosnmp", func(b *testing.B) {
		b.ReportAllocs()
		g := &gosnmp.GoSNMP{Version: gosnmp.Version2c, Community: "public"}
		var got []byte
		for b.Loop() {
			p := g.MkSnmpPacket(gosnmp.SNMPv2Trap, foreign(&a, 104468), 0, 0)
			p.RequestID = 1833314971
			if got, err = p.MarshalMsg(); err != nil {
				b.Fatal(err)
			}
		}
		require.Equal(b, want, got)
	})
}

// BenchmarkTrap encodes variable bindings that are ready made: the encoders
// alone.
func BenchmarkTrap(b *testing.B) {
	a := usual()
	binds := foreign(&a, 104468)
	g := &gosnmp.GoSNMP{Version: gosnmp.Version2c, Community: "public"}
	p := g.MkSnmpPacket(gosnmp.SNMPv2Trap, binds, 0, 0)
	p.RequestID = 1833314971
	want, err := p.MarshalMsg()
	require.NoError(b, err)
	b.Run("tocsin", func(b *testing.B) {
		b.ReportAllocs()
		trap := snmptrap.Notice{RequestID: 1833314971, UpTime: 104468, OID: mustOID(b, testBase+".0.1")}
		for _, bind := range binds[2:] {
			var v snmptrap.Value
			switch value := bind.Value.(type) {
			case int:
				v = snmptrap.Integer(int32(value))
			case string:
				v = snmptrap.Text(value)
			case []byte:
				v = snmptrap.OctetString(string(value))
			}
			trap.Varbinds = append(trap.Varbinds, snmptrap.Varbind{Name: mustOID(b, bind.Name), Value: v})
		}
		buf := make([]byte, 0, 1472)
		var got []byte
		for b.Loop() {
			if got, err = trap.Append(buf, "public"); err != nil {
				b.Fatal(err)
			}
		}
		require.Equal(b, want, got)
	})
	b.Run("gosnmp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.MarshalMsg(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSend(b *testing.B) {
	a := usual()
	b.Run("tocsin", func(b *testing.B) {
		b.ReportAllocs()
		s, err := snmptrap.New([]string{sink(b)}, "public", testBase, &snmptrap.Options{Rate: -1})
		require.NoError(b, err)
		defer s.Close()
		for b.Loop() {
			if err := s.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
	})
	octets, err := newEncoder(b, nil).AppendTrap(nil, a, 1833314971, 104468)
	require.NoError(b, err)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		conn, err := new(net.Dialer).DialContext(b.Context(), "udp", sink(b))
		require.NoError(b, err)
		defer conn.Close()
		for b.Loop() {
			if _, err := conn.Write(octets); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gosnmp-sendtrap", func(b *testing.B) {
		b.ReportAllocs()
		addr, err := net.ResolveUDPAddr("udp", sink(b))
		require.NoError(b, err)
		g := &gosnmp.GoSNMP{
			Target: addr.IP.String(), Port: uint16(addr.Port), Community: "public",
			Version: gosnmp.Version2c, Timeout: time.Second,
		}
		require.NoError(b, g.Connect())
		defer g.Close()
		trap := gosnmp.SnmpTrap{Variables: foreign(&a, 104468)}
		for b.Loop() {
			if _, err := g.SendTrap(trap); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sink returns the address of a socket that is bound and never read: what
// does not fit its buffer is dropped by the kernel, for every contender alike.
func sink(tb testing.TB) string {
	tb.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}
