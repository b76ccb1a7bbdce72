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

func TestTotals(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	over := alert.Alert{Severity: alert.Critical, Status: alert.Resolved, Name: "over", EndsAt: at.Add(time.Hour)}
	blind := alert.Alert{Severity: alert.Major, Status: alert.NoData, Name: "blind", StartsAt: at}
	odd := alert.Alert{Severity: -99, Status: 9, Name: "odd"}
	news := alert.Alert{Severity: alert.Critical, Status: alert.News, Name: "news"}
	trial := func(a alert.Alert) alert.Alert { a.Test, a.Severity = true, 99; return a }
	for _, tt := range []struct {
		name   string
		alerts []alert.Alert
		worst  string
		want   []string
	}{
		{"one", []alert.Alert{over}, "over", []string{"已恢复 1:紧急 1"}},
		{"a problem goes before all else", []alert.Alert{over, blind, {Severity: 99, Status: alert.Resolved}, odd, odd, news}, "blind",
			[]string{"告警中 2:信息 2", "无数据 1:重要 1", "事件 1:紧急 1", "已恢复 2:紧急 2"}},
		{"news go before a recovery", []alert.Alert{over, news, over}, "news", []string{"事件 1:紧急 1", "已恢复 2:紧急 2"}},
		{"tests are apart", []alert.Alert{trial(blind), trial(odd), over}, "over", []string{"已恢复 1:紧急 1", "测试 2:紧急 2"}},
		{"all tests", []alert.Alert{trial(over), trial(news), trial(blind)}, "blind", []string{"测试 3:紧急 3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := alert.NewDigest(tt.alerts)
			var got []string
			sum := 0
			for _, row := range markup.Totals(&d) {
				got, sum = append(got, row.Head(alert.Chinese)+row.Split(alert.Chinese)), sum+row.Total
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, len(tt.alerts), sum)
			require.Equal(t, tt.worst, markup.Worst(&d).Name)
		})
	}
	d := alert.NewDigest([]alert.Alert{over, blind})
	first, last := markup.Span(&d)
	require.Equal(t, at, first)
	require.Equal(t, at.Add(time.Hour), last)
	d = alert.NewDigest([]alert.Alert{trial(over), trial(news)})
	rows := markup.Totals(&d)
	require.Equal(t, "[Test] News: 2 alerts", markup.Title(alert.English, rows[0].Status, rows[0].Test, alert.English.Count(2)))
}

func TestTitle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		locale alert.Locale
		status alert.Status
		test   bool
		count  string
		want   string
	}{
		{alert.Chinese, alert.Firing, false, "", "【告警通知】"},
		{alert.Chinese, alert.Resolved, true, "共 2 条告警", "【测试】【恢复通知】共 2 条告警"},
		{alert.English, alert.News, false, "", "News"},
		{alert.English, alert.Firing, true, "", "[Test] Alert"},
		{alert.English, alert.NoData, false, "2 alerts", "No data: 2 alerts"},
		{alert.Japanese, alert.News, true, "", "【テスト】【お知らせ】"},
	} {
		require.Equal(t, tt.want, markup.Title(tt.locale, tt.status, tt.test, tt.count))
	}
	require.Equal(t, "テスト 発生中", markup.State(alert.Japanese, &alert.Alert{Test: true}))
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	news := alert.Alert{Status: alert.News, Severity: alert.Critical}
	require.True(t, markup.Quiet([]alert.Alert{news, news}))
	for _, a := range []alert.Alert{{}, {Status: alert.Resolved}, {Status: alert.NoData}, {Status: 9}, {Test: true}} {
		require.False(t, markup.Quiet([]alert.Alert{news, a, news}))
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
