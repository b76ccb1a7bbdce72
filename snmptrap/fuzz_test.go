package snmptrap_test

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

func FuzzParseOID(f *testing.F) {
	for _, seed := range []string{snmptrap.SeedBaseOID, ".1.3", "2.4294967215.4294967295", "1..3", "3.1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dotted string) {
		o, err := snmptrap.ParseOID(dotted)
		if err != nil {
			require.True(t, o.IsZero())
			return
		}
		again, err := snmptrap.ParseOID(o.String())
		require.NoError(t, err)
		require.Equal(t, o, again)
		require.Equal(t, o.Len(), strings.Count(o.String(), ".")+1)
		octets, err := snmptrap.Notice{OID: o}.Append(nil, "")
		require.NoError(t, err)
		require.Equal(t, "."+o.String(), decode(t, octets).Variables[1].Value)
	})
}

func FuzzAppendTrap(f *testing.F) {
	long := strings.Repeat("磁盘\n\xff使用率", 300)
	f.Add("ecs", "WARN", "cn-hangzhou", "生产数据库-01", "磁盘使用率过高", "95% > 90%", "key", "public", testBase,
		true, byte(0), int8(0), 0, int64(1795162121), int32(8*3600), int32(1), uint32(104468))
	f.Add(long, long, long, long, long, long, long, strings.Repeat("c", 300), "2.999.4294967295",
		false, byte(1), int8(2), 484, int64(-1), int32(-1), int32(-1), uint32(1<<32-1))
	f.Add("\x00", "a\u2028b", "\xff\xfe\xfd", "\xed\xa0\x80", "\u0085", strings.Repeat("s", 1025), "", "", "x",
		true, byte(2), int8(-128), -1, int64(1<<62), int32(1<<31-1), int32(0), uint32(0))
	f.Fuzz(func(t *testing.T, product, level, region, instance, name, summary, key, community, base string,
		full bool, status byte, severity int8, size int, unix int64, zone, id int32, up uint32,
	) {
		opts := &snmptrap.Options{Layout: snmptrap.Seed, MaxSize: size}
		if full {
			opts.Layout = snmptrap.Full
		}
		e, err := snmptrap.NewEncoder(community, base, opts)
		if err != nil {
			return
		}
		a := alert.Alert{
			Product: product, Level: level, Region: region, Instance: instance, Name: name, Summary: summary, Key: key,
			Test: size%3 == 0, Status: alert.Status(status), Severity: alert.Severity(severity),
			StartsAt: time.Unix(unix, 0).In(time.FixedZone("", int(zone))),
		}
		octets, err := e.AppendTrap(nil, a, id, up)
		require.NoError(t, err, "NewEncoder took care that every alert can be encoded")
		limit := map[int]int{0: 1472, -1: 65507}[size]
		if limit == 0 {
			limit = size
		}
		require.LessOrEqual(t, len(octets), limit)

		p := decode(t, octets)
		require.Equal(t, community, p.Community)
		require.Equal(t, gosnmp.SNMPv2Trap, p.PDUType)
		require.Equal(t, uint32(id), p.RequestID)
		parsed := mustOID(t, base)
		checkHead(t, p, parsed, a, up)
		checkObjects(t, p.Variables[2:], parsed, a, full, len(octets) < limit-16)
	})
}

// checkHead checks the two obligatory variable bindings.
func checkHead(t *testing.T, p *gosnmp.SnmpPacket, base snmptrap.OID, a alert.Alert, up uint32) {
	require.Len(t, p.Variables, 12)
	require.Equal(t, gosnmp.SnmpPDU{Name: ".1.3.6.1.2.1.1.3.0", Type: gosnmp.TimeTicks, Value: up}, p.Variables[0])
	notification := "." + base.String() + ".0.1"
	switch {
	case a.Test || a.Status == alert.News:
		notification = "." + base.String() + ".0.3"
	case a.Status == alert.Resolved:
		notification = "." + base.String() + ".0.2"
	}
	require.Equal(t, gosnmp.SnmpPDU{
		Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: notification,
	}, p.Variables[1])
}

// checkObjects checks the ten objects against a model of their own. Roomy
// says that the trap is so far below its limit that none was cut for it.
func checkObjects(t *testing.T, got []gosnmp.SnmpPDU, base snmptrap.OID, a alert.Alert, full, roomy bool) {
	suffix, labels := ".0", make([]string, 10)
	if !full {
		suffix, labels = "", []string{"product:", "level:", "regionId:", "instanceName:", "name:", "", "", "", "", ""}
	}
	level := a.LevelWord()
	switch {
	case full:
	case a.Test:
		level = "TEST"
	case a.Status == alert.News:
		level = "NEWS"
	case a.Status == alert.Resolved:
		level = "OK"
	}
	if a.Test {
		labels[4] += "[Test] "
	}
	texts := []string{0: a.Product, 1: level, 2: a.Region, 3: a.Instance, 4: a.Name, 9: a.Summary}
	for i, v := range got {
		require.Equal(t, "."+base.String()+"."+[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}[i]+suffix, v.Name)
		switch i {
		case 5, 6:
			require.Equal(t, gosnmp.Integer, v.Type)
			require.Contains(t, []int{1, 2, 3, 4, 6, 7}, v.Value)
		case 7:
			checkTime(t, v.Value.([]byte), a.StartsAt)
		case 8:
			require.Regexp(t, "^[!-~]{1,64}$", string(v.Value.([]byte)))
		default:
			most := 255
			if i == 9 {
				most = 1024
			}
			checkText(t, string(v.Value.([]byte)), labels[i], clean(texts[i]), most, roomy)
		}
	}
}

// clean says in other words what becomes of a text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Cf, r) && r != 0x200c && r != 0x200d {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// checkText checks that got is the label and the text, cut if and only if it
// must be and as late as possible.
func checkText(t *testing.T, got, label, text string, most int, roomy bool) {
	require.True(t, utf8.ValidString(got))
	require.LessOrEqual(t, len(got), most)
	if got == label+text {
		return
	}
	kept, isCut := strings.CutSuffix(got, "…")
	require.True(t, isCut, "%q became %q", text, got)
	require.True(t, strings.HasPrefix(label+text, kept), "%q became %q", text, got)
	require.GreaterOrEqual(t, len(kept), len(label))
	if roomy {
		require.Greater(t, len(label+text), most, "cut without need")
		_, next := utf8.DecodeRuneInString((label + text)[len(kept):])
		require.Greater(t, len(got)+next, most, "cut too early")
	}
}

// checkTime checks that a DateAndTime is the moment of want, or, where that
// cannot be written, some moment.
func checkTime(t *testing.T, got []byte, want time.Time) {
	require.Len(t, got, 11)
	year := int(binary.BigEndian.Uint16(got))
	require.Contains(t, "+-", string(got[8]))
	require.Less(t, got[9], byte(14))
	require.Less(t, got[10], byte(60))
	offset := int(got[9])*3600 + int(got[10])*60
	if got[8] == '-' {
		offset = -offset
	}
	moment := time.Date(year, time.Month(got[2]), int(got[3]), int(got[4]), int(got[5]), int(got[6]), int(got[7])*1e8,
		time.FixedZone("", offset))
	if !want.IsZero() && want.Year() > 1 && want.Year() < 65535 {
		require.Equal(t, want.Unix(), moment.Unix())
	}
}

// Whatever a label or an address holds, the trap is sound and holds the alert.
func FuzzNotificationAndAddress(f *testing.F) {
	f.Add("1.3.6.1.4.1.9.0.1", "192.0.2.7", 484, "n", "s")
	f.Add("1.3.6.1.4.1.9.1", "2001:db8::1", 0, "n", strings.Repeat("s", 2000))
	f.Add("1.3"+strings.Repeat(".4294967295", 60)+".0.1", "::ffff:10.0.0.1", 484, strings.Repeat("磁", 99), strings.Repeat("s", 2000))
	f.Fuzz(func(t *testing.T, own, address string, size int, name, summary string) {
		addr, _ := netip.ParseAddr(address)
		e, err := snmptrap.NewEncoder("c", testBase, &snmptrap.Options{
			MaxSize: size, Address: func(alert.Alert) netip.Addr { return addr },
			OIDs: snmptrap.OIDs{Notification: func(alert.Alert) string { return own }},
		})
		if err != nil {
			return
		}
		octets, err := e.AppendTrap(nil, alert.Alert{Name: name, Summary: summary}, 1<<31-1, 1<<32-1)
		require.NoError(t, err)
		limit := map[int]int{0: 1472, -1: 65507}[size]
		if limit == 0 {
			limit = size
		}
		require.LessOrEqual(t, len(octets), limit)
		got := decode(t, octets).Variables
		binds := 12
		if addr.Unmap().Is4() {
			binds = 13
			require.Equal(t, addr.Unmap().String(), got[12].Value)
		}
		require.Len(t, got, binds)
		notification := got[1].Value.(string)
		if notification != "."+testBase+".0.1" {
			require.Equal(t, "."+mustOID(t, own).String(), notification)
		}
	})
}

// The reader of answers never panics, and where gosnmp reads the same message
// as a Response it reads the same.
func FuzzReadResponse(f *testing.F) {
	for _, name := range []string{"netsnmp-inform-response.hex", "netsnmp-inform.hex", "netsnmp-trap.hex"} {
		f.Add(golden(f, name))
	}
	f.Add([]byte("\x30\x82\x00\x1d\x02\x01\x01\x04\x01c\xa2\x81\x14\x02\x82\x00\x04\x7f\xff\xff\xff\x02\x01\x01\x02\x01\x00\x30\x84\x00\x00\x00\x00"))
	f.Add([]byte("\x30\x80\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		community, id, status, ok := snmptrap.ReadResponse(octets)
		if !ok {
			require.Zero(t, id)
			return
		}
		p, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(octets)
		if err != nil {
			return
		}
		require.Equal(t, gosnmp.GetResponse, p.PDUType)
		require.Equal(t, string(community), p.Community)
		require.Equal(t, uint32(id), p.RequestID)
		if status >= 0 && status < 1<<7 {
			require.Equal(t, gosnmp.SNMPError(status), p.Error)
		}
	})
}
