package snmptrap_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// variables encodes an alert and returns what gosnmp reads.
func variables(tb testing.TB, e *snmptrap.Encoder, a alert.Alert) []gosnmp.SnmpPDU {
	tb.Helper()
	octets, err := e.AppendTrap(nil, a, 1, 1)
	require.NoError(tb, err)
	return decode(tb, octets).Variables
}

func TestBareNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		layout snmptrap.Layout
		bare   bool
		want   string
	}{
		{"full", snmptrap.Full, false, ".1.0"},
		{"full bare", snmptrap.Full, true, ".1"},
		{"seed", snmptrap.Seed, false, ".1"},
		{"seed bare", snmptrap.Seed, true, ".1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEncoder(t, &snmptrap.Options{Layout: tt.layout, OIDs: snmptrap.OIDs{Bare: tt.bare}})
			got := variables(t, e, named("n"))
			require.Equal(t, "."+testBase+tt.want, got[2].Name)
			require.Equal(t, "."+testBase+strings.Replace(tt.want, "1", "10", 1), got[11].Name)
		})
	}
}

func TestOwnNames(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, &snmptrap.Options{OIDs: snmptrap.OIDs{
		Firing: "1.3.6.1.4.1.9.9.0.17", Resolved: ".1.3.6.1.4.1.9.9.0.2147483647", News: "1.3.6.1.4.1.9.9.0.18",
		Objects: []string{"1.3.6.1.4.1.9.1", "", "1.3.6.1.4.1.9.3.0"},
	}})
	got := variables(t, e, named("n"))
	require.Equal(t, ".1.3.6.1.4.1.9.9.0.17", got[1].Value)
	require.Equal(t, ".1.3.6.1.4.1.9.1", got[2].Name)
	require.Equal(t, "."+testBase+".2.0", got[3].Name)
	require.Equal(t, ".1.3.6.1.4.1.9.3.0", got[4].Name)
	require.Equal(t, "."+testBase+".4.0", got[5].Name)
	got = variables(t, e, alert.Alert{Status: alert.Resolved})
	require.Equal(t, ".1.3.6.1.4.1.9.9.0.2147483647", got[1].Value)
	require.Equal(t, ".1.3.6.1.4.1.9.9.0.18", variables(t, e, alert.Alert{Status: alert.News})[1].Value)
	require.Equal(t, ".1.3.6.1.4.1.9.9.0.18", variables(t, e, alert.Alert{Test: true})[1].Value)
}

func TestOwnNamesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		oids snmptrap.OIDs
		want string
	}{
		{"nothing in front", snmptrap.OIDs{Firing: "1.3"}, "a notification has at least 3 sub-identifiers"},
		{"no number", snmptrap.OIDs{Firing: "1.3.c0mmunity.0.1"}, "sub-identifier 3 is not a number"},
		{"over 32 bits", snmptrap.OIDs{Resolved: "1.3.4294967296.0.1"}, "sub-identifier 3 is greater than 4294967295"},
		{"object", snmptrap.OIDs{Objects: []string{"", "1.3.x"}}, "object 2: "},
		{"eleven objects", snmptrap.OIDs{Objects: make([]string, 11)}, "11 names of objects, there are 10 objects"},
		{"twice", snmptrap.OIDs{Objects: []string{testBase + ".2.0"}}, "objects 1 and 2 have the same name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := snmptrap.NewEncoder("c0mmunity", testBase, &snmptrap.Options{OIDs: tt.oids})
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "c0mmunity")
		})
	}
}

// Many consoles have notifications that do not end in .0.N. They go out.
func TestNotificationsAgainstTheRule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, oid string
		warned    bool
	}{
		{"as it should be", "1.3.6.1.4.1.98789.0.1", false},
		{"no zero", "1.3.6.1.4.1.98789.1", true},
		{"N is zero", "1.3.6.1.4.1.9.0.0", true},
		{"N over 31 bits", "1.3.6.1.4.1.9.0.2147483648", true},
		{"zero elsewhere", "1.3.6.0.1.4", true},
		{"a multiple of 128", "1.3.6.128.1", true},
		{"linkDown", "1.3.6.1.6.3.1.1.5.3", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			e := newEncoder(t, &snmptrap.Options{Logger: logger, OIDs: snmptrap.OIDs{Firing: tt.oid}})
			require.Equal(t, "."+tt.oid, variables(t, e, named("n"))[1].Value)
			require.Equal(t, tt.warned, strings.Contains(log.String(), "level=WARN"), &log)
		})
	}
}

// byLabel lets alerts bring their notification, as people with other gateways
// are used to.
func byLabel(a alert.Alert) string {
	if a.Status == alert.Resolved {
		return a.Labels["oid_resolved"]
	}
	return a.Labels["oid"]
}

// A test must not touch the sensor of the real problem whose labels it bears.
func TestNotificationOfATest(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, &snmptrap.Options{OIDs: snmptrap.OIDs{Notification: byLabel}})
	a := alert.Alert{Labels: map[string]string{"oid": "1.3.6.1.4.1.9.9.0.42", "oid_resolved": "1.3.6.1.4.1.9.9.0.43"}, Test: true}
	require.Equal(t, "."+testBase+".0.3", variables(t, e, a)[1].Value)
	a.Status = alert.Resolved
	require.Equal(t, "."+testBase+".0.3", variables(t, e, a)[1].Value)
	a.Test, a.Status = false, alert.News
	require.Equal(t, ".1.3.6.1.4.1.9.9.0.42", variables(t, e, a)[1].Value, "news may have their own")
}

func TestNotificationOfAnAlert(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, oid, want string }{
		{"none", "", testBase + ".0.1"},
		{"own", "1.3.6.1.4.1.9.9.0.42", "1.3.6.1.4.1.9.9.0.42"},
		{"leading dot", ".1.3.6.1.4.1.9.9.0.42", "1.3.6.1.4.1.9.9.0.42"},
		{"against the rule", "1.3.6.1.4.1.98789.1", "1.3.6.1.4.1.98789.1"},
		{"no OID", "h0stile\n", testBase + ".0.1"},
		{"UUID", "2.25.329800735698586629295641978511506172918.0.1", testBase + ".0.1"},
		{"long", "1.3" + strings.Repeat(".4294967295", 100) + ".0.1", testBase + ".0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			e := newEncoder(t, &snmptrap.Options{
				MaxSize: 484, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				OIDs: snmptrap.OIDs{Notification: byLabel},
			})
			a := usual()
			a.Labels = map[string]string{"oid": tt.oid}
			for range 3 {
				octets, err := e.AppendTrap(nil, a, 1, 1)
				require.NoError(t, err, "an alert never gets lost over it")
				require.LessOrEqual(t, len(octets), 484)
				require.Equal(t, "."+tt.want, decode(t, octets).Variables[1].Value)
			}
			a.Status = alert.Resolved
			require.Equal(t, "."+testBase+".0.2", variables(t, e, a)[1].Value)
			warnings := 0
			if tt.oid != "" && strings.TrimPrefix(tt.oid, ".") != tt.want {
				warnings = 1 // a minute
				require.Contains(t, log.String(), "aliyun/acs:ecs:")
			}
			require.Equal(t, warnings, strings.Count(log.String(), "\n"))
			require.NotContains(t, log.String(), "h0stile")
		})
	}
}

// Whatever fits at the edge is used, and whatever does not is not.
func TestNotificationAtTheEdgeOfTheSize(t *testing.T) {
	t.Parallel()
	own := ""
	e := newEncoder(t, &snmptrap.Options{MaxSize: 484, OIDs: snmptrap.OIDs{Notification: func(alert.Alert) string { return own }}})
	long := strings.Repeat("磁", 2000)
	a := alert.Alert{Product: long, Level: long, Region: long, Instance: long, Name: long, Summary: long}
	a.Key = strings.Repeat("k", 63) // the longest that goes out whole
	used := map[bool]int{}
	for n := range 500 {
		own = "1.3" + strings.Repeat(".268435456", n/5) + strings.Repeat(".1", n%5) + ".0.1" // one octet more each time
		octets, err := e.AppendTrap(nil, a, 1<<31-1, 1<<32-1)
		require.NoError(t, err)
		require.LessOrEqual(t, len(octets), 484)
		used[decode(t, octets).Variables[1].Value == "."+own]++
	}
	require.Greater(t, used[true], 10)
	require.Greater(t, used[false], 10)
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, instance, want string }{
		{"IPv4", "192.0.2.7", "192.0.2.7"},
		{"IPv4 in IPv6", "::ffff:192.0.2.7", "192.0.2.7"},
		{"IPv6", "2001:db8::7", ""},
		{"none", "生产数据库-01", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEncoder(t, &snmptrap.Options{MaxSize: 484, Address: func(a alert.Alert) netip.Addr {
				addr, _ := netip.ParseAddr(a.Instance)
				return addr
			}})
			for _, summary := range []string{"s", strings.Repeat("s", 2000)} {
				octets, err := e.AppendTrap(nil, alert.Alert{Instance: tt.instance, Summary: summary}, 1, 1)
				require.NoError(t, err)
				require.LessOrEqual(t, len(octets), 484)
				got := decode(t, octets).Variables
				require.Equal(t, "."+testBase+".10.0", got[11].Name)
				if tt.want == "" {
					require.Len(t, got, 12)
					continue
				}
				require.Equal(t, gosnmp.SnmpPDU{Name: ".1.3.6.1.6.3.18.1.3.0", Type: gosnmp.IPAddress, Value: tt.want}, got[12])
				require.Len(t, got, 13)
			}
		})
	}
}
