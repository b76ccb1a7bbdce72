package markup_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// at is when the problems of the tests began, in a zone of their own.
func at() time.Time { return time.Date(2026, 11, 20, 16, 0, 0, 0, time.FixedZone("", 8*60*60)) }

// plain returns a style without markup.
func plain(l alert.Locale) *markup.Style { return &markup.Style{Form: markup.Plain(), Locale: l} }

// draw returns the text that a style makes of alerts.
func draw(s *markup.Style, alerts []alert.Alert, now time.Time, limit int) string {
	_, text := s.Render(alerts, now, 64, limit)
	return text
}

// shown returns the lines of a card in plain text, told a while after the
// problem began.
func shown(l alert.Locale, after time.Duration, a alert.Alert) []string {
	return strings.Split(draw(plain(l), []alert.Alert{a}, at().Add(after), 4096), "\n")
}

func TestCardTimes(t *testing.T) {
	t.Parallel()
	with := func(change func(*alert.Alert)) alert.Alert {
		a := alert.Alert{Name: "disk", StartsAt: at()}
		change(&a)
		return a
	}
	over := func(d time.Duration) func(*alert.Alert) {
		return func(a *alert.Alert) { a.Status, a.EndsAt = alert.Resolved, a.StartsAt.Add(d) }
	}
	tests := []struct {
		name   string
		locale alert.Locale
		told   time.Duration // after the beginning
		alert  alert.Alert
		want   []string
	}{
		{"at once", alert.Chinese, 0, with(func(*alert.Alert) {}), []string{"发生时间:2026-11-20 16:00:00 +08:00"}},
		{"within the minute", alert.Chinese, time.Minute, with(func(*alert.Alert) {}), []string{"发生时间:2026-11-20 16:00:00 +08:00（已持续 1 分钟）"}},
		{"late", alert.Chinese, 17 * time.Minute, with(func(*alert.Alert) {}), []string{
			"发生时间:2026-11-20 16:00:00 +08:00（已持续 17 分钟）", "通知时间:2026-11-20 16:17:00 +08:00",
		}},
		{"a clock that is behind", alert.Chinese, -time.Hour, with(func(*alert.Alert) {}), []string{"发生时间:2026-11-20 16:00:00 +08:00"}},
		{"over", alert.Chinese, 17 * time.Minute, with(over(17 * time.Minute)), []string{
			"发生时间:2026-11-20 16:00:00 +08:00（持续 17 分钟）", "恢复时间:2026-11-20 16:17:00 +08:00",
		}},
		{"over, told late", alert.English, 26 * time.Hour, with(over(25*time.Hour + time.Minute)), []string{
			"Began: 2026-11-20 16:00:00 +08:00 (lasted 1 day 1 hour)", "Ended: 2026-11-21 17:01:00 +08:00", "Notified: 2026-11-21 18:00:00 +08:00",
		}},
		{"over before it began", alert.Japanese, 0, with(over(-time.Hour)), []string{
			"発生時刻:2026-11-20 16:00:00 +08:00", "復旧時刻:2026-11-20 15:00:00 +08:00", "通知時刻:2026-11-20 16:00:00 +08:00",
		}},
		{"over, since when is not known", alert.Chinese, 0, alert.Alert{Status: alert.Resolved, EndsAt: at()}, []string{"恢复时间:2026-11-20 16:00:00 +08:00"}},
		{"news", alert.Japanese, 2 * time.Hour, with(func(a *alert.Alert) { a.Status = alert.News }), []string{
			"発生時刻:2026-11-20 16:00:00 +08:00", "通知時刻:2026-11-20 18:00:00 +08:00",
		}},
		{"lasting", alert.Japanese, 2*time.Hour + 5*time.Minute, with(func(a *alert.Alert) { a.Status = alert.NoData }), []string{
			"発生時刻:2026-11-20 16:00:00 +08:00（継続中 2 時間 5 分）", "通知時刻:2026-11-20 18:05:00 +08:00",
		}},
		{"unknown", alert.Chinese, time.Hour, alert.Alert{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, line := range shown(tt.locale, tt.told, tt.alert) {
				if strings.Contains(line, "2026-") {
					got = append(got, line)
				}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCardWords(t *testing.T) {
	t.Parallel()
	ocp := alert.Alert{
		Source: "ocp", Name: "磁盘满", Product: "OceanBase", Region: "c1", Instance: "10.0.0.1", Severity: alert.Critical,
		Summary: "disk\nvalue: 95 (alarm_threshold: 90)\nfailed_reason: no space\nmine: x",
	}
	aliyun := alert.Alert{Source: "aliyun", Summary: "cpu = 99\nlastTime: 5 minutes\nengine: mysql\ndry_run: false\nlogStore: x\ncustom: y", Labels: map[string]string{"account": "prod", "team": "db"}}
	other := alert.Alert{Source: "mine", Summary: "lastTime: 1\nengine: x"}
	over := alert.Alert{Status: alert.Resolved, Summary: "cpu = 99"}
	tests := []struct {
		name   string
		locale alert.Locale
		alert  alert.Alert
		want   []string
		never  []string
	}{
		{"ocp", alert.Chinese, ocp, []string{
			"【告警通知】紧急 磁盘满 10.0.0.1", "应用:OceanBase", "集群:c1", "主机:10.0.0.1", "> 值:95 (阈值:90)", "> 失败原因:no space", "> mine: x", "来源:ocp",
		}, []string{"区域", "云产品"}},
		{"ocp in English", alert.English, ocp, []string{"Alert: Critical 磁盘满 10.0.0.1", "Cluster: c1", "Host: 10.0.0.1", "> Value: 95 (threshold: 90)"}, nil},
		{"ocp in Japanese", alert.Japanese, ocp, []string{"クラスター:c1", "> 値:95 (しきい値:90)"}, nil},
		{"aliyun", alert.Chinese, aliyun, []string{"> 持续时间:5 minutes", "> custom: y", "来源:aliyun / prod"}, []string{"engine", "dry_run", "logStore"}},
		{"a language that is none", 9, aliyun, []string{"> 持续时间:5 minutes"}, nil},
		{"of others", alert.Chinese, other, []string{"详情:lastTime: 1", "> engine: x"}, nil},
		{"over", alert.Chinese, over, []string{"告警时详情:cpu = 99"}, []string{"\n详情:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := shown(tt.locale, 0, tt.alert)
			for _, want := range tt.want {
				require.Contains(t, got, want)
			}
			for _, never := range tt.never {
				require.NotContains(t, strings.Join(got, "\n"), never)
			}
		})
	}
	s := plain(alert.Chinese)
	s.Labels = []string{"team", "missing"}
	require.Contains(t, draw(s, []alert.Alert{aliyun}, at(), 4096), "\nteam:db\n")
}

// TestLinks shows what cannot be a link as text.
func TestLinks(t *testing.T) {
	t.Parallel()
	long := "https://a.example/" + strings.Repeat("x", 1500)
	form := markup.Plain()
	form.MaxURL, form.Links = 1024, true
	s := &markup.Style{Form: form}
	require.Contains(t, draw(s, []alert.Alert{{URL: "https://a.example/"}}, at(), 4096), "[查看](https://a.example/)")
	require.Contains(t, draw(s, []alert.Alert{{URL: long}}, at(), 4096), "查看:https://a.example/xx")
	require.Contains(t, draw(s, []alert.Alert{{URL: long}}, at(), 4096), "…（已截断）")
	require.Contains(t, draw(s, []alert.Alert{{URL: "javascript:x"}}, at(), 4096), "查看:javascript:x")
	form.MaxURL = 0
	require.Contains(t, draw(s, []alert.Alert{{URL: long, Summary: strings.Repeat("y", 9000)}}, at(), 4096), "["+"查看]("+long+")")
}

// TestDigestNamesWhatLasts has three problems among many recoveries.
func TestDigestNamesWhatLasts(t *testing.T) {
	t.Parallel()
	var alerts []alert.Alert
	for i := range 61 {
		alerts = append(alerts, alert.Alert{Severity: alert.Critical, Status: alert.Resolved, Name: "over " + strconv.Itoa(i), Summary: strings.Repeat("x", 200)})
	}
	for i := range 3 {
		alerts = append(alerts, alert.Alert{Severity: alert.Notice, Name: "fires " + strconv.Itoa(i), Instance: "i-" + strconv.Itoa(i)})
	}
	for _, limit := range []int{1024, 2048} {
		text := draw(plain(alert.Chinese), alerts, at(), limit)
		for i := range 3 {
			require.Contains(t, text, "fires "+strconv.Itoa(i)+"\n> i-"+strconv.Itoa(i))
		}
		require.Equal(t, limit == 1024, strings.Contains(text, "未列出，其中 0 条仍在告警"))
	}
}

// TestDigestOfSeveralSources says whose each group is.
func TestDigestOfSeveralSources(t *testing.T) {
	t.Parallel()
	ours := alert.Alert{Source: "aliyun", Name: "disk", Labels: map[string]string{"account": "prod"}}
	other := ours
	other.Labels = map[string]string{"account": "test"}
	text := draw(plain(alert.Chinese), []alert.Alert{ours, other, ours}, at(), 2048)
	require.Contains(t, text, "×2 告警中 警告 disk · aliyun / prod")
	require.Contains(t, text, "×1 告警中 警告 disk · aliyun / test")
	require.NotContains(t, draw(plain(alert.Chinese), []alert.Alert{ours, ours}, at(), 2048), "prod")
}

// random returns alerts of few kinds or of many.
func random(r *rand.Rand) []alert.Alert {
	alerts := make([]alert.Alert, 2+r.IntN(600))
	kinds, instances, states, severities := 1<<r.IntN(7), 1+r.IntN(300), 1+r.IntN(4), 1+r.IntN(5)
	for i := range alerts {
		alerts[i] = alert.Alert{
			Status: alert.Status(r.IntN(states)), Severity: alert.Info + alert.Severity(r.IntN(severities)),
			Name:     strings.Repeat("名", 1+r.IntN(3)) + strconv.Itoa(r.IntN(kinds)),
			Instance: "i-" + strconv.Itoa(r.IntN(instances)), Summary: strings.Repeat("s", r.IntN(100)),
		}
	}
	return alerts
}

// TestDigestOfRandomAlerts checks what every digest promises: the limit, counts
// that add up, what lasts before what is over, and by severity, how much of what
// is not listed lasts, and that the room is used.
func TestDigestOfRandomAlerts(t *testing.T) {
	t.Parallel()
	group := regexp.MustCompile(`(?m)^×(\d+) (告警中|无数据|事件|已恢复) (紧急|重要|警告|通知|信息) `)
	rest := regexp.MustCompile(`(?m)^另有 (\d+) 条（\d+ 组）未列出，其中 (\d+) 条仍在告警$`)
	order := map[string]int{"告警中": 0, "无数据": 0, "事件": 1, "已恢复": 2}
	severities := map[string]int{"紧急": 0, "重要": 1, "警告": 2, "通知": 3, "信息": 4}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		return n
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		alerts, limit := random(r), 1024+r.IntN(3500)
		text := draw(plain(alert.Chinese), alerts, at(), limit)
		require.LessOrEqual(t, len(text), limit)
		listed, open, last := 0, 0, 0
		for _, g := range group.FindAllStringSubmatch(text, -1) {
			rank := order[g[2]]*10 + severities[g[3]]
			require.GreaterOrEqual(t, rank, last, text)
			listed, last = listed+number(g[1]), rank
			if order[g[2]] == 0 {
				open += number(g[1])
			}
		}
		for i := range alerts {
			if alerts[i].Status.Open() {
				open--
			}
		}
		left, leftOpen := 0, 0
		if m := rest.FindStringSubmatch(text); m != nil {
			left, leftOpen = number(m[1]), number(m[2])
		}
		require.Equal(t, len(alerts), listed+left)
		require.Equal(t, -open, leftOpen)
		if left > 0 || strings.Contains(text, "等，另有") {
			require.Greater(t, len(text), limit-60, "the room is used: %s", text)
		}
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 99)
	over := alert.Alert{Status: alert.Resolved, Severity: alert.Critical, Name: "db"}
	tests := []struct {
		name   string
		locale alert.Locale
		alerts []alert.Alert
		want   string
	}{
		{"one", alert.Chinese, []alert.Alert{{Name: "disk\nfull", Instance: "i-1", Level: "P2"}}, "【告警通知】警告 disk full i-1"},
		{"over", alert.English, []alert.Alert{over}, "Resolved: Critical db"},
		{"test", alert.Japanese, []alert.Alert{{Test: true, Name: "disk"}}, "【テスト】【アラート通知】警告 disk"},
		{"test in English", alert.English, []alert.Alert{{Test: true, Status: alert.News}}, "[Test] News: Warning"},
		{"the object", alert.Chinese, []alert.Alert{{Name: "disk", Instance: " ", Resource: "arn:1"}}, "【告警通知】警告 disk arn:1"},
		{"many", alert.Chinese, []alert.Alert{over, {Name: "disk", Instance: "i-1"}}, "【告警通知】共 2 条告警:警告 disk i-1"},
		{"all over", alert.English, []alert.Alert{over, over}, "Resolved: 2 alerts: Critical db"},
		{"long", alert.Chinese, []alert.Alert{{Name: long, Instance: "i-12345"}}, "【告警通知】警告 " + strings.Repeat("长", 9) + "… i-12345"},
		{"both long", alert.Chinese, []alert.Alert{{Name: long, Instance: long}}, "【告警通知】警告 " + strings.Repeat("长", 5) + "… " + strings.Repeat("长", 5) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := plain(tt.locale).Headline(tt.alerts, 64)
			require.Equal(t, tt.want, got)
			require.LessOrEqual(t, len(got), 64)
			require.True(t, utf8.ValidString(got))
		})
	}
}
