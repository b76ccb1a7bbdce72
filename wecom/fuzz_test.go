package wecom_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// FuzzRender renders any alerts, one or many: the message is valid UTF-8 within
// the limit, has no markup from data, and tells of every alert.
func FuzzRender(f *testing.F) {
	f.Add("disk full", "91%\nof 100G", "ecs", "cn-hangzhou", "i-1", "WARN", "https://a.example/", int8(0), uint8(0), uint16(1), int64(0))
	f.Add("</font>\n# <@all>", "**\\`&lt;[a](http://b)\u202e\u2028\xff", "*", "> ", "&#60;", "\\", "http://a.example/)", int8(2), uint8(1), uint16(300), int64(1<<40))
	f.Add("\\\u200b*", "&\u200blt;", "&l\u00adt;", "＜", "[\x00](", "`", "https://u@h/", int8(-128), uint8(255), uint16(2), int64(-1<<62))
	mentions := []string{"zhangwei"}
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
		content := wecom.RenderContent(mentions, alerts)
		notified := mentions
		if !slices.ContainsFunc(alerts, func(a alert.Alert) bool { return a.Status.Open() && a.Severity > alert.Info }) {
			notified = nil
		}
		scanner.scan(t, content, notified)
		require.Equal(t, len(alerts), counter.count(t, content))
	})
}

// FuzzAnswer judges any answer: it never panics, never takes an answer for a
// yes that encoding/json does not read as errcode 0, and keeps errors short.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"errcode":0,"errmsg":"ok"}`)
	f.Add(`{"errcode":93000,"errmsg":"invalid webhook url, hint: [1], from ip: 192.0.2.10, more info at https://x"}`)
	f.Add(`{"errcode":1e400,"errmsg":"\ud800, hint: [` + "\x00" + `]"}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, body string) {
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.Answer(http.StatusOK, body))
		err := robot.Send(alert.Once(t.Context()), sample())
		if err == nil {
			var answer struct{ Errcode *int }
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.NotNil(t, answer.Errcode)
			require.Zero(t, *answer.Errcode)
			return
		}
		require.Less(t, len(err.Error()), 2500) // quoting may double the text
		require.NotContains(t, err.Error(), "\n")
		require.True(t, utf8.ValidString(err.Error()))
	})
}

// FuzzNew reads any address: it never panics, and no error or print holds it.
func FuzzNew(f *testing.F) {
	f.Add(testKey, "")
	f.Add("https://gw.example.com/cgi-bin/webhook/send?key="+testKey, "")
	f.Add("https://[::1%25"+testKey+"]/cgi-bin/webhook/send?key=%", "http://x?y")
	f.Fuzz(func(t *testing.T, address, base string) {
		robot, err := wecom.New(address, &wecom.Options{BaseURL: base})
		if err != nil {
			require.Nil(t, robot)
			if len(address) > 40 {
				require.NotContains(t, err.Error(), address)
			}
			require.Less(t, len(err.Error()), 200)
			return
		}
		require.True(t, strings.HasPrefix(robot.String(), "wecom.Robot("))
	})
}
