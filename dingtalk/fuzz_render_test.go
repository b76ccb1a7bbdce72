package dingtalk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
)

// FuzzRender renders any alerts, one or many: the message is valid UTF-8 within
// its room, has no markup from data, and tells of every alert.
func FuzzRender(f *testing.F) {
	f.Add("disk full", "91%\nof 100G", "ecs", "cn-hangzhou", "i-1", "WARN", "https://a.example/", int8(0), uint8(0), uint16(1), int64(0))
	f.Add("</font>\n# <@all>", "**\\`&lt;[a](http://b)\u202e\u2028\xff", "*", "> ", "&#60;", "\\", "http://a.example/)", int8(2), uint8(1), uint16(300), int64(1<<40))
	f.Add("\\\u200b*", "&\u200blt;\n---\n===", "@13800000000", "＜", "[\x00](", "_a_", "https://u@h/", int8(-128), uint8(255), uint16(2), int64(-1<<62))
	f.Add("dingtalk:/\u200b/x", "a_\u200b_\n_b|~c~", "![](http://a)", "a_b", "@", "\n-", "dingtalk://x", int8(1), uint8(2), uint16(7), int64(1))
	f.Add("告_______________b", "告________________告", "a_______________告", "a________________b", "a_", "_", "", int8(1), uint8(2), uint16(0), int64(1))
	f.Add("# a", "a\n---\nb\n===\n# c\n> d", "<", "|", "~", "`", "dingtalk://x", int8(1), uint8(2), uint16(0), int64(1))
	scanner, counter := newScanner(), newCounter()
	f.Fuzz(func(t *testing.T, name, summary, product, region, instance, level, url string, severity int8, status uint8, n uint16, at int64) {
		alerts := make([]alert.Alert, 1+n%400)
		for i := range alerts {
			alerts[i] = alert.Alert{
				Name: name, Summary: summary, Product: product, Region: region, Instance: instance, Level: level, URL: url,
				Severity: alert.Severity(severity), Status: alert.Status(status), StartsAt: time.Unix(at, 0).UTC(),
			}
			// Vary what groups and instances are made of.
			alerts[i].Name = name[:len(name)*(i%5)/4]
			alerts[i].Instance = instance + level[:len(level)*(i%3)/2]
			alerts[i].Severity += alert.Severity(i % 4)
			alerts[i].Test = int(n)%3 == i%3
		}
		room := dingtalk.MinRoom + int(uint64(at)%16000)
		m := dingtalk.Render(alert.Chinese, nil, room, alerts...)
		scanner.scan(t, m, room)
		require.Equal(t, len(alerts), counter.count(t, m.Text))
	})
}
