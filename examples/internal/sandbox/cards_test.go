package sandbox_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/wecom"
)

// TestBrowserCards draws what people read in both groups: an alert and its
// recovery, an event, an alarm of OCP, and a digest. Pictures are taken in all
// languages.
func TestBrowserCards(t *testing.T) {
	languages := []alert.Locale{alert.Chinese, alert.English, alert.Japanese}
	if *screenshots == "" {
		languages = languages[:1]
	}
	for _, l := range languages {
		b, s := open(t, look{1100, 900, false, l.String()})
		zone := time.FixedZone("", 8*60*60)
		if l == alert.Japanese {
			zone = time.FixedZone("", 9*60*60)
		}
		to := s.Targets()
		group, err := wecom.New(to.Wecom, &wecom.Options{Locale: l, Location: zone})
		require.NoError(t, err)
		other, err := dingtalk.New(to.DingTalk, &dingtalk.Options{Locale: l, Location: zone, Secret: to.DingTalkSecret})
		require.NoError(t, err)
		for _, alerts := range told(t) {
			require.NoError(t, alert.Fanout(group, other).Send(t.Context(), alerts...))
		}
		for _, dest := range []string{"wecom", "dingtalk"} {
			b.wait(`document.querySelectorAll("#` + dest + ` .bubble").length === 5`)
			require.Contains(t, b.text("#"+dest+" .message:last-child"), "500")
		}
		height := ask[int64](b, `(() => {
			const sides = ["wecom", "dingtalk"].map(id => document.getElementById(id));
			document.body.replaceChildren(...sides);
			Object.assign(document.body.style, {flexDirection: "row", alignItems: "flex-start", minHeight: "0"});
			for (const s of sides) { s.style.flex = "1"; s.querySelector(".log").style.maxHeight = "none"; }
			return document.documentElement.scrollHeight;
		})()`)
		call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1100, Height: height, DeviceScaleFactor: 0.75})
		b.shot("cards-" + l.String())
	}
}

// told are the alerts of the five messages.
func told(t *testing.T) [][]alert.Alert {
	t.Helper()
	now := time.Now()
	read := func(name string) alert.Alert {
		body, err := os.ReadFile("callbacks/" + name)
		require.NoError(t, err)
		c, err := aliyun.Parse("", body)
		require.NoError(t, err)
		a := c.Alerts()[0]
		a.StartsAt = now.Add(-17 * time.Minute)
		return a
	}
	env, err := os.ReadFile("callbacks/notify-4x-zh_CN-host-down.env")
	require.NoError(t, err)
	payload, err := ocp.FromEnv(strings.Split(string(env), "\n"))
	require.NoError(t, err)
	alarm := payload.Alert()
	alarm.StartsAt = now.Add(-30 * time.Second)
	over := read("threshold-2019-ecs-disk.form")
	over.Status, over.EndsAt = alert.Resolved, now
	many := make([]alert.Alert, 500)
	for i := range many {
		a := alert.Alert{
			Source: "aliyun", Product: "ecs", Severity: alert.Warning, Name: fmt.Sprintf("磁盘使用率过高 %d", i%7),
			Instance: fmt.Sprintf("web-%03d", i%180), StartsAt: now.Add(time.Duration(-i) * time.Second), Summary: "vda1 91%",
		}
		if i < 60 {
			a.Status, a.Severity, a.EndsAt = alert.Resolved, alert.Critical, now
		} else if i%100 == 99 {
			a.Severity, a.Name = alert.Critical, "主库不可用"
		}
		many[i] = a
	}
	return [][]alert.Alert{{read("threshold-2019-ecs-disk.form")}, {over}, {read("event-ecs-reboot-scheduled.json")}, {alarm}, many}
}
