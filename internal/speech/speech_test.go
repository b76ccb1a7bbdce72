package speech_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/speech"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		locale alert.Locale
		text   string
		limit  int
		want   string
	}{
		{"plain", alert.Chinese, "磁盘使用率过高", 100, "磁盘使用率过高"},
		{"blanks and breaks", alert.Chinese, "  a \t b\r\n\u2028c　d ", 100, "a b c d"},
		{"control and format characters", alert.English, "a\x00b\x1b[31mc\u202ed\u200be", 100, "a b 31mcde"},
		{"invalid UTF-8", alert.English, "a\xffb", 100, "a b"},
		{"link", alert.English, "see https://example.com/a?b=c&d for more", 100, "see for more"},
		{"link behind a digit", alert.English, "0https://example.com/a", 100, ""},
		{"link behind letters", alert.English, "see:xhttps://example.com/a now", 100, "see: now"},
		{"link behind an underscore", alert.English, "a_https://example.com b", 100, "a b"},
		{"link behind a bracket and Chinese", alert.Chinese, "磁盘（https://example.com）满", 100, "磁盘（ ）满"},
		{"any scheme", alert.English, "x9obs+s3://bucket/key y", 100, "y"},
		{"www behind a digit", alert.English, "1www.example.com/a b", 100, "1 b"},
		{"what cannot be seen within", alert.English, "a ht\u200btps:/\u200b/example.com/a b", 100, "a b"},
		{"two links in one word", alert.English, "https://a.example.com,https://b.example.com x", 100, "x"},
		{"link before Chinese", alert.Chinese, "见http://example.com/中文", 100, "见 中文"},
		{"link without a scheme", alert.Chinese, "见 www.example.com，谢谢", 100, "见 ，谢谢"},
		{"markdown", alert.Chinese, "**磁盘** `/data` # [x](y) ~~z~~ | a_b", 100, "磁盘 /data x (y) z a b"},
		{"placeholder", alert.Japanese, "{{token}} と {{{x}}}", 100, "token と x"},
		{"markup of a synthesiser", alert.Chinese, "<speak>你好</speak>&amp;", 100, "speak 你好 /speak amp"},
		{"emoji", alert.English, "disk 🔥 full", 100, "disk full"},
		{"address", alert.Chinese, "10.0.2.7:3306", 100, "10 点 0 点 2 点 7:3306"},
		{"address in English", alert.English, "at 192.0.2.255.", 100, "at 192 dot 0 dot 2 dot 255."},
		{"address in Japanese", alert.Japanese, "192.0.2.1", 100, "192 ドット 0 ドット 2 ドット 1"},
		{"no address", alert.Chinese, "版本 999.1.2.3", 100, "版本 999.1.2.3"},
		{"thresholds", alert.English, "cpu > 90%, mem >=80, io<= -1, net <5", 100, "cpu above 90%, mem at least 80, io at most -1, net below 5"},
		{"thresholds in Chinese", alert.Chinese, "使用率>90% 余量< 5G", 100, "使用率 大于 90% 余量 小于 5G"},
		{"threshold in Japanese", alert.Japanese, "使用率 >= 90%", 100, "使用率 大なりイコール 90%"},
		{"cut", alert.Chinese, strings.Repeat("长", 30), 10, "长长长长…（已截断）"},
		{"fits", alert.Chinese, strings.Repeat("长", 10), 10, "长长长长长长长长长长"},
		{"cut in English", alert.English, strings.Repeat("x", 30), 12, "xxxxx… (cut)"},
		{"very long", alert.English, strings.Repeat("y", 1<<20), 8, "y… (cut)"},
		{"no room", alert.English, "long", 3, ""},
		{"empty", alert.English, " \n ", 10, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, speech.Voice{Locale: tt.locale}.Clean(tt.text, tt.limit))
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	full := alert.Alert{
		Severity: alert.Critical, Level: "P0", Product: "rds", Instance: "db_1",
		Name: "磁盘使用率过高", Summary: "已用 > 95%",
	}
	over := full
	over.Status = alert.Resolved
	minor := alert.Alert{Severity: alert.Notice, Name: "备份完成"}
	trial := func(a alert.Alert) alert.Alert { a.Test = true; return a }
	news := alert.Alert{Status: alert.News, Severity: alert.Critical, Name: "主备切换完成"}
	silent := alert.Alert{Status: alert.NoData, Severity: alert.Major, Name: "心跳"}
	for _, tt := range []struct {
		name   string
		locale alert.Locale
		alerts []alert.Alert
		limit  int
		want   string
	}{
		{"one", alert.Chinese, []alert.Alert{full}, 200, "告警通知，紧急，rds，db 1，磁盘使用率过高，已用 大于 95%"},
		{"one in English", alert.English, []alert.Alert{full}, 200, "Alert, Critical, rds, db 1, 磁盘使用率过高, 已用 above 95%"},
		{"one in Japanese", alert.Japanese, []alert.Alert{full}, 200, "アラート通知、緊急、rds、db 1、磁盘使用率过高、已用 大なり 95%"},
		{"resolved", alert.Chinese, []alert.Alert{over}, 200, "恢复通知，rds，db 1，磁盘使用率过高，已用 大于 95%"},
		{"the zero alert", alert.English, []alert.Alert{{}}, 200, "Alert, Warning"},
		{"no data", alert.Chinese, []alert.Alert{silent}, 200, "无数据通知，重要，心跳"},
		{"many", alert.Chinese, []alert.Alert{minor, full, over, full}, 200, "告警通知，共 4 条告警，紧急，rds，db 1，磁盘使用率过高，此类 2 条，其他 2 条，已用 大于 95%"},
		{"many in English", alert.English, []alert.Alert{minor, full}, 200, "Alert, 2 alerts, Critical, rds, db 1, 磁盘使用率过高, 1 like this, 1 more, 已用 above 95%"},
		{"many in Japanese", alert.Japanese, []alert.Alert{minor, minor}, 200, "アラート通知、アラート 計 2 件、注意、备份完成、同種 2 件"},
		{"all over", alert.Chinese, []alert.Alert{over, over}, 200, "恢复通知，共 2 条告警，rds，db 1，磁盘使用率过高，此类 2 条，已用 大于 95%"},
		{"what is over does not come first", alert.Chinese, []alert.Alert{over, minor}, 200, "告警通知，共 2 条告警，通知，备份完成，此类 1 条，其他 1 条"},
		{"a test", alert.Chinese, []alert.Alert{trial(full)}, 24, "测试，告警通知，紧急，rds，db …（已截断）"},
		{"a test in English", alert.English, []alert.Alert{trial(minor)}, 200, "This is a test, Alert, Notice, 备份完成"},
		{"tests in Japanese", alert.Japanese, []alert.Alert{trial(minor), trial(full)}, 200, "テスト、アラート通知、アラート 計 2 件、緊急、rds、db 1、磁盘使用率过高、同種 1 件、ほか 1 件、已用 大なり 95%"},
		{"a test beside one", alert.Chinese, []alert.Alert{trial(full), minor}, 200, "告警通知，通知，备份完成，另有测试 1 条"},
		{"tests beside two", alert.English, []alert.Alert{minor, trial(full), over, trial(full)}, 200, "Alert, 2 alerts, Notice, 备份完成, 1 like this, 1 more, plus 2 tests"},
		{"a test beside a recovery", alert.English, []alert.Alert{trial(full), over}, 200, "Resolved, rds, db 1, 磁盘使用率过高, plus 1 test, 已用 above 95%"},
		{"news", alert.Chinese, []alert.Alert{news, over}, 200, "事件通知，共 2 条告警，紧急，主备切换完成，此类 1 条，其他 1 条"},
		{"news do not come first", alert.Chinese, []alert.Alert{news, minor}, 200, "告警通知，共 2 条告警，通知，备份完成，此类 1 条，其他 1 条"},
		{"cut", alert.Chinese, []alert.Alert{full}, 30, "告警通知，紧急，rds，db 1，磁盘使用率过高…（已截断）"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, speech.Voice{Locale: tt.locale}.Message(tt.alerts, tt.limit))
		})
	}
}

// The least limit that the documentation promises holds the total and the
// severity.
func TestMessageKeepsTheTotal(t *testing.T) {
	t.Parallel()
	alerts := make([]alert.Alert, 50000)
	for i := range alerts {
		alerts[i] = alert.Alert{Severity: alert.Critical, Name: strings.Repeat("n", i%90), Summary: strings.Repeat("s", 3000)}
	}
	for l := alert.Chinese; l <= alert.Japanese; l++ {
		text := speech.Voice{Locale: l}.Message(alerts, 40)
		require.Contains(t, text, "50000", l)
		require.Contains(t, text, l.Severity(alert.Critical), l)
		require.LessOrEqual(t, utf8.RuneCountInString(text), 40, l)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("磁盘", "db-1", "see https://example.com > 90% 10.0.0.1", uint8(0), 100, 3)
	f.Add("{{x}}", "\xff\x00", "<b>", uint8(1), 40, 1)
	f.Fuzz(func(t *testing.T, name, instance, summary string, locale uint8, limit, n int) {
		limit, n = 40+min(max(limit, 0), 2000), min(max(n, 1), 50)
		a := alert.Alert{Name: name, Instance: instance, Summary: summary}
		v := speech.Voice{Locale: alert.Locale(locale % 3)}
		alerts := make([]alert.Alert, n)
		for i := range alerts {
			alerts[i] = a
		}
		alerts[0].Test = n%2 == 0
		text := v.Message(alerts, limit)
		require.True(t, utf8.ValidString(text))
		require.LessOrEqual(t, utf8.RuneCountInString(text), limit)
		require.NotContains(t, text, "  ")
		require.NotContains(t, text, "{")
		require.NotContains(t, text, "://")
		if real := n - 1 + n%2; real > 1 {
			require.Contains(t, text, fmt.Sprint(real))
		}
		for _, r := range text {
			require.False(t, unicode.IsControl(r), "%U", r)
		}
	})
}
