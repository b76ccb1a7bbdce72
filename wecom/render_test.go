package wecom_test

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
	"github.com/tocsin-go/tocsin/wecom"
)

// sent returns the content of the message that a robot makes of alerts.
func sent(t *testing.T, opts *wecom.Options, alerts ...alert.Alert) string {
	t.Helper()
	robot, server := newRobot(t, opts)
	require.NoError(t, robot.Send(t.Context(), alerts...))
	messages := server.Messages()
	require.Len(t, messages, 1)
	require.Equal(t, "markdown", messages[0].Type)
	return messages[0].Content
}

func TestCard(t *testing.T) {
	t.Parallel()
	with := func(change func(a *alert.Alert)) alert.Alert {
		a := sample()
		change(&a)
		return a
	}
	tests := []struct {
		name   string
		opts   wecom.Options
		alerts []alert.Alert
	}{
		{name: "firing", alerts: []alert.Alert{sample()}},
		{name: "critical", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Severity, a.Level = alert.Critical, "CRITICAL" })}},
		{name: "info", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Severity, a.Level = alert.Info, "" })}},
		{name: "no_data", alerts: []alert.Alert{with(func(a *alert.Alert) { a.Status = alert.NoData })}},
		{name: "resolved", alerts: []alert.Alert{with(func(a *alert.Alert) {
			a.Status, a.EndsAt = alert.Resolved, a.StartsAt.Add(10*time.Minute)
			a.Severity = alert.Critical
		})}},
		{name: "zero", alerts: []alert.Alert{{}}},
		{name: "resource", alerts: []alert.Alert{{Instance: " ", Resource: "acs:ecs:cn-shanghai:1:instance/i-1", Name: "disk"}}},
		{name: "english", opts: wecom.Options{Locale: alert.English, Location: time.UTC, Mentions: []string{"zhangwei", "li.si"}}, alerts: []alert.Alert{sample()}},
		{name: "japanese", opts: wecom.Options{Locale: alert.Japanese, Location: time.FixedZone("", 9*60*60)}, alerts: []alert.Alert{sample()}},
		{name: "digest", opts: wecom.Options{Mentions: []string{"zhangwei"}}, alerts: []alert.Alert{
			sample(), sample(), {Severity: alert.Critical, Name: "db down", Status: alert.NoData},
			with(func(a *alert.Alert) { a.Status, a.Instance = alert.Resolved, "i-2" }),
			{Severity: alert.Info, Name: "note", Instance: "\u200b"}, {Status: 9, Severity: 99, Product: " "},
		}},
		{name: "digest_english", opts: wecom.Options{Locale: alert.English}, alerts: []alert.Alert{sample(), sample(), {}}},
		{name: "digest_resolved", alerts: []alert.Alert{{Status: alert.Resolved}, {Status: alert.Resolved, Name: "disk"}}},
		{name: "digest_no_data", alerts: []alert.Alert{{Status: alert.Resolved}, {Status: alert.NoData, Name: "disk"}}},
		{name: "news", opts: wecom.Options{Mentions: []string{"zhangwei"}}, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Status, a.Severity, a.Level = alert.News, alert.Critical, "CRITICAL" })}},
		{name: "test", opts: wecom.Options{Mentions: []string{"zhangwei"}}, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test = true })}},
		{name: "test_english", opts: wecom.Options{Locale: alert.English}, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test, a.Status = true, alert.Resolved })}},
		{name: "test_japanese", opts: wecom.Options{Locale: alert.Japanese}, alerts: []alert.Alert{with(func(a *alert.Alert) { a.Test = true })}},
		{name: "digest_tests", opts: wecom.Options{Mentions: []string{"zhangwei"}}, alerts: trials()},
		{name: "digest_mixed", opts: wecom.Options{Mentions: []string{"zhangwei"}}, alerts: append(trials(), with(func(a *alert.Alert) { a.Status = alert.Resolved }), alert.Alert{Status: alert.News, Severity: alert.Critical, Name: "failover done"})},
		{name: "hostile", alerts: []alert.Alert{{
			Product: "<@all>", Region: "[click](http://evil.example)", Instance: "a\n# b", Name: "**bold** `code` &lt;@all&gt; a&b C:\\dir\\*.log \\",
			Summary: "\n\n# heading\r\n> quote\u2028</font><font color=\"info\">已恢复</font>\n\n\u202eright\u202c zero\u200bwidth \xff\xfe\x00end\n",
			Level:   "`x`", URL: "https://a.example/x(1) y?<@all>*[z]",
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(sample().StartsAt.Add(17 * time.Minute)))
				content := sent(t, &tt.opts, tt.alerts...)
				mentions := tt.opts.Mentions
				if !slices.ContainsFunc(tt.alerts, func(a alert.Alert) bool { return a.Status.Open() && a.Severity > alert.Info }) {
					mentions = nil
				}
				scan(t, content, mentions)
				golden(t, "card_"+tt.name+".md", content+"\n")
			})
		})
	}
}

// trials are tests, each of which would be bad news if it were real.
func trials() []alert.Alert {
	a := sample()
	a.Test, a.Severity, a.Level = true, alert.Critical, ""
	return []alert.Alert{a, a, {Test: true, Status: alert.NoData, Name: "db down"}, {Test: true, Status: alert.Resolved, Name: "disk"}}
}

// TestLongSummary cuts a summary of 3,000 Chinese characters, to the byte,
// and keeps what follows it.
func TestLongSummary(t *testing.T) {
	t.Parallel()
	for extra := range 3 { // whatever the remainder by the size of a character
		a := sample()
		a.Region += strings.Repeat("x", extra)
		a.Summary = strings.Repeat("磁盘使用率", 600)
		require.Equal(t, 3000, utf8.RuneCountInString(a.Summary))
		content := sent(t, &wecom.Options{Mentions: []string{"zhangwei"}}, a)
		require.True(t, utf8.ValidString(content))
		require.LessOrEqual(t, len(content), wecom.MaxMarkdown)
		require.Greater(t, len(content), wecom.MaxMarkdown-4, "no byte is wasted")
		require.True(t, strings.HasSuffix(content,
			"…（已截断）\n[查看](https://cloudmonitor.console.aliyun.com/)\n<@zhangwei>"), content[len(content)-200:])
		scan(t, content, []string{"zhangwei"})
	}
}

// TestSummaryFitsExactly adds one byte after the other until the limit is
// reached: nothing is cut before.
func TestSummaryFitsExactly(t *testing.T) {
	t.Parallel()
	a := sample()
	a.Summary = "x"
	room := wecom.MaxMarkdown - len(sent(t, nil, a)) + 1
	a.Summary = strings.Repeat("x", room)
	content := sent(t, nil, a)
	require.Len(t, content, wecom.MaxMarkdown)
	require.NotContains(t, content, "已截断")
	a.Summary += "x"
	content = sent(t, nil, a)
	require.Len(t, content, wecom.MaxMarkdown)
	require.Contains(t, content, "…（已截断）\n")
}

// TestLongEverything makes each field as long as it gets.
func TestLongEverything(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("很长", 5000)
	mentions := slices.Repeat([]string{strings.Repeat("u", 61)}, 16) // 1024 bytes
	a := alert.Alert{
		Product: long, Region: long, Instance: long, Name: long, Level: long, Summary: long, Source: long,
		StartsAt: time.Now(), URL: "https://a.example/" + strings.Repeat("x", 1006), Severity: alert.Critical,
	}
	for _, locale := range []alert.Locale{alert.Chinese, alert.English, alert.Japanese} {
		opts := &wecom.Options{Locale: locale, Mentions: mentions}
		content := sent(t, opts, a)
		require.Equal(t, 7, strings.Count(content, locale.Cut()), "every cut is visible")
		require.Contains(t, content, a.URL)
		scan(t, content, mentions)
		content = sent(t, opts, a, a, alert.Alert{Name: long, Severity: alert.Major})
		require.Contains(t, content, "×2")
		scan(t, content, mentions)
	}
}

// TestStorm sends 5,000 alerts at once, of few kinds and of many.
func TestStorm(t *testing.T) {
	t.Parallel()
	for _, kinds := range []int{1, 2, 10, 40, 100, 1000, 5000} {
		t.Run(fmt.Sprint(kinds), func(t *testing.T) {
			t.Parallel()
			alerts := storm(5000, kinds)
			before := slices.Clone(alerts)
			content := sent(t, &wecom.Options{Mentions: []string{"zhangwei"}}, alerts...)
			require.Equal(t, 5000, newCounter().count(t, content))
			require.LessOrEqual(t, len(content), wecom.MaxMarkdown)
			scan(t, content, []string{"zhangwei"})
			require.Equal(t, before, alerts)
			if kinds >= 100 {
				require.Greater(t, len(content), wecom.MaxMarkdown-200, "the room is used")
			}
		})
	}
}

// TestDigestSaysWhatFits compares how much is said of few and of many groups.
func TestDigestSaysWhatFits(t *testing.T) {
	t.Parallel()
	few := sent(t, nil, apart(storm(6, 2))...)
	require.Contains(t, few, "详情:")
	require.Contains(t, few, "[查看](")
	many := sent(t, nil, apart(storm(3000, 300))...)
	require.LessOrEqual(t, strings.Count(many, "详情:")+strings.Count(many, "[查看]("), 2, "what room is left for")
	require.Equal(t, 3000, newCounter().count(t, many))

	// A link that all share stands once, however many they are.
	for _, n := range []int{6, 300} {
		require.Equal(t, 1, strings.Count(sent(t, nil, storm(n, 30)...), "[查看]("))
	}
	long := storm(300, 30)
	for i := range long {
		long[i].URL = "https://a.example/" + strings.Repeat("x", 1000)
	}
	scan(t, sent(t, nil, long...), nil)
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
	group := regexp.MustCompile(`(?m)^\*\*×(\d+)\*\* .*\n<font color="comment">(.*)</font>$`)
	named := regexp.MustCompile(`i-\d+(?:×(\d+))?`)
	others := regexp.MustCompile(` 等，另有 (\d+) 条$`)
	number := func(digits string) int {
		n, err := strconv.Atoi(digits)
		require.NoError(t, err)
		return n
	}
	for _, alerts := range [][]alert.Alert{storm(5000, 1), storm(5000, 10), storm(40, 1), storm(2, 1)} {
		groups := group.FindAllStringSubmatch(sent(t, nil, alerts...), -1)
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
