package alert_test

import (
	"flag"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
)

func locales() []alert.Locale { return []alert.Locale{alert.Chinese, alert.English, alert.Japanese} }

func TestParseLocale(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word string
		want alert.Locale
		ok   bool
	}{
		{"zh", alert.Chinese, true},
		{"zh-CN", alert.Chinese, true},
		{"zh_CN.UTF-8", alert.Chinese, true},
		{"zh-Hans-CN", alert.Chinese, true},
		{"EN", alert.English, true},
		{"en_US.utf8", alert.English, true},
		{" ja ", alert.Japanese, true},
		{"ja_JP@calendar", alert.Japanese, true},
		{"", 0, false},
		{"C", 0, false},
		{"C.UTF-8", 0, false},
		{"zhx", 0, false},
		{"english", 0, false},
		{"-zh", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			t.Parallel()
			got, err := alert.ParseLocale(tt.word)
			require.Equal(t, tt.want, got)
			if tt.ok {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "want zh, en or ja")
			}
		})
	}
	_, err := alert.ParseLocale(strings.Repeat("x", 1000))
	require.Less(t, len(err.Error()), 120, "an error quotes a bounded part of the word")
}

func TestLocaleText(t *testing.T) {
	t.Parallel()
	for _, l := range locales() {
		text, err := l.MarshalText()
		require.NoError(t, err)
		var back alert.Locale
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, l, back)
	}
	l := alert.English
	require.Error(t, l.UnmarshalText([]byte("xx")))
	require.Equal(t, alert.English, l, "left as it was")
	require.Equal(t, "Locale(9)", alert.Locale(9).String())
	_, err := alert.Locale(9).MarshalText()
	require.Error(t, err)
}

func TestLocaleFlag(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var l alert.Locale
	flags.TextVar(&l, "locale", alert.Chinese, "zh, en or ja")
	require.NoError(t, flags.Parse([]string{"-locale", "ja_JP.UTF-8"}))
	require.Equal(t, alert.Japanese, l)
	require.Error(t, flags.Parse([]string{"-locale", "fr"}))
}

// The readers of the relay that this replaces search for these words.
func TestChineseFieldsOfTheFirstRelay(t *testing.T) {
	t.Parallel()
	for field, want := range map[alert.Field]string{
		alert.FieldTime:     "通知时间",
		alert.FieldProduct:  "云产品",
		alert.FieldLevel:    "告警级别",
		alert.FieldRegion:   "区域",
		alert.FieldInstance: "告警节点",
		alert.FieldContent:  "告警内容",
	} {
		require.Equal(t, want, alert.Chinese.Field(field))
	}
}

// Every word exists, is one of its kind in its language, and carries no
// punctuation.
func TestLocaleWords(t *testing.T) {
	t.Parallel()
	for _, l := range locales() {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			var fields, states, titles, levels []string
			for f := alert.FieldTime; f <= alert.FieldLink; f++ {
				fields = append(fields, l.Field(f))
			}
			for s := alert.Firing; s <= alert.News; s++ {
				states = append(states, l.Status(s))
				titles = append(titles, l.Title(s))
			}
			states = append(states, l.Test())
			for _, s := range severities() {
				levels = append(levels, l.Severity(s))
				parsed, known := alert.ParseSeverity(l.Severity(s))
				require.True(t, known, "the word comes back, as Level does from a relay")
				require.Equal(t, s, parsed)
			}
			for _, words := range [][]string{fields, states, titles, levels} {
				seen := map[string]bool{}
				for _, word := range words {
					require.NotEmpty(t, word)
					require.False(t, seen[word], word)
					require.Equal(t, -1, strings.IndexFunc(word, unicode.IsPunct), word)
					seen[word] = true
				}
			}
			require.NotEmpty(t, l.Cut())
			require.NotEmpty(t, l.Separator())
		})
	}
}

func TestLocaleOutOfRange(t *testing.T) {
	t.Parallel()
	require.Equal(t, alert.Chinese.Count(3), alert.Locale(9).Count(3))
	require.Equal(t, alert.Chinese.Title(0), alert.Locale(9).Title(0))
	for _, l := range locales() {
		require.Empty(t, l.Field(alert.FieldLink+1))
		require.Equal(t, l.Status(alert.Firing), l.Status(9), "not taken for good news")
		require.Equal(t, l.Title(alert.Firing), l.Title(9))
		require.Equal(t, l.Severity(alert.Critical), l.Severity(100))
		require.Equal(t, l.Severity(alert.Info), l.Severity(-100))
	}
}

func TestLocaleLevel(t *testing.T) {
	t.Parallel()
	require.Equal(t, "P2", alert.Chinese.Level(alert.Alert{Level: "P2", Severity: alert.Major}))
	require.Equal(t, "重要", alert.Chinese.Level(alert.Alert{Severity: alert.Major}))
}

func TestLocalePhrases(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, got, want string }{
		{"zh count", alert.Chinese.Count(5000), "共 5000 条告警"},
		{"zh more", alert.Chinese.More(4990, 37), "另有 4990 条（37 组）未列出"},
		{"zh more without groups", alert.Chinese.More(8, 0), "另有 8 条未列出"},
		{"zh others", alert.Chinese.Others(8), " 等，另有 8 条"},
		{"en count", alert.English.Count(2), "2 alerts"},
		{"en count of one", alert.English.Count(1), "1 alert"},
		{"en more", alert.English.More(4990, 1), "4990 more alerts in 1 group not listed"},
		{"en more, one", alert.English.More(1, 0), "1 more alert not listed"},
		{"en others", alert.English.Others(8), " and 8 more"},
		{"ja count", alert.Japanese.Count(2), "アラート 計 2 件"},
		{"ja more", alert.Japanese.More(4990, 37), "ほか 4990 件（37 グループ）は省略"},
		{"ja more without groups", alert.Japanese.More(8, 0), "ほか 8 件は省略"},
		{"ja others", alert.Japanese.Others(8), " ほか 8 件"},
		{"no others", alert.Chinese.Others(0) + alert.English.Others(0) + alert.Japanese.Others(0), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.got)
		})
	}
}

// A phrase holds the number it was given and no other, since what is tested
// against it, and what people add up, is that number.
func FuzzLocalePhrases(f *testing.F) {
	f.Add(uint8(0), 5, 2)
	digits := regexp.MustCompile(`\d+`)
	f.Fuzz(func(t *testing.T, locale uint8, alerts, groups int) {
		l := alert.Locale(locale)
		if alerts <= 0 || groups <= 0 {
			return
		}
		require.Len(t, digits.FindAllString(l.Count(alerts), -1), 1)
		require.Len(t, digits.FindAllString(l.More(alerts, groups), -1), 2)
		require.Len(t, digits.FindAllString(l.Others(alerts), -1), 1)
	})
}
