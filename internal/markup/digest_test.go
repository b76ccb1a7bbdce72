package markup_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// TestFit gives the items every limit from none to ample: the rest is always
// accounted for, and no item that fits is left out.
func TestFit(t *testing.T) {
	t.Parallel()
	items := []string{"甲", "bb", "ccc", "d"}
	for _, runes := range []bool{false, true} {
		for limit := 4; limit <= 20; limit++ {
			w := markup.Writer{Runes: runes}
			w.Put("H")
			all := w.Fit(len(items), limit,
				func(i int) { w.Put(items[i]) },
				func(shown int) string { return fmt.Sprintf("+%d", len(items)-shown) })
			require.LessOrEqual(t, w.Size(), limit)
			best := ""
			for shown := range items {
				v := markup.Writer{Runes: runes}
				v.Put("H")
				v.Put(items[:shown]...)
				v.Put(fmt.Sprintf("+%d", len(items)-shown))
				if v.Size() <= limit {
					best = string(v.Buf)
				}
			}
			if all {
				best = "H甲bbcccd"
			}
			require.Equal(t, best, string(w.Buf))
			whole := markup.Writer{Buf: []byte("H甲bbcccd"), Runes: runes}
			require.Equal(t, whole.Size() <= limit, all)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	alerts := []alert.Alert{
		{Severity: alert.Critical, Status: alert.Resolved, Name: "over", EndsAt: at.Add(time.Hour)},
		{Severity: alert.Major, Status: alert.NoData, Name: "blind", StartsAt: at},
		{Severity: 99, Status: alert.Resolved},
		{Severity: -99, Status: 9, Name: "odd"}, {Severity: -99, Status: 9, Name: "odd"},
	}
	d := alert.NewDigest(alerts)
	tally := markup.NewTally(&d)
	require.Equal(t, 2, tally.Total(alert.Firing))
	require.Equal(t, 2, tally.Of(alert.Firing, alert.Info))
	require.Equal(t, 1, tally.Total(alert.NoData))
	require.Equal(t, 2, tally.Of(alert.Resolved, alert.Critical))
	require.Equal(t, alert.Firing, tally.Status())
	require.Equal(t, "blind", markup.Worst(&d).Name)
	first, last := markup.Span(&d)
	require.Equal(t, at, first)
	require.Equal(t, at.Add(time.Hour), last)
}

func TestTallyStatus(t *testing.T) {
	t.Parallel()
	over := alert.Alert{Status: alert.Resolved, Name: "over"}
	for status, alerts := range map[alert.Status][]alert.Alert{
		alert.Resolved: {over},
		alert.NoData:   {over, {Status: alert.NoData}},
		alert.Firing:   {over, {Status: alert.NoData}, {}},
	} {
		d := alert.NewDigest(alerts)
		tally := markup.NewTally(&d)
		require.Equal(t, status, tally.Status())
		require.Equal(t, status, markup.Worst(&d).Status)
		first, last := markup.Span(&d)
		require.True(t, first.IsZero() && last.IsZero())
	}
}

func TestSharedURL(t *testing.T) {
	t.Parallel()
	with := func(url string, s alert.Status) alert.Alert { return alert.Alert{URL: url, Status: s} }
	tests := []struct {
		name   string
		alerts []alert.Alert
		want   string
	}{
		{"none", nil, ""},
		{"without", []alert.Alert{{}, {}}, ""},
		{"shared", []alert.Alert{with("a", alert.Firing), with("a", alert.NoData)}, "a"},
		{"two", []alert.Alert{with("a", alert.Firing), with("b", alert.Firing)}, ""},
		{"one without", []alert.Alert{with("a", alert.Firing), {}}, ""},
		{"over does not count", []alert.Alert{with("b", alert.Resolved), with("a", alert.Firing), {Status: alert.Resolved}}, "a"},
		{"all over", []alert.Alert{with("b", alert.Resolved)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, markup.SharedURL(tt.alerts))
		})
	}
}
