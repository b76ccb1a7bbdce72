package alert_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func at(second int64) time.Time { return time.Unix(second, 0).UTC() }

func TestNewDigestOrder(t *testing.T) {
	t.Parallel()
	a := func(name string, s alert.Severity, st alert.Status) alert.Alert {
		return alert.Alert{Name: name, Severity: s, Status: st}
	}
	d := alert.NewDigest([]alert.Alert{
		a("info", alert.Info, alert.Firing),
		a("late", alert.Critical, alert.Firing),
		a("resolved", alert.Critical, alert.Resolved),
		a("resolved", alert.Critical, alert.Resolved),
		a("news", alert.Critical, alert.News),
		a("blind", alert.Critical, alert.NoData),
		a("often", alert.Critical, alert.Firing),
		a("later", alert.Critical, alert.Firing),
		a("often", alert.Critical, alert.Firing),
		a("major", alert.Major, alert.Firing),
	})
	var order []string
	for _, g := range d.Groups {
		order = append(order, fmt.Sprintf("%s %d", g.Alert.Name, g.Count))
	}
	require.Equal(t, []string{
		"often 2", "late 1", "later 1", // critical and firing: count, then arrival
		"blind 1", "major 1", "info 1", // what lasts, by severity
		"news 1", "resolved 2",
	}, order)
	require.Equal(t, 10, d.Total)
	require.Equal(t, 6, d.Count(alert.Firing))
	require.Equal(t, 2, d.Count(alert.Resolved))
	require.Equal(t, 1, d.Count(alert.NoData))
	require.Equal(t, 1, d.Count(alert.News))
	require.Zero(t, d.Count(9))
}

func TestNewDigestGroupsEqualProblems(t *testing.T) {
	t.Parallel()
	base := alert.Alert{Level: "P1", Product: "ecs", Name: "cpu"}
	tests := []struct {
		name   string
		change func(*alert.Alert)
		groups int
	}{
		{"status", func(a *alert.Alert) { a.Status = alert.Resolved }, 2},
		{"severity", func(a *alert.Alert) { a.Severity = alert.Major }, 2},
		{"level", func(a *alert.Alert) { a.Level = "P2" }, 2},
		{"product", func(a *alert.Alert) { a.Product = "rds" }, 2},
		{"name", func(a *alert.Alert) { a.Name = "disk" }, 2},
		{"instance", func(a *alert.Alert) { a.Instance = "i-1" }, 1},
		{"region", func(a *alert.Alert) { a.Region = "cn-beijing" }, 1},
		{"summary", func(a *alert.Alert) { a.Summary = "96%" }, 1},
		{"key", func(a *alert.Alert) { a.Key = "k" }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			other := base
			tt.change(&other)
			require.Len(t, alert.NewDigest([]alert.Alert{base, other}).Groups, tt.groups)
		})
	}
}

func TestNewDigestGroup(t *testing.T) {
	t.Parallel()
	d := alert.NewDigest([]alert.Alert{
		{Instance: "a", StartsAt: at(50), Summary: "1"},
		{Instance: "b", StartsAt: at(90), Summary: "2"},
		{Instance: "", Summary: "3"},
		{Instance: "c", StartsAt: at(90), Summary: "4"},
		{Instance: "c", StartsAt: at(10), Summary: "5"},
	})
	require.Len(t, d.Groups, 1)
	g := d.Groups[0]
	require.Equal(t, "4", g.Alert.Summary, "the newest stands for the group, of two the later to arrive")
	require.Equal(t, at(10), g.First)
	require.Equal(t, at(90), g.Last)
	require.Equal(t, 5, g.Count)
	require.Equal(t, []alert.Instance{{Name: "c", Count: 2}, {Name: "a", Count: 1}, {Name: "b", Count: 1}}, g.Instances)

	named, rest := g.Name(2)
	require.Equal(t, []alert.Instance{{Name: "c", Count: 2}, {Name: "a", Count: 1}}, named)
	require.Equal(t, 2, rest, "b, and the alert about no instance")
}

func TestNewDigestTimes(t *testing.T) {
	t.Parallel()
	ancient := time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name        string
		give        []time.Time
		newest      int
		first, last time.Time
	}{
		{"none", []time.Time{{}, {}}, 1, time.Time{}, time.Time{}},
		{"none after one", []time.Time{at(5), {}}, 0, at(5), at(5)},
		{"none before one", []time.Time{{}, at(5)}, 1, at(5), at(5)},
		{"before year one", []time.Time{ancient, {}}, 0, ancient, ancient},
		{"backwards", []time.Time{at(9), at(5)}, 0, at(5), at(9)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var alerts []alert.Alert
			for i, start := range tt.give {
				alerts = append(alerts, alert.Alert{StartsAt: start, ID: fmt.Sprint(i)})
			}
			g := alert.NewDigest(alerts).Groups[0]
			require.Equal(t, fmt.Sprint(tt.newest), g.Alert.ID)
			require.Equal(t, tt.first, g.First)
			require.Equal(t, tt.last, g.Last)
		})
	}
}

// A test is counted, but neither among what is real nor in front of it.
func TestDigestOfTests(t *testing.T) {
	t.Parallel()
	d := alert.NewDigest([]alert.Alert{
		{Name: "a", Severity: alert.Critical, Test: true}, {Name: "a", Severity: alert.Critical}, {Name: "b", Severity: alert.Info, Status: alert.Resolved},
	})
	var groups []string
	for _, g := range d.Groups {
		groups = append(groups, fmt.Sprint(g.Alert.Name, g.Count, g.Alert.Test))
	}
	require.Equal(t, []string{"a1 false", "b1 false", "a1 true"}, groups)
}

func TestDigestOfNothing(t *testing.T) {
	t.Parallel()
	for _, d := range []alert.Digest{{}, alert.NewDigest(nil)} {
		groups, restGroups, restAlerts := d.Top(3)
		require.Empty(t, groups)
		require.Zero(t, restGroups)
		require.Zero(t, restAlerts)
		require.Zero(t, d.Count(alert.Firing))
	}
	named, rest := alert.Group{}.Name(3)
	require.Empty(t, named)
	require.Zero(t, rest)
}

// A view handed out must not let an append reach what lies behind it.
func TestDigestViewsAreClipped(t *testing.T) {
	t.Parallel()
	d := alert.NewDigest([]alert.Alert{{Name: "a", Instance: "x"}, {Name: "a", Instance: "y"}, {Name: "b"}})
	groups, _, _ := d.Top(1)
	_ = append(groups, alert.Group{Count: 100})
	named, _ := d.Groups[0].Name(1)
	_ = append(named, alert.Instance{Name: "z"})
	require.Equal(t, 1, d.Groups[1].Count)
	require.Equal(t, "y", d.Groups[0].Instances[1].Name)
}

// requireCountsAddUp is the property that every renderer relies on.
func requireCountsAddUp(t *testing.T, alerts []alert.Alert, n int) {
	t.Helper()
	d := alert.NewDigest(alerts)
	require.Equal(t, len(alerts), d.Total)
	sum := 0
	for _, s := range []alert.Status{alert.Firing, alert.Resolved, alert.NoData, alert.News} {
		sum += d.Count(s)
	}
	require.Equal(t, len(alerts), sum, "by status")

	for _, n := range []int{math.MinInt, -1, 0, 1, n, len(d.Groups) - 1, len(d.Groups), len(d.Groups) + 1, math.MaxInt} {
		groups, restGroups, sum := d.Top(n)
		require.Equal(t, len(d.Groups), len(groups)+restGroups)
		require.Len(t, groups, min(max(n, 0), len(d.Groups)))
		require.GreaterOrEqual(t, sum, 0)
		for _, g := range groups {
			require.Positive(t, g.Count)
			sum += g.Count
		}
		require.Equal(t, len(alerts), sum, "Top(%d)", n)
	}
	for _, g := range d.Groups {
		seen := map[string]bool{}
		for _, n := range []int{-1, 0, 1, n, len(g.Instances), len(g.Instances) + 1, math.MaxInt} {
			named, sum := g.Name(n)
			require.GreaterOrEqual(t, sum, 0)
			for _, in := range named {
				require.Positive(t, in.Count)
				require.NotEmpty(t, in.Name)
				sum += in.Count
			}
			require.Equal(t, g.Count, sum, "Name(%d)", n)
		}
		for _, in := range g.Instances {
			require.False(t, seen[in.Name], "instances are distinct")
			seen[in.Name] = true
		}
	}
	require.True(t, slices.IsSortedFunc(d.Groups, func(a, b alert.Group) int {
		rank := func(s alert.Status) int { return slices.Index([]alert.Status{alert.News, alert.Resolved}, s) }
		return cmp.Or(cmp.Compare(rank(a.Alert.Status), rank(b.Alert.Status)), cmp.Compare(b.Alert.Severity, a.Alert.Severity))
	}), "what lasts first, then worst first")
}

func TestDigestCountsAddUp(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		alerts := make([]alert.Alert, random.IntN(200))
		names, instances := 1+random.IntN(20), 1+random.IntN(20)
		for i := range alerts {
			alerts[i] = alert.Alert{
				Status:   alert.Status(random.IntN(3)),
				Severity: alert.Info + alert.Severity(random.IntN(5)),
				Name:     fmt.Sprint(random.IntN(names)),
				StartsAt: at(random.Int64N(1000)),
			}
			if n := random.IntN(instances); n > 0 {
				alerts[i].Instance = fmt.Sprint(n)
			}
		}
		requireCountsAddUp(t, alerts, random.IntN(30))
	}
}

// Each byte of data is one alert.
func FuzzDigestCountsAddUp(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte("\x00\x01\x02\xff\xff\x80"), 2)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		alerts := make([]alert.Alert, 0, len(data))
		for _, b := range data {
			a := alert.Alert{Status: alert.Status(b % 3), Severity: alert.Severity(b % 5), Name: string(rune('a' + b>>6))}
			if b&8 != 0 {
				a.Instance = string([]byte{b >> 4})
			}
			if b&1 != 0 {
				a.StartsAt = at(int64(b))
			}
			alerts = append(alerts, a)
		}
		requireCountsAddUp(t, alerts, n)
	})
}

func TestNewDigestLeavesAlertsAlone(t *testing.T) {
	t.Parallel()
	alerts := []alert.Alert{{Name: "b", Severity: alert.Info}, {Name: "a", Severity: alert.Critical}}
	before := slices.Clone(alerts)
	alert.NewDigest(alerts)
	require.Equal(t, before, alerts)
}

// The extremes: nothing to sort, and as much to sort as can be.
func TestNewDigestOfMany(t *testing.T) {
	t.Parallel()
	for name, distinct := range map[string]int{"one group": 1, "every alert a group": 50_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alerts := storm(50_000, distinct)
			d := alert.NewDigest(alerts)
			require.Len(t, d.Groups, distinct)
			require.Equal(t, 50_000, d.Total)
		})
	}
}

// storm returns n alerts of so many distinct problems.
func storm(n, distinct int) []alert.Alert {
	alerts := make([]alert.Alert, n)
	for i := range alerts {
		alerts[i] = alert.Alert{
			Source:   "aliyun",
			ID:       fmt.Sprintf("event-%d", i),
			Key:      fmt.Sprintf("problem-%d", i),
			Severity: alert.Info + alert.Severity(i%5),
			Name:     fmt.Sprintf("rule-%d", i%distinct/5),
			Product:  "ecs",
			Instance: fmt.Sprintf("i-%d", i%997),
			StartsAt: at(int64(i)),
		}
		if distinct == 1 {
			alerts[i].Severity = alert.Major
		}
	}
	return alerts
}
