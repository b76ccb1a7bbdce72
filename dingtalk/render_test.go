package dingtalk_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
)

// ample is more room than the vendor gives.
const ample = 20000

// rendered returns the message about alerts in Chinese, which is checked.
func rendered(tb testing.TB, room int, alerts ...alert.Alert) dingtalk.Markdown {
	tb.Helper()
	m := dingtalk.Render(alert.Chinese, nil, room, alerts...)
	newScanner().scan(tb, m, room)
	require.Equal(tb, len(alerts), newCounter().count(tb, m.Text))
	return m
}

func TestCard(t *testing.T) {
	t.Parallel()
	with := func(change func(a *alert.Alert)) alert.Alert {
		a := bandwidth()
		change(&a)
		return a
	}
	tests := []struct {
		name     string
		locale   alert.Locale
		location *time.Location
		alerts   []alert.Alert
	}{
		{name: "firing", alerts: []alert.Alert{bandwidth()}},
		{name: "critical", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Severity, a.Level = alert.Critical, "CRITICAL" })}},
		{name: "info", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Severity, a.Level = alert.Info, "" })}},
		{name: "no_data", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Status = alert.NoData })}},
		{name: "resolved", alerts: []alert.Alert{with(func(a *alert.Alert) {
			a.Status, a.EndsAt = alert.Resolved, a.StartsAt.Add(10*time.Minute)
			a.Severity = alert.Critical
		})}},
		{name: "zero", alerts: []alert.Alert{{}}},
		{name: "resource", alerts: []alert.Alert{{Instance: " ", Resource: "acs:ecs:cn-shanghai:1:instance/i-1", Name: "disk"}}},
		{name: "english", locale: alert.English, location: time.UTC, alerts: []alert.Alert{bandwidth()}},
		{name: "japanese", locale: alert.Japanese, location: time.FixedZone("", 9*60*60), alerts: []alert.Alert{bandwidth()}},
		{name: "digest", alerts: []alert.Alert{
			bandwidth(), bandwidth(), {Severity: alert.Critical, Name: "db down", Status: alert.NoData},
			with(func(a *alert.Alert) { a.Status, a.Instance = alert.Resolved, "i-2" }),
			{Severity: alert.Info, Name: "note", Instance: "\u200b"}, {Status: 9, Severity: 99, Product: " "},
		}},
		{name: "digest_english", locale: alert.English, alerts: []alert.Alert{bandwidth(), bandwidth(), {}}},
		{name: "digest_resolved", alerts: []alert.Alert{{Status: alert.Resolved}, {Status: alert.Resolved, Name: "disk"}}},
		{name: "digest_no_data", alerts: []alert.Alert{{Status: alert.Resolved}, {Status: alert.NoData, Name: "disk"}}},
		{name: "news", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Status, a.Severity, a.Level = alert.News, alert.Critical, "CRITICAL" })}},
		{name: "test", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test = true })}},
		{name: "test_english", locale: alert.English, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test, a.Status = true, alert.Resolved })}},
		{name: "test_japanese", locale: alert.Japanese, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test = true })}},
		{name: "digest_tests", alerts: trials()},
		{name: "digest_mixed", alerts: append(trials(), with(func(a *alert.Alert) { a.Status = alert.Resolved }), alert.Alert{Status: alert.News, Severity: alert.Critical, Name: "failover done"})},
		{name: "hostile", alerts: []alert.Alert{{
			Product: "<@all> @13800000000 @manager01 @\u200ball", Region: "[click](http://evil.example) ![](http://evil.example/x.png)",
			Instance: "a\n# b|c", Name: "**bold** `code` ~~gone~~ &lt;@all&gt; a&b C:\\dir\\*.log rds_cpu_usage __init__ _x_ \\",
			Summary: "\n\n# heading\r\n> quote\u2028</font><font color=#2E9E4F>已恢复</font>\n---\n===\n- item -5\n \u202eright\u202c zero\u200bwidth \xff\xfe\x00\n" +
				"dingtalk://dingtalkclient/page/link?url=x HTTPS://a.example javascript://x\n",
			Level: "`x`", URL: "https://a.example/x(1) y?<@all>*[z]|@13800000000",
		}}},
		{name: "dingtalk_link", alerts: []alert.Alert{{URL: "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fevil.example"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(bandwidth().StartsAt.Add(17 * time.Minute)))
				m := dingtalk.Render(tt.locale, tt.location, ample, tt.alerts...)
				newScanner().scan(t, m, ample)
				golden(t, "card_"+tt.name+".md", m.Title+"\n\n"+m.Text+"\n")
			})
		})
	}
}

// trials are tests, each of which would be bad news if it were real.
func trials() []alert.Alert {
	a := bandwidth()
	a.Test, a.Severity, a.Level = true, alert.Critical, ""
	return []alert.Alert{a, a, {Test: true, Status: alert.NoData, Name: "db down"}, {Test: true, Status: alert.Resolved, Name: "disk"}}
}

// TestDialect looks at single cases that the dialect decides by what stands
// around a character.
func TestDialect(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"identifier", "node_cpu__seconds_total 告警_规则", "node_cpu__seconds_total 告警_规则"},
		{"italics", "_a_ b_ _c __d__", "＿a＿ b＿ ＿c ＿＿d＿＿"},
		{"underscores beyond measure", "a" + strings.Repeat("_", 40) + "b", "a" + strings.Repeat("＿", 40) + "b"},
		{"underscore behind what is dropped", "a_\u200b_b", "a＿＿b"},
		{"path", `C:\dir /var/log`, `C:\dir /var/log`},
		{"escape", `\* \`, "＼＊ ＼"},
		{"addresses", "http://a HTTPS://b ftp://c dingtalk://d a.https://e", "http://a HTTPS://b ftp:/／c dingtalk:/／d a.https:/／e"},
		{"address in an address", "https://a/?u=dingtalk://b", "https://a/?u=dingtalk:/／b"},
		{"address around what is dropped", "dingtalk:\u200b/\u00ad/d ://e", "dingtalk:/／d :/／e"},
		{"mentions", "@all @138 root@host @", "＠all ＠138 root＠host ＠"},
		{"heading and quote", "# a # b", "＃ a # b"},
		{"minus", "-5 -x", "-5 -x"},
		{"entities", "&lt; &#60 a&b;c &x", "＆lt; ＆#60 a＆b;c &x"},
		{"image", "![](http://a)", "!［］(http://a)"},
		{"table and strike", "a|b ~c~", "a｜b ～c～"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := rendered(t, ample, alert.Alert{Name: tt.text})
			require.Contains(t, m.Text+"\n", "- 告警内容:"+tt.want+"\n")
			require.Contains(t, m.Title, tt.want)
		})
	}
}

// TestTitle looks at what stands on a locked screen.
func TestTitle(t *testing.T) {
	t.Parallel()
	over := alert.Alert{Severity: alert.Critical, Status: alert.Resolved, Name: "db down"}
	tests := []struct {
		name   string
		locale alert.Locale
		alerts []alert.Alert
		want   string
	}{
		{"one", alert.Chinese, []alert.Alert{{Name: "disk\nfull", Instance: "i-1"}}, "【告警通知】警告 disk full i-1"},
		{"over", alert.Chinese, []alert.Alert{over}, "【恢复通知】紧急 db down"},
		{"invisible level", alert.English, []alert.Alert{{Level: "\u200b", Name: "disk"}}, "Alert: Warning disk"},
		{"what lasts goes first", alert.Chinese, []alert.Alert{over, {Name: "disk"}}, "【告警通知】共 2 条告警:警告 disk"},
		{"all over", alert.English, []alert.Alert{over, {Status: alert.Resolved}}, "Resolved: 2 alerts: Critical db down"},
		{"test", alert.Chinese, []alert.Alert{{Test: true, Name: "disk"}}, "【测试】【告警通知】警告 disk"},
		{"tests", alert.English, trials(), "[Test] Alert: 4 alerts: Critical InternetBandwidt… instance_name"},
		{"a test does not go first", alert.Chinese, append(trials(), alert.Alert{Status: alert.Resolved, Name: "disk"}), "【恢复通知】共 5 条告警:警告 disk"},
		{"news", alert.English, []alert.Alert{{Status: alert.News, Name: "failover"}}, "News: Warning failover"},
		{"long", alert.Japanese, []alert.Alert{{Level: strings.Repeat("x", 99), Name: strings.Repeat("長い", 99)}}, "【アラート通知】警告 " +
			strings.Repeat("長い", 26) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, dingtalk.Render(tt.locale, nil, ample, tt.alerts...).Title)
		})
	}
}

// TestLongSummary cuts a long summary to the rune and keeps what follows it.
func TestLongSummary(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"磁盘使用率", "\"\\a", "💔", "a\n", "<&lt;", "_"} {
		for extra := range 5 {
			a := bandwidth()
			a.Region += strings.Repeat("x", extra)
			a.Summary = strings.Repeat(unit, 6000)
			m := rendered(t, ample, a)
			require.Greater(t, utf8.RuneCountInString(m.Text), dingtalk.MaxText-5-extra-100)
			_, end, _ := strings.Cut(m.Text, "…")
			require.Equal(t, "（已截断）\n\n[查看](https://cloudmonitor.console.aliyun.com/)", end)
		}
	}
}

// TestSummaryFitsExactly adds one rune after the other until the limit is
// reached: nothing is cut before.
func TestSummaryFitsExactly(t *testing.T) {
	t.Parallel()
	const room = 8004 // for 2000 runes
	a := bandwidth()
	a.Summary = "x"
	free := room/4 - 1 - dingtalk.MaxTitle - utf8.RuneCountInString(rendered(t, room, a).Text) + 1
	for _, unit := range []string{"x", "磁", "💔", `"`} {
		a.Summary = strings.Repeat(unit, free)
		m := rendered(t, room, a)
		require.NotContains(t, m.Text, "已截断")
		a.Summary += unit
		longer := rendered(t, room, a)
		require.Equal(t, utf8.RuneCountInString(m.Text), utf8.RuneCountInString(longer.Text))
		require.Contains(t, longer.Text, "…（已截断）\n")
	}
}

// TestLeastRoom renders the longest of everything into the least of rooms.
func TestLeastRoom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("💔很长", 5000)
	a := alert.Alert{
		Product: long, Region: long, Instance: long, Name: long, Level: long, Summary: long, Source: long,
		StartsAt: time.Now(), URL: "https://a.example/" + strings.Repeat("x", 1006), Severity: alert.Critical,
	}
	many := make([]alert.Alert, 0, 20)
	for s := range alert.News + 1 {
		for v := alert.Info; v <= alert.Critical; v++ {
			b := a
			b.Status, b.Severity, b.Name, b.Product, b.Level, b.Source = s, v, long[:2000], "", "", ""
			b.StartsAt = b.StartsAt.Add(time.Duration(v) * time.Hour)
			many = append(many, b)
		}
	}
	many = slices.Repeat(many, 20_000)
	for _, locale := range []alert.Locale{alert.Chinese, alert.English, alert.Japanese} {
		m := dingtalk.Render(locale, nil, dingtalk.MinRoom, a)
		newScanner().scan(t, m, dingtalk.MinRoom)
		require.Equal(t, 8, strings.Count(m.Text, locale.Cut()), "every cut is visible")
		require.NotContains(t, m.Text, a.URL, "there is no room for it")
		require.Contains(t, dingtalk.Render(locale, nil, ample, a).Text, a.URL)
		m = dingtalk.Render(locale, nil, dingtalk.MinRoom, many...)
		newScanner().scan(t, m, dingtalk.MinRoom)
		require.Contains(t, m.Text, locale.Count(len(many)))
		require.True(t, slices.ContainsFunc([]int{0, 1, 2}, func(shown int) bool {
			return strings.Contains(m.Text, "\n\n"+locale.More((20-shown)*20_000, 20-shown))
		}), m.Text)
	}
}

// TestDigestOfStorm renders 5,000 alerts at once, of few kinds and of many.
func TestDigestOfStorm(t *testing.T) {
	t.Parallel()
	for _, kinds := range []int{1, 2, 10, 40, 100, 1000, 5000} {
		t.Run(fmt.Sprint(kinds), func(t *testing.T) {
			t.Parallel()
			alerts := bandwidths(5000, kinds)
			before := slices.Clone(alerts)
			for _, room := range []int{dingtalk.MinRoom, 9000, ample} {
				m := rendered(t, room, alerts...)
				require.Contains(t, m.Title, "共 5000 条告警:紧急 磁盘使用率过高")
				if kinds >= 100 {
					limit := min(dingtalk.MaxText, (room-4)/4-dingtalk.MaxTitle)
					require.Greater(t, utf8.RuneCountInString(m.Text), limit-200, "the room is used")
				}
			}
			require.Equal(t, before, alerts)
		})
	}
}

// TestDigestSaysWhatFits compares how much is said of few and of many groups.
func TestDigestSaysWhatFits(t *testing.T) {
	t.Parallel()
	few := rendered(t, ample, apart(bandwidths(6, 2))...).Text
	require.Contains(t, few, "- 详情:")
	require.Contains(t, few, "- [查看](")
	many := rendered(t, ample, apart(bandwidths(3000, 300))...).Text
	require.LessOrEqual(t, strings.Count(many, "- 详情:")+strings.Count(many, "[查看]("), 2, "what room is left for")

	// A link that all share stands once, however many they are.
	for _, n := range []int{6, 300} {
		require.Equal(t, 1, strings.Count(rendered(t, ample, bandwidths(n, 30)...).Text, "- [查看]("))
	}
}

// apart gives each alert a URL of its own.
func apart(alerts []alert.Alert) []alert.Alert {
	for i := range alerts {
		alerts[i].URL = fmt.Sprint("https://ops.example.com/", i)
	}
	return alerts
}

// TestInstancesAddUp adds up the instances of every group of a storm.
func TestInstancesAddUp(t *testing.T) {
	t.Parallel()
	group := regexp.MustCompile(`(?m)^\*\*×(\d+)\*\* .*\n\n- 告警节点:(.*)$`)
	named := regexp.MustCompile(`i-\d+(?:×(\d+))?`)
	others := regexp.MustCompile(` 等，另有 (\d+) 条$`)
	number := func(digits string) int {
		n, err := strconv.Atoi(digits)
		require.NoError(t, err)
		return n
	}
	for _, alerts := range [][]alert.Alert{bandwidths(5000, 1), bandwidths(5000, 10), bandwidths(40, 1), bandwidths(2, 1)} {
		groups := group.FindAllStringSubmatch(rendered(t, ample, alerts...).Text, -1)
		require.NotEmpty(t, groups)
		for _, g := range groups {
			total := 0
			for _, in := range named.FindAllStringSubmatch(g[2], -1) {
				total += number(cmp.Or(in[1], "1"))
			}
			if rest := others.FindStringSubmatch(g[2]); rest != nil {
				total += number(rest[1])
			}
			require.Equal(t, number(g[1]), total, g[0])
		}
	}
}
