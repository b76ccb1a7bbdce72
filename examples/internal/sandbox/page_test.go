package sandbox_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

// The tests are about one real browser each, and so do not run in parallel.

func TestBrowserEvent(t *testing.T) {
	b, _ := open(t, desktop())
	b.judgeAccess("an empty page")
	b.press(`[data-do="event"]`)
	for _, dest := range []string{"wecom", "dingtalk"} {
		b.wait(`document.querySelector("#` + dest + ` .bubble")`)
		text := b.text("#" + dest + " .bubble")
		require.Contains(t, text, "【测试】【告警通知】")
		require.Contains(t, text, "InternetBandwidthThresholdExceeded")
		require.NotContains(t, text, "<font")
		require.NotContains(t, text, "**")
	}
	require.Equal(t, "WARN", b.text("#wecom .bubble .ink-warning:not(b *)"))
	require.Contains(t, b.text("#dingtalk .notice"), "【测试】【告警通知】警告 InternetBandwidthThresholdExceeded")
	b.wait(`document.querySelector("#trap .fold[open]")`)
	require.Contains(t, b.text("#trap .fold summary"), "tocsinAlertNews")
	require.Contains(t, b.text("#trap .fold table"), "info(7)")
	require.Contains(t, b.text("#polite"), "新消息")
	b.wait(`document.querySelector("#wecom-tally").innerText === "已收 1"`) // when the engine has settled it
	b.shot("event")
	b.press(`[data-do="threshold"]`)
	b.press(`[data-do="recovery"]`)
	b.wait(`document.querySelectorAll("#wecom .bubble").length === 3 && document.querySelectorAll("#dingtalk .bubble").length === 3`)
	require.Contains(t, b.text("#wecom .message:last-child .bubble"), "【恢复通知】")
	b.wait(`document.querySelectorAll("#trap .fold").length === 3`)
	require.Contains(t, b.text("#trap .fold:last-child"), "cleared(1)")
	b.judgeAccess("messages")
}

func TestBrowserCalls(t *testing.T) {
	b, _ := open(t, desktop())
	b.press(`[data-do="critical"]`)
	for _, dest := range []string{"pigeon", "voice", "autocall"} {
		b.wait(`document.querySelector('` + card(dest, "ringing") + `')`)
	}
	require.Contains(t, b.text("#assertive"), "电话响铃")
	require.False(t, ask[bool](b, `document.getElementById("strip").hidden`))
	require.NotEqual(t, "none", ask[string](b, `getComputedStyle(document.querySelector(".state-ringing .handset")).animationName`))
	b.press(card("voice", "ringing") + " .pick")
	b.wait(`document.querySelector('` + card("voice", "talking") + `')`)
	b.shot("ringing")
	b.judgeAccess("ringing")

	// By the keyboard alone: answer, and press a key, with the focus kept.
	b.run(chromedp.Focus(chromedp.CSS(card("pigeon", "ringing")+" .pick")), chromedp.KeyEvent(kb.Enter))
	b.wait(`document.activeElement.closest('` + card("pigeon", "talking") + ` .pad')`)
	b.run(chromedp.KeyEvent(kb.Enter)) // the first key
	b.wait(`document.querySelector('` + card("pigeon", "pressed") + `')`)
	require.Contains(t, b.text(card("pigeon", "pressed")), "已按键 1")
	b.wait(`document.querySelector("#pigeon .note.tone-good")`)

	b.press(card("voice", "talking") + " .pad button:nth-child(4)")
	b.wait(`document.querySelector('` + card("voice", "pressed") + `')`)
	require.Contains(t, b.text(card("voice", "pressed")), "已按键 4")
	b.wait(`document.querySelector("#voice .note.tone-good")`)

	b.press(card("autocall", "ringing") + " .pick")
	b.wait(`document.querySelector('` + card("autocall", "answered") + `')`)
	b.wait(`document.querySelector('` + card("autocall", "answered") + `').innerText.includes("有人接听")`)
	b.wait(`document.getElementById("strip").hidden`)
	b.judgeAccess("calls that are over")
}

func TestBrowserLetItRing(t *testing.T) {
	b, _ := open(t, desktop())
	b.press(`[data-do="ocp"]`)
	b.press(card("pigeon", "ringing") + " .quiet")
	b.wait(`document.querySelector('` + card("pigeon", "missed") + `') && document.querySelector('` + card("pigeon", "ringing") + `')`)
	require.Contains(t, b.text(card("pigeon", "ringing")), "on-call 2")
	b.press(card("pigeon", "ringing") + " .quiet")
	b.wait(`document.querySelector("#pigeon .note.tone-bad")`)
	b.press(card("autocall", "ringing") + " .quiet")
	b.wait(`document.querySelectorAll("#autocall .call").length === 2`)
	require.NotContains(t, b.text("#autocall .call:last-child .number"), "13800000005", "the next person")
}

func TestBrowserStorm(t *testing.T) {
	b, _ := open(t, desktop())
	b.press(`[data-do="storm"]`)
	b.wait(`document.querySelector("#trap-tally b")?.innerText === "5,000"`)
	b.wait(`document.getElementById("status").innerText.startsWith("已发送")`)
	b.wait(`document.querySelector("#wecom-tally").innerText.match(/^已收 \d+$/) && document.querySelector("#dingtalk-tally").innerText.match(/^已收 \d+$/)`)
	for _, dest := range []string{"wecom", "dingtalk"} {
		messages, told := 0, 0
		for _, text := range ask[[]string](b, `[...document.querySelectorAll("#`+dest+` .bubble")].map(e => e.innerText)`) {
			messages++
			if found := regexp.MustCompile(`共 ([\d,]+) 条`).FindStringSubmatch(text); found != nil {
				n, err := strconv.Atoi(found[1])
				require.NoError(t, err)
				told += n
			} else {
				told++
			}
		}
		require.Equal(t, 5000, told, "the counts add up in "+dest)
		require.Less(t, messages, 15, "a storm is a few digests")
	}
	require.Equal(t, 1, ask[int](b, `document.querySelectorAll("#pigeon .call").length`), "and one call")
	require.Equal(t, 200, ask[int](b, `document.querySelectorAll("#trap-log > *").length`), "the newest are shown")
	b.shot("digest")
	b.judgeAccess("digests")
}

func TestBrowserRefusals(t *testing.T) {
	b, _ := open(t, desktop())
	b.press(`[data-do="burst"]`)
	for _, dest := range []string{"wecom", "dingtalk"} {
		b.wait(`document.querySelectorAll("#` + dest + ` .refusal").length === 5 && document.querySelectorAll("#` + dest + ` .bubble").length === 20`)
	}
	require.Contains(t, b.text("#wecom .refusal"), "45009")
	require.Contains(t, b.text("#dingtalk .refusal"), "130101")
	b.wait(`document.querySelector("#wecom-tally").innerText.replace(/\s*\n\s*/g, "") === "已收 20拒收 5"`)
	b.judgeAccess("refusals")
}

// Whatever an alert holds comes out as text.
func TestBrowserHostile(t *testing.T) {
	b, s := open(t, desktop())
	b.press(`[data-do="hostile"]`)
	b.wait(`document.querySelector("#wecom .bubble") && document.querySelector("#dingtalk .bubble") && document.querySelector("#trap .fold")`)
	// Past our own cleaning: what other programs may send.
	attack := `<script>window.hacked=7</script> <img src=x onerror=window.hacked=8> <font color="red' onclick='x">f</font> ` +
		`[js](javascript:window.hacked=9) [data](data:text/html,<script>window.hacked=10</script>) ![p](http://evil.example/p.png) ` +
		"**<svg onload=window.hacked=11>** `<iframe src=http://evil.example/>` <@<b>>\n> <style>*{display:none}</style>"
	send(t, s.Targets().Wecom, map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": attack}})
	send(t, s.Targets().Wecom, map[string]any{"msgtype": "markdown_v2", "markdown_v2": map[string]string{"content": attack}})
	send(t, s.Targets().Wecom, map[string]any{"msgtype": "news", "news": map[string]any{"articles": []any{
		map[string]string{"title": attack, "url": "javascript:window.hacked=12", "picurl": "http://evil.example/p.png"}}}})
	b.wait(`document.querySelectorAll("#wecom .bubble").length === 4`)
	require.True(t, ask[bool](b, `window.hacked === undefined`))
	require.Zero(t, ask[int](b, `document.querySelectorAll("main script, main img, main svg, main iframe, main style, main font, main [onclick], main [onerror], main [style]").length`))
	require.Empty(t, ask[[]string](b, `[...document.querySelectorAll(".log a")].map(a => a.href).filter(h => !/^https?:/.test(h))`))
	require.True(t, ask[bool](b, `[...document.querySelectorAll(".log a")].every(a => a.rel.includes("noreferrer") && a.rel.includes("noopener"))`))
	require.Contains(t, b.text("#wecom"), "<script>window.hacked=7</script>", "it can be read")
	require.GreaterOrEqual(t, ask[int](b, `document.querySelectorAll("#wecom .dead").length`), 5, "links that lead nowhere are none")
	b.judgeAccess("hostile text")
}

func TestBrowserLooks(t *testing.T) {
	b, s := open(t, desktop())
	b.press(`[data-do="event"]`)
	b.press(`[data-do="critical"]`)
	b.press(`[data-do="ocp"]`)
	b.wait(`document.querySelectorAll('.call[data-state="ringing"]').length >= 3`)
	b.press(card("pigeon", "ringing") + " .pick")
	b.wait(`document.querySelector('` + card("pigeon", "talking") + `')`)
	send(t, s.Targets().Wecom, map[string]any{"msgtype": "markdown"})
	b.wait(`document.querySelector("#wecom .refusal")`)
	dark := desktop()
	dark.dark = true
	b.look(dark)
	b.shot("dark")
	b.judgeAccess("dark")
	b.do(`document.querySelectorAll(".settings").forEach(d => d.open = true)`)
	b.judgeAccess("dark, with settings")
	for _, isDark := range []bool{true, false} {
		l := phone()
		l.dark = isDark
		b.look(l)
		b.judgeAccess("phone")
		require.LessOrEqual(t, ask[int](b, "document.documentElement.scrollWidth"), 390, "nothing sticks out")
	}
	b.do(`document.querySelectorAll(".settings").forEach(d => d.open = false)`)
	b.shot("phone")
	b.look(desktop())
	b.do(`document.querySelectorAll(".settings").forEach(d => d.open = true)`)
	b.judgeAccess("with settings")
}

// Who asked for less motion gets none, and who comes late gets what was before.
func TestBrowserLate(t *testing.T) {
	b, _ := open(t, look{1440, 900, false, "ja"})
	b.press(`[data-do="critical"]`)
	b.wait(`document.querySelector('` + card("voice", "ringing") + `')`)
	b.media("prefers-reduced-motion", "reduce")
	require.Equal(t, "none", ask[string](b, `getComputedStyle(document.querySelector(".state-ringing .handset")).animationName`))
	require.Equal(t, "ja", ask[string](b, `document.documentElement.lang`))
	require.Contains(t, b.text(card("voice", "ringing")), "呼び出し中")
	b.press(`nav a[lang="en"]`)
	b.wait(`document.documentElement?.lang === "en" && document.querySelector('` + card("voice", "ringing") + `')`)
	require.Contains(t, b.text(card("voice", "ringing")), "Ringing")
	require.Equal(t, 1, ask[int](b, `document.querySelectorAll("#wecom .bubble").length`))
	b.judgeAccess("English")
}

// The page finds a sandbox that was started again, and forgets what the first one
// showed.
func TestBrowserReconnect(t *testing.T) {
	b, s := open(t, desktop())
	b.press(`[data-do="event"]`)
	b.wait(`document.querySelector("#wecom .bubble")`)
	b.mayLose.Store(true)
	require.NoError(t, s.Close())
	b.wait(`document.getElementById("live").dataset.state === "lost"`)
	listen := strings.TrimSuffix(strings.TrimPrefix(s.Targets().Page, "http://"), "/")
	start(t, &sandbox.Options{Listen: listen})
	b.wait(`document.getElementById("live").dataset.state === "connected" && !document.querySelector("#wecom .bubble")`)
	b.press(`[data-do="threshold"]`)
	b.wait(`document.querySelectorAll("#wecom .bubble").length === 1 && document.querySelectorAll("#dingtalk .bubble").length === 1`)
	require.Contains(t, b.text("#wecom .bubble"), "diskusage_utilization")
}
