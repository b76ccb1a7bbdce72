package snmptrap_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// The short way is taken by usual alerts, or its speed is none, and leads to
// the octets of the long way.
func TestShortWay(t *testing.T) {
	t.Parallel()
	const id = 1833314971
	with := func(change func(*alert.Alert)) alert.Alert {
		a := usual()
		change(&a)
		return a
	}
	for _, tt := range []struct {
		name  string
		opts  snmptrap.Options
		alert alert.Alert
		id    int32
		quick bool
	}{
		{"usual", snmptrap.Options{}, usual(), id, true},
		{"seed", snmptrap.Options{Layout: snmptrap.Seed}, usual(), id, true},
		{"resolved", snmptrap.Options{Layout: snmptrap.Seed}, with(func(a *alert.Alert) { a.Status, a.Severity = alert.Resolved, alert.Critical }), id, true},
		{"zone", snmptrap.Options{Location: time.UTC}, usual(), id, true},
		{"hashed fingerprint", snmptrap.Options{}, with(func(a *alert.Alert) { a.Key = "磁盘" }), id, true},
		{"fingerprint without source", snmptrap.Options{}, with(func(a *alert.Alert) { a.Source = "" }), id, true},
		{"long texts", snmptrap.Options{}, with(func(a *alert.Alert) { a.Name, a.Summary = strings.Repeat("n", 255), strings.Repeat("磁", 120) }), id, true},
		{"texts at the edges of lengths", snmptrap.Options{}, with(func(a *alert.Alert) {
			a.Product, a.Region, a.Instance, a.Name = strings.Repeat("p", 112), strings.Repeat("r", 113), strings.Repeat("i", 127), strings.Repeat("n", 128)
		}), id, true},
		{"own names", snmptrap.Options{OIDs: snmptrap.OIDs{Firing: "1.3.6.1.4.1.99999.0.70000", Instance: snmptrap.Bare}}, usual(), id, true},
		{"long notification", snmptrap.Options{OIDs: snmptrap.OIDs{Resolved: "1.3" + strings.Repeat(".4294967295", 100) + ".0.1"}},
			with(func(a *alert.Alert) { a.Status = alert.Resolved }), id, true},
		{"greatest id", snmptrap.Options{}, usual(), math.MaxInt32, true},
		{"small id", snmptrap.Options{}, usual(), 1<<23 - 1, false},
		{"short trap", snmptrap.Options{OIDs: snmptrap.OIDs{Instance: snmptrap.Bare}}, alert.Alert{StartsAt: usual().StartsAt}, id, false},
		{"control character", snmptrap.Options{}, with(func(a *alert.Alert) { a.Summary += "\n" }), id, false},
		{"invalid UTF-8", snmptrap.Options{}, with(func(a *alert.Alert) { a.Region = "\xff" }), id, false},
		{"name that is cut", snmptrap.Options{}, with(func(a *alert.Alert) { a.Name = strings.Repeat("n", 256) }), id, false},
		{"name that is cut for its label", snmptrap.Options{Layout: snmptrap.Seed}, with(func(a *alert.Alert) { a.Name = strings.Repeat("n", 251) }), id, false},
		{"summary that is cut", snmptrap.Options{MaxSize: -1}, with(func(a *alert.Alert) { a.Summary = strings.Repeat("s", 1025) }), id, false},
		{"news", snmptrap.Options{Layout: snmptrap.Seed}, with(func(a *alert.Alert) { a.Status = alert.News }), id, true},
		{"test", snmptrap.Options{}, with(func(a *alert.Alert) { a.Test = true }), id, false},
		{"no room", snmptrap.Options{MaxSize: 484}, usual(), id, false},
		{"names of several lengths", snmptrap.Options{OIDs: snmptrap.OIDs{Objects: []string{"1.3.6"}}}, usual(), id, false},
		{"long names", snmptrap.Options{OIDs: snmptrap.OIDs{Objects: []string{
			"1.3.6.1.4.1.9.9.9.9.9.9.9.9.1", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.2", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.3", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.4",
			"1.3.6.1.4.1.9.9.9.9.9.9.9.9.5", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.6", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.7", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.8",
			"1.3.6.1.4.1.9.9.9.9.9.9.9.9.9", "1.3.6.1.4.1.9.9.9.9.9.9.9.9.10",
		}}}, usual(), id, false},
		{"address", snmptrap.Options{Address: func(alert.Alert) netip.Addr { return netip.Addr{} }}, usual(), id, false},
		{"own notification", snmptrap.Options{OIDs: snmptrap.OIDs{Notification: func(alert.Alert) string { return "" }}}, usual(), id, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEncoder(t, &tt.opts)
			require.Equal(t, tt.quick, e.IsQuick(tt.alert, tt.id))
			for _, up := range []uint32{0, 127, 128, 104468, 1 << 31, math.MaxUint32} {
				want, err := e.AppendAny([]byte("before"), tt.alert, tt.id, up)
				require.NoError(t, err)
				got, err := e.AppendTrap([]byte("before"), tt.alert, tt.id, up)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
}

// The date is computed here, so each day that differs from its neighbours is
// compared with package time.
func TestDates(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, &snmptrap.Options{Location: time.UTC})
	for year := 1; year < 65535; year += 37 {
		for _, day := range []int{1, 2, 31, 59, 60, 61, 365, 366} {
			at := time.Date(year, 1, day, 23, 59, 59, 900_000_000, time.UTC)
			if at.Year() < 1 || at.Equal(time.Date(1, 1, 1, 23, 59, 59, 900_000_000, time.UTC)) {
				continue
			}
			_, values := objects(t, e, alert.Alert{StartsAt: at})
			want := string([]byte{byte(at.Year() >> 8), byte(at.Year()), byte(at.Month()), byte(at.Day()), 23, 59, 59, 9, '+', 0, 0})
			require.Equal(t, want, values[7], at)
		}
	}
}
