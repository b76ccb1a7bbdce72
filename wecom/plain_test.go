package wecom_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// newTextCounter reads the counts in a digest of plain text.
func newTextCounter() counter {
	c := newCounter()
	c.header = regexp.MustCompile(`^【[^】]+】共 (\d+) 条告警\n`)
	c.states = regexp.MustCompile(`(?m)^(?:告警中|无数据|事件|已恢复|测试) (\d+):`)
	c.severities = regexp.MustCompile(`(?m)^(?:告警中|无数据|事件|已恢复|测试) \d+:(.*)$`)
	c.groups = regexp.MustCompile(`(?m)^×(\d+) `)
	return c
}

// sendPlain returns the text that a robot makes of alerts.
func sendPlain(tb testing.TB, o wecom.Options, alerts ...alert.Alert) string {
	tb.Helper()
	o.PlainText = true
	robot, server := newRobot(tb, &o)
	server.TextLimit = max(o.TextLimit, wecom.MaxText)
	require.NoError(tb, robot.Send(tb.Context(), alerts...))
	require.Len(tb, server.Messages(), 1)
	require.Equal(tb, "text", server.Messages()[0].Type)
	return server.Messages()[0].Content
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	resolved := sample()
	resolved.Status, resolved.EndsAt = alert.Resolved, resolved.StartsAt.Add(time.Hour)
	hostile := sample()
	hostile.Name, hostile.Summary = "<@all> <\u200b@x> a@b.example", "1 < 2\n状态:已恢复\n<@zhangwei>"
	hostile.Instance, hostile.URL = "", "javascript:x"
	resource := alert.Alert{Resource: "arn:1", Severity: alert.Critical}
	tests := []struct {
		name   string
		opts   wecom.Options
		alerts []alert.Alert
	}{
		{"firing", wecom.Options{}, []alert.Alert{sample()}},
		{"resolved", wecom.Options{Location: time.UTC}, []alert.Alert{resolved}},
		{"english", wecom.Options{Locale: alert.English}, []alert.Alert{sample()}},
		{"hostile", wecom.Options{}, []alert.Alert{hostile}},
		{"resource", wecom.Options{Locale: alert.Japanese}, []alert.Alert{resource}},
		{"digest", wecom.Options{}, storm(300, 12)},
		{"digest_english", wecom.Options{Locale: alert.English, TextLimit: 1024}, storm(2000, 90)},
		{"test", wecom.Options{Locale: alert.English}, trials()[:1]},
		{"digest_mixed", wecom.Options{}, append(trials(), resolved, alert.Alert{Status: alert.News, Severity: alert.Critical, Name: "failover done"})},
		{"digest_few", wecom.Options{}, []alert.Alert{sample(), resolved, hostile, {}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				<-time.After(time.Until(sample().StartsAt.Add(17 * time.Minute)))
				golden(t, "text_"+tt.name+".txt", sendPlain(t, tt.opts, tt.alerts...))
			})
		})
	}
}

// TestPlainTextMentions shows the mentions that only text has.
func TestPlainTextMentions(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &wecom.Options{PlainText: true, Mentions: []string{"zhangwei", "@all"}, Mobiles: []string{"13800000001", "@all"}})
	require.NoError(t, robot.Send(t.Context(), sample()))
	require.NoError(t, robot.Send(t.Context(), sample(), sample()))
	for _, m := range server.Messages() {
		require.Equal(t, []string{"zhangwei", "@all"}, m.Mentions)
		require.Equal(t, []string{"13800000001", "@all"}, m.Mobiles)
		require.NotContains(t, m.Content, "zhangwei")
	}
	require.NoError(t, robot.Send(t.Context(), alert.Alert{Status: alert.News, Severity: alert.Critical}))
	require.Empty(t, server.Messages()[2].Mentions)
	require.Empty(t, server.Messages()[2].Mobiles)
}

// TestPlainTextOptions is about what New refuses.
func TestPlainTextOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts wecom.Options
		want string // empty: accepted
	}{
		{"everybody", wecom.Options{PlainText: true, Mentions: []string{"@all"}}, ""},
		{"mobiles in markdown", wecom.Options{Mobiles: []string{"13800000001"}}, ""},
		{"a mobile as userid", wecom.Options{Mentions: []string{"13800000001"}}, "Mentions[0]: looks like a mobile number"},
		{"bad mobile", wecom.Options{PlainText: true, Mobiles: []string{"138-0000"}}, "Mobiles[0]"},
		{"bad userid", wecom.Options{PlainText: true, Mentions: []string{"<@x>"}}, "Mentions[0]"},
		{"small limit", wecom.Options{PlainText: true, TextLimit: 1023}, "TextLimit: 1023 bytes, PlainText needs 1024"},
		{"raised limit", wecom.Options{PlainText: true, TextLimit: 5120}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wecom.New(testKey, &tt.opts)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			_, is := errors.AsType[*wecom.FieldError](err)
			require.True(t, is)
		})
	}
}

// TestPlainTextRender has a Render function, which decides for itself.
func TestPlainTextRender(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &wecom.Options{PlainText: true, Render: func([]alert.Alert) (wecom.Message, error) {
		return wecom.Markdown{Content: "own"}, nil
	}})
	require.NoError(t, robot.Send(t.Context(), sample()))
	require.Equal(t, "own", server.Messages()[0].Content)
}

// TestPlainTextCut has more of everything than fits.
func TestPlainTextCut(t *testing.T) {
	t.Parallel()
	a := sample()
	a.Summary = strings.Repeat("内存不足，", 600)
	for _, limit := range []int{1024, 2048, 5120} {
		got := sendPlain(t, wecom.Options{TextLimit: limit}, a)
		require.LessOrEqual(t, len(got), limit)
		require.Greater(t, len(got), limit-8, "the room is used")
		require.Contains(t, got, "…（已截断）\n查看:https://cloudmonitor.console.aliyun.com/")
	}
	a.Name, a.Product, a.Region, a.Instance, a.Level = a.Summary, a.Summary, a.Summary, a.Summary, a.Summary
	a.URL = "https://a.example/" + strings.Repeat("x", 1000)
	got := sendPlain(t, wecom.Options{TextLimit: 1024}, a)
	require.Contains(t, got, "\n查看:https://a.example/xxx", "as text, which is cut")
	require.GreaterOrEqual(t, strings.Count(got, "…（已截断）"), 6)
	require.LessOrEqual(t, len(got), 1024)
}

// FuzzPlainText renders any alerts: valid UTF-8 within the limit, no mention
// from data, and the counts add up.
func FuzzPlainText(f *testing.F) {
	f.Add("disk full", "91%\nof 100G", "ecs", "i-1", "WARN", "https://a.example/", int8(0), uint8(0), uint16(1), int64(0))
	f.Add("<@all>", "<\u200b@x>\n×3 x\n另有 9 条（1 组）未列出", "<", "@a>", "<\xff@", "http://a.example/<@x>", int8(2), uint8(1), uint16(300), int64(1<<40))
	counter := newTextCounter()
	f.Fuzz(func(t *testing.T, name, summary, product, instance, level, url string, severity int8, status uint8, n uint16, at int64) {
		alerts := make([]alert.Alert, 1+n%400)
		for i := range alerts {
			alerts[i] = alert.Alert{
				Name: name[:len(name)*(i%5)/4], Summary: summary, Product: product, Region: product, Instance: instance + level[:len(level)*(i%3)/2],
				Level: level, URL: url, Severity: alert.Severity(severity) + alert.Severity(i%4), Status: alert.Status(status), StartsAt: time.Unix(at, 0).UTC(), Test: int(n)%3 == i%3,
			}
		}
		for _, limit := range []int{1024, 2048} {
			got := wecom.RenderText(limit, alerts)
			require.True(t, utf8.ValidString(got))
			require.LessOrEqual(t, len(got), limit)
			require.NotContains(t, got, "<@")
			require.Equal(t, len(alerts), counter.count(t, got))
		}
	})
}
