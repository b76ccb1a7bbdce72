package snmptrap_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/snmptrap"
)

// newEncoder returns an Encoder under testBase.
func newEncoder(tb testing.TB, opts *snmptrap.Options) *snmptrap.Encoder {
	tb.Helper()
	e, err := snmptrap.NewEncoder("public", testBase, opts)
	require.NoError(tb, err)
	return e
}

// objects encodes an alert and returns what its trap says: the notification's
// OID and the ten values as text.
func objects(tb testing.TB, e *snmptrap.Encoder, a alert.Alert) (notification string, values []string) {
	tb.Helper()
	octets, err := e.AppendTrap(nil, a, 1, 1)
	require.NoError(tb, err)
	p := decode(tb, octets)
	require.Len(tb, p.Variables, 12)
	for _, v := range p.Variables[2:] {
		if text, ok := v.Value.([]byte); ok {
			values = append(values, string(text))
		} else {
			values = append(values, fmt.Sprint(v.Value))
		}
	}
	return p.Variables[1].Value.(string), values
}

func TestAlertEqualsDraftMIB(t *testing.T) {
	t.Parallel()
	a := usual()
	a.Source, a.Key = "", "9f86d081884c7d65"
	for _, tt := range []struct {
		file   string
		status alert.Status
		zone   *time.Location
		time   time.Time
	}{
		{"draft-mib-firing.hex", alert.Firing, nil, a.StartsAt},
		{"draft-mib-resolved.hex", alert.Resolved, nil, a.StartsAt},
		{"draft-mib-firing.hex", alert.Firing, a.StartsAt.Location(), a.StartsAt.UTC()},
	} {
		a.Status, a.StartsAt = tt.status, tt.time
		e := newEncoder(t, &snmptrap.Options{Location: tt.zone})
		got, err := e.AppendTrap(nil, a, 16909060, 104468)
		require.NoError(t, err)
		require.Equal(t, golden(t, tt.file), got)
	}
}

func TestSeedLayout(t *testing.T) {
	t.Parallel()
	e, err := snmptrap.NewEncoder("public", snmptrap.SeedBaseOID, &snmptrap.Options{Layout: snmptrap.Seed})
	require.NoError(t, err)
	a := usual()
	octets, err := e.AppendTrap(nil, a, 1, 1)
	require.NoError(t, err)
	for i, v := range decode(t, octets).Variables[2:] {
		require.Equal(t, fmt.Sprintf(".%s.%d", snmptrap.SeedBaseOID, i+1), v.Name)
	}

	notification, values := objects(t, e, a)
	require.Equal(t, "."+snmptrap.SeedBaseOID+".0.1", notification)
	want := []string{
		"product:ecs", "level:WARN", "regionId:cn-hangzhou", "instanceName:生产数据库-01", "name:磁盘使用率过高",
		"1", "6", "\x07\xea\x0b\x14\x10\x08\x29\x07+\x08\x00", values[8], "磁盘使用率 95% > 90%",
	}
	require.Equal(t, want, values)

	a.Status = alert.Resolved
	notification, values = objects(t, e, a)
	require.Equal(t, "."+snmptrap.SeedBaseOID+".0.2", notification)
	want[1], want[5], want[6] = "level:OK", "2", "1"
	require.Equal(t, want, values)

	a.Status = alert.News
	notification, values = objects(t, e, a)
	require.Equal(t, "."+snmptrap.SeedBaseOID+".0.3", notification)
	want[1], want[5], want[6], want[8] = "level:NEWS", "3", "7", values[8]
	require.Equal(t, want, values)

	a.Test, a.Status = true, alert.Resolved
	notification, values = objects(t, e, a)
	require.Equal(t, "."+snmptrap.SeedBaseOID+".0.3", notification)
	want[1], want[4], want[8] = "level:TEST", "name:[Test] 磁盘使用率过高", values[8]
	require.Equal(t, want, values)

	_, values = objects(t, e, alert.Alert{})
	require.Equal(t, []string{"product:", "level:warning", "regionId:", "instanceName:", "name:"}, values[:5],
		"every object is present, however little there is to say")
}

func TestStatusAndSeverity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                                  string
		alert                                 alert.Alert
		level, status, severity, notification string
	}{
		{"critical", alert.Alert{Severity: alert.Critical}, "critical", "1", "3", "1"},
		{"major", alert.Alert{Severity: alert.Major}, "major", "1", "4", "1"},
		{"zero", alert.Alert{}, "warning", "1", "6", "1"},
		{"notice", alert.Alert{Severity: alert.Notice}, "notice", "1", "7", "1"},
		{"info", alert.Alert{Severity: alert.Info}, "info", "1", "7", "1"},
		{"above the range", alert.Alert{Severity: math.MaxInt8}, "Severity(127)", "1", "3", "1"},
		{"below the range", alert.Alert{Severity: math.MinInt8}, "Severity(-128)", "1", "7", "1"},
		{"source's word", alert.Alert{Severity: alert.Critical, Level: "P0 紧急"}, "P0 紧急", "1", "3", "1"},
		{"resolved", alert.Alert{Status: alert.Resolved, Severity: alert.Critical, Level: "CRITICAL"}, "CRITICAL", "2", "1", "2"},
		{"no data", alert.Alert{Status: alert.NoData, Severity: alert.Major}, "major", "1", "4", "1"},
		{"news", alert.Alert{Status: alert.News, Severity: alert.Critical, Level: "CRITICAL"}, "CRITICAL", "3", "7", "3"},
		{"test", alert.Alert{Test: true, Severity: alert.Critical}, "critical", "3", "7", "3"},
		{"test that it is over", alert.Alert{Test: true, Status: alert.Resolved}, "warning", "3", "7", "3"},
		{"unknown status", alert.Alert{Status: 99, Severity: alert.Major}, "major", "1", "4", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			notification, values := objects(t, newEncoder(t, nil), tt.alert)
			require.Equal(t, "."+testBase+".0."+tt.notification, notification)
			require.Equal(t, []string{tt.level, tt.status, tt.severity}, []string{values[1], values[5], values[6]})
		})
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	zone := func(seconds int) *time.Location { return time.FixedZone("", seconds) }
	at := time.Date(2026, 11, 20, 16, 8, 41, 799_999_999, time.UTC)
	for _, tt := range []struct {
		name  string
		time  time.Time
		where *time.Location
		want  string
	}{
		{"UTC", at, nil, "\x07\xea\x0b\x14\x10\x08\x29\x07+\x00\x00"},
		{"east", at, zone(9 * 3600), "\x07\xea\x0b\x15\x01\x08\x29\x07+\x09\x00"},
		{"west, half an hour", at, zone(-(3*3600 + 1800)), "\x07\xea\x0b\x14\x0c\x26\x29\x07-\x03\x1e"},
		{"own zone", at.In(zone(8 * 3600)), nil, "\x07\xea\x0b\x15\x00\x08\x29\x07+\x08\x00"},
		{"widest", at, zone(14*3600 - 60), "\x07\xea\x0b\x15\x06\x07\x29\x07+\x0d\x3b"},
		{"too wide", at.In(zone(14 * 3600)), nil, "\x07\xea\x0b\x14\x10\x08\x29\x07+\x00\x00"},
		{"too wide, west", at.In(zone(-15 * 3600)), nil, "\x07\xea\x0b\x14\x10\x08\x29\x07+\x00\x00"},
		{"seconds in the zone", at.In(zone(8*3600 + 343)), nil, "\x07\xea\x0b\x14\x10\x08\x29\x07+\x00\x00"},
		{"year 1", time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), nil, "\x00\x01\x01\x02\x00\x00\x00\x00+\x00\x00"},
		{"year 65535", time.Date(65535, 12, 30, 23, 59, 59, 0, time.UTC), nil, "\xff\xff\x0c\x1e\x17\x3b\x3b\x00+\x00\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, values := objects(t, newEncoder(t, &snmptrap.Options{Location: tt.where}), alert.Alert{StartsAt: tt.time})
			require.Equal(t, tt.want, values[7])
		})
	}
}

func TestUnknownTimeIsThePresent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // where it is 2000-01-01 00:00:00 UTC
		e := newEncoder(t, &snmptrap.Options{Location: time.UTC})
		for _, unknown := range []time.Time{{}, time.Unix(math.MaxInt64/2, 0), time.Unix(math.MinInt64/2, 0), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)} {
			_, values := objects(t, e, alert.Alert{StartsAt: unknown})
			require.Equal(t, "\x07\xd0\x01\x01\x00\x00\x00\x00+\x00\x00", values[7])
		}
	})
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	e := newEncoder(t, nil)
	of := func(a alert.Alert) string {
		_, values := objects(t, e, a)
		return values[8]
	}
	key := alert.Alert{Source: "s", ID: "1", Key: "test"}
	require.Equal(t, "s/test", of(key), "readable")
	require.Equal(t, of(key), of(alert.Alert{Source: "s", Key: "test", ID: "2", Status: alert.Resolved, Name: "n"}))
	require.Equal(t, "test", of(alert.Alert{Key: "test"}))
	longest := alert.Alert{Source: "fifteen-octets.", Key: strings.Repeat("k", 48)}
	require.Equal(t, "fifteen-octets./"+longest.Key, of(longest))
	longest.Key += "k"
	require.Equal(t, "0ce5c5fb278e8a63", of(longest), "SHA-256(Source FF Key FF), 8 octets of it in hex")

	seen := map[string]string{}
	for name, a := range map[string]alert.Alert{
		"key": key, "other key": {Key: "tesu"}, "long key": {Key: strings.Repeat("k", 5000)},
		"blank after eight": {Source: "s", Key: "12345678 "}, "blank in eight": {Source: "s", Key: "1234 678"},
		"key of another source": {Source: "t", Key: "test"}, "key that cannot be read": {Source: "s", Key: "te st"},
		"source that cannot be read": {Source: "s t", Key: "test"}, "slash in the source": {Source: "s/t", Key: "est"}, "no source": {Key: "s/test"},
		"slash in the key": {Source: "s", Key: "t/est"}, "long source": {Source: "sixteen-octets..", Key: "k"},
		"id": {Source: "s", ID: "1"}, "other source": {Source: "t", ID: "1"}, "split": {Source: "s1", ID: ""},
		"shifted": {Source: "", ID: "s1"}, "nothing": {}, "name": {Name: "n"}, "instance": {Instance: "n"},
		"resource": {Resource: "n"}, "region": {Region: "n"}, "product": {Product: "n"},
		"test": {Source: "s", Key: "test", Test: true}, "news": {Source: "t", Key: "test", Status: alert.News},
		"test without a key": {Source: "s", ID: "1", Test: true}, "news of nothing": {Status: alert.News}, "test of a name": {Name: "n", Test: true},
	} {
		fingerprint := of(a)
		require.LessOrEqual(t, len(fingerprint), 64)
		require.Regexp(t, "^[!-~]+$", fingerprint, name)
		require.Empty(t, seen[fingerprint], name)
		seen[fingerprint] = name
	}
	require.Equal(t, of(alert.Alert{Name: "n"}), of(alert.Alert{Name: "n", Status: alert.Resolved, Summary: "over"}))
}

func TestTextsHaveLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("磁盘", 1000)
	a := alert.Alert{Product: long, Level: long, Region: long, Instance: long, Name: long, Summary: long}
	_, values := objects(t, newEncoder(t, &snmptrap.Options{MaxSize: -1}), a)
	for _, place := range []int{0, 1, 2, 3, 4} {
		require.Equal(t, strings.Repeat("磁盘", 42)+"…", values[place]) // 252 + 3 octets
	}
	require.Equal(t, strings.Repeat("磁盘", 170)+"…", values[9]) // 1020 + 3 octets

	_, values = objects(t, newEncoder(t, &snmptrap.Options{MaxSize: -1, Layout: snmptrap.Seed}), a)
	require.Equal(t, "instanceName:"+strings.Repeat("磁盘", 39)+"磁…", values[3]) // 13 + 237 + 3 octets

	exact := alert.Alert{Name: strings.Repeat("n", 255), Summary: strings.Repeat("s", 1024)}
	_, values = objects(t, newEncoder(t, &snmptrap.Options{MaxSize: -1}), exact)
	require.Equal(t, []string{exact.Name, exact.Summary}, []string{values[4], values[9]})
}

func TestSizeBound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("磁盘", 1500) // 3,000 characters
	full := alert.Alert{Product: long, Level: long, Region: long, Instance: long, Name: long, Summary: long}
	for _, tt := range []struct {
		name   string
		alert  alert.Alert
		limit  int
		whole  []int // places of texts that must not be cut
		atMost int
	}{
		{"long summary", alert.Alert{Name: strings.Repeat("n", 255), Instance: strings.Repeat("i", 255), Summary: long}, 0, []int{0, 1, 2, 3, 4}, 1472},
		{"summary first", alert.Alert{Name: strings.Repeat("n", 100), Summary: strings.Repeat("s", 130)}, 484, []int{0, 1, 2, 3, 4}, 484},
		{"then the longest", alert.Alert{Product: "ecs", Region: "cn", Name: strings.Repeat("n", 255), Summary: long}, 484, []int{0, 1, 2, 3}, 484},
		{"all", full, 0, nil, 1472},
		{"all, least", full, 484, nil, 484},
		{"nothing to cut", usual(), 484, []int{0, 1, 2, 3, 4, 9}, 484},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			roomy := newEncoder(t, &snmptrap.Options{MaxSize: -1})
			e := newEncoder(t, &snmptrap.Options{MaxSize: tt.limit})
			octets, err := e.AppendTrap(nil, tt.alert, 1, 1)
			require.NoError(t, err)
			require.LessOrEqual(t, len(octets), tt.atMost)
			_, want := objects(t, roomy, tt.alert)
			_, got := objects(t, e, tt.alert)
			require.Equal(t, want[8], got[8], "the fingerprint is never cut")
			for _, place := range tt.whole {
				require.Equal(t, want[place], got[place], place)
			}
			if len(tt.whole) == 6 {
				return
			}
			require.Greater(t, len(octets), tt.atMost-16, "no more is cut than need be")
			require.True(t, strings.HasSuffix(got[9], "…"))
			for _, value := range append(got[:5:5], got[9]) {
				require.True(t, utf8.ValidString(value))
			}
		})
	}
}

func TestEqualTextsShareTheLoss(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	_, got := objects(t, newEncoder(t, &snmptrap.Options{MaxSize: 484}), alert.Alert{Region: long, Instance: long, Name: long})
	shortest, longest := 255, 0
	for _, place := range []int{2, 3, 4} {
		shortest, longest = min(shortest, len(got[place])), max(longest, len(got[place]))
	}
	require.Equal(t, shortest, longest)
}

func TestNewEncoderRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, community, base string
		opts                  *snmptrap.Options
		want                  string
	}{
		{"no community", "", testBase, nil, "the community is empty"},
		{"blank", "c0mmunity ", testBase, nil, "at octet 10"},
		{"blank inside", "c0m munity", testBase, nil, "at octet 4"},
		{"no-break space", "c0mmunity\u00a0", testBase, nil, "at octet 10"},
		{"line end", "c0mmunity\r\n", testBase, nil, "at octet 10"},
		{"NUL", "c0mmunity\x00", testBase, nil, "at octet 10"},
		{"byte order mark", "\ufeffc0mmunity", testBase, nil, "at octet 1"},
		{"direction", "c0\u202emmunity", testBase, nil, "at octet 3"},
		{"no base", "c0mmunity", "", nil, "base OID: "},
		{"swapped", testBase, "c0mmunity", nil, "base OID: "},
		{"base too deep", "c0mmunity", "1.3" + strings.Repeat(".1", 125), nil, "129 sub-identifiers"},
		{"community too long", strings.Repeat("c0mmunity", 200), testBase, nil, "octets, limit 1472: trap too large"},
		{"base too long", "c0mmunity", "1.3" + strings.Repeat(".4294967295", 100), nil, "trap too large"},
		{"too small", "c0mmunity", testBase, &snmptrap.Options{MaxSize: 483}, "MaxSize 483 is not in 484…65507"},
		{"negative", "c0mmunity", testBase, &snmptrap.Options{MaxSize: -2}, "MaxSize -2"},
		{"too large", "c0mmunity", testBase, &snmptrap.Options{MaxSize: 65508}, "MaxSize 65508"},
		{"layout", "c0mmunity", testBase, &snmptrap.Options{Layout: 7}, "unknown layout 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := snmptrap.NewEncoder(tt.community, tt.base, tt.opts)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "c0mmunity")
		})
	}
}

func TestZeroEncoder(t *testing.T) {
	t.Parallel()
	for _, e := range []*snmptrap.Encoder{nil, {}} {
		got, err := e.AppendTrap([]byte("before"), usual(), 1, 1)
		require.ErrorContains(t, err, "NewEncoder")
		require.Equal(t, "before", string(got))
		require.False(t, alert.Retryable(err))
	}
}

func TestLayoutText(t *testing.T) {
	t.Parallel()
	for _, l := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		got, err := snmptrap.ParseLayout(strings.ToUpper(l.String()))
		require.NoError(t, err)
		require.Equal(t, l, got)
	}
	require.Equal(t, "Layout(9)", snmptrap.Layout(9).String())
	_, err := snmptrap.ParseLayout("labelled")
	require.ErrorContains(t, err, "want full or seed")
}

// It runs alone: testing.AllocsPerRun counts for the whole process.
func TestAppendTrapAllocatesNothing(t *testing.T) {
	hostile := usual()
	hostile.Summary = strings.Repeat("磁盘\n\xff", 3000)
	hostile.Name = strings.Repeat("n\u2028", 300)
	nameless := alert.Alert{Name: "n", Summary: "s"}
	buf := make([]byte, 0, 4096)
	for _, layout := range []snmptrap.Layout{snmptrap.Full, snmptrap.Seed} {
		for _, size := range []int{0, 484} {
			e := newEncoder(t, &snmptrap.Options{Layout: layout, MaxSize: size, Location: time.UTC})
			for _, a := range []alert.Alert{usual(), hostile, nameless, {}} {
				require.Zero(t, testing.AllocsPerRun(100, func() {
					if _, err := e.AppendTrap(buf, a, 1, 1); err != nil {
						panic(err)
					}
				}))
			}
		}
	}
}
