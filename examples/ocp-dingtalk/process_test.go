//go:build unix

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/ocpchannel"
)

// alarm returns the variables of testdata/NAME.env, in which \n and \\ are
// escapes.
func alarm(tb testing.TB, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".env"))
	require.NoError(tb, err)
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for i := range lines {
		lines[i] = unescape.Replace(lines[i])
	}
	return lines
}

// The script as OCP runs it, with the program built as main.go says.
func TestScript(t *testing.T) {
	t.Parallel()
	clitest.RealPart(t, "bash")
	program := build(t)

	t.Run("by its first line", func(t *testing.T) {
		// Alone: a file cannot be run while the fork of another test holds it open.
		g := newDingtalk(t, nil)
		n := newNode(t, program, "dingtalk-url = "+g.url)
		n.start(t, "/usr/bin/env", alarm(t, "test-message"))().requireSent(t) // env runs the script, and the kernel reads the line
		require.Len(t, g.got(t), 1)
	})
	t.Run("card", func(t *testing.T) {
		t.Parallel()
		for name, want := range map[string]string{
			"notify-4x-zh_CN-host-down": "OceanBase服务器无法连接", "notify-4x-zh_CN-recovered": "恢复通知", "notify-4x-en_US-host-down": "Down",
			"notify-3x-zh_CN-active": "exporter進程數量不夠", "aggregated-4x-zh_CN": "alarm_count: 7", "operation-info-5": "下线集群",
			"odd-names-and-empties": "ob_cannot_connected", "test-message": "OCP 告警通道测试消息",
		} {
			g := newDingtalk(t, nil)
			newNode(t, program, "dingtalk-url = "+g.url).run(t, alarm(t, name)...).requireSent(t)
			require.Len(t, g.got(t), 1)
			require.Contains(t, g.got(t)[0], want)
		}
	})
	t.Run("hostile text in a card", func(t *testing.T) {
		t.Parallel()
		g, w := newDingtalk(t, nil), newWecom(t, nil)
		n := newNode(t, program, "dingtalk-url = "+g.url, "wecom-url = "+w.url)
		n.run(t, append(alarm(t, "hostile-log-alarm"), "alarm_type=@all <@all> [x](dingtalk://x) \x1b[31m")...).requireSent(t)
		for _, text := range append(g.got(t), w.got(t)...) {
			require.Contains(t, text, `$(reboot)`)
			require.Contains(t, text, "第二行")
			for _, bad := range []string{"@all", "<@", "](dingtalk", "\x1b"} {
				require.NotContains(t, text, bad)
			}
		}
	})
	t.Run("hostile text as a message", func(t *testing.T) {
		t.Parallel()
		g, w := newDingtalk(t, nil), newWecom(t, nil)
		n := newNode(t, program, "dingtalk-url = "+g.url, "wecom-url = "+w.url, "body = message")
		variables := alarm(t, "hostile-log-alarm")
		n.run(t, variables...).requireSent(t)
		for _, text := range append(g.got(t), w.got(t)...) {
			require.Contains(t, text, `ERROR [CLOG] "quoted" \u4e2d back\slash`+"\ttab `id` $(reboot) ${HOME} 'single' %s <b>&amp;\n第二行")
		}
	})
	t.Run("120 KiB", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("日志 \"x\"\n", 120<<10/14)
		for _, body := range []string{"card", "message"} {
			g, w := newDingtalk(t, nil), newWecom(t, nil)
			n := newNode(t, program, "dingtalk-url = "+g.url, "wecom-url = "+w.url, "body = "+body)
			n.run(t, "alarm_id=1", "message="+long).requireSent(t)
			for _, text := range append(g.got(t), w.got(t)...) {
				require.Contains(t, text, "…（已截断）")
			}
			require.LessOrEqual(t, len(g.first()), 20_000)
		}
	})
	t.Run("no message for the message", func(t *testing.T) {
		t.Parallel()
		g := newDingtalk(t, nil)
		newNode(t, program, "dingtalk-url = "+g.url, "body = message").run(t, "alarm_id=1", "alarm_name=故障").requireSent(t)
		require.Contains(t, g.got(t)[0], "故障")
	})
	t.Run("only the alarm", func(t *testing.T) {
		t.Parallel()
		g := newDingtalk(t, nil)
		n := newNode(t, program, "dingtalk-url = "+g.url)
		n.run(t, "message=x", "HOME=/hush-home", "OCP_METADB_PASSWORD=hush-password", "PATH=/usr/bin:/hush-path").requireSent(t)
		require.NotContains(t, g.first(), "hush")
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		g := newDingtalk(t, refusal("310000", "sign not match"))
		reason := newNode(t, program, "dingtalk-url = "+g.url).run(t, alarm(t, "test-message")...).requireFailed(t)
		require.Contains(t, reason, "310000")
		require.Contains(t, reason, "sign not match")
		require.Len(t, g.got(t), 1)
	})
	t.Run("no answer of a robot", func(t *testing.T) {
		t.Parallel()
		g := newDingtalk(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>login</html>")) })
		newNode(t, program, "dingtalk-url = "+g.url, "timeout = 1s").run(t, alarm(t, "test-message")...).requireFailed(t)
	})
	t.Run("dead network", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		n := newNode(t, program, "dingtalk-url = http://"+l.Addr().String()+"/robot/send?access_token="+testToken)
		require.Contains(t, n.run(t, alarm(t, "test-message")...).requireFailed(t), "connection refused")
	})
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		g := newDingtalk(t, func(http.ResponseWriter, *http.Request) { <-release })
		t.Cleanup(func() { close(release) }) // before the server closes
		n := newNode(t, program, "dingtalk-url = "+g.url)
		if os.Getenv("TOCSIN_REQUIRE_REAL") == "" {
			n.set(t, "dingtalk-url = "+g.url, "timeout = 300ms") // else it takes the eight seconds
		}
		require.Contains(t, n.run(t, alarm(t, "test-message")...).requireFailed(t), "deadline exceeded")
	})
	t.Run("settings", func(t *testing.T) {
		t.Parallel()
		n := newNode(t, program, "dingtalk-url = "+testToken, "hush-name = 1")
		require.Contains(t, n.run(t, "message=x").requireFailed(t), "line 2 is not")
		require.NoError(t, os.Chmod(filepath.Join(n.dir, "ocp-dingtalk.conf"), 0o644))
		require.Contains(t, n.run(t, "message=x").requireFailed(t), "chmod 600")
		require.NoError(t, os.Chmod(filepath.Join(n.dir, "ocp-dingtalk.conf"), 0o600))
		n.set(t)
		require.Contains(t, n.run(t, "message=x").requireFailed(t), "no robot is set")
		n.set(t, "wecom-url = https://example.com/"+testKey)
		require.Contains(t, n.run(t, "message=x").requireFailed(t), "line 1 of the file of settings: ")
		require.Contains(t, n.run(t, "PATH=/usr/bin").requireFailed(t), "no variable of an alarm is set")
		n.set(t)
		g := newDingtalk(t, nil)
		n.run(t, "message=x", "TOCSIN_DINGTALK_URL="+g.url, "TOCSIN_WECOM_URL="+newWecom(t, nil).url).requireSent(t)
		require.Len(t, g.got(t), 1)
		require.NoError(t, os.WriteFile(n.script, []byte("#!/bin/bash\nexec "+n.dir+"/ocp-dingtalk -colour\n"), 0o700))
		require.Contains(t, n.run(t, "message=x").requireFailed(t), "no flag of this program")
		require.NoError(t, os.WriteFile(n.script, []byte("exec "+n.dir+"/ocp-dingtalk -help\n"), 0o700))
		require.Equal(t, outcome{stdout: ocpchannel.Usage()}, n.run(t))
	})
	t.Run("one of two", func(t *testing.T) {
		t.Parallel()
		g, w := newDingtalk(t, nil), newWecom(t, refusal("93000", "invalid webhook url"))
		n := newNode(t, program, "dingtalk-url = "+g.url, "wecom-url = "+w.url, "state = "+filepath.Join(t.TempDir(), "state"))
		down := alarm(t, "notify-4x-zh_CN-host-down")
		reason := n.run(t, down...).requireFailed(t)
		require.Regexp(t, `^ocp-dingtalk: DingTalk accepted it; WeCom FAILED: .*93000`, reason)
		w.accept()
		n.run(t, down...).requireSent(t) // OCP tries again: only who missed it gets it
		n.run(t, down...).requireSent(t) // and repeats it while it lasts
		require.Len(t, g.got(t), 1)
		require.Len(t, w.got(t), 2)
		n.run(t, alarm(t, "notify-4x-zh_CN-recovered")...).requireSent(t)
		require.Len(t, g.got(t), 2)
	})
	t.Run("state that fails", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{filepath.Join(t.TempDir(), "missing", "hush-state"), "/dev/null/hush-state"} {
			for _, body := range []string{"card", "message"} {
				g, w := newDingtalk(t, nil), newWecom(t, nil)
				o := newNode(t, program, "dingtalk-url = "+g.url, "wecom-url = "+w.url, "state = "+path, "body = "+body).run(t, alarm(t, "notify-4x-zh_CN-host-down")...)
				require.Zero(t, o.code, "%+v", o)
				require.NoError(t, o.validates(), "OCP takes it for sent")
				require.Contains(t, o.stdout, `"warning":"状态文件不可用`)
				require.NotContains(t, o.stdout+o.stderr, "hush")
				for _, text := range append(g.got(t), w.got(t)...) {
					require.Contains(t, text, "状态文件不可用，持续的告警会重复发送")
					require.NotContains(t, text, "hush")
				}
			}
		}
	})
	t.Run("proxy", func(t *testing.T) {
		t.Parallel()
		passed := make(chan string, 8)
		via := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed <- r.URL.Host
			_, _ = w.Write([]byte(`{"errcode":0,"errmsg":"ok"}`))
		}))
		t.Cleanup(via.Close)
		environ := []string{"message=x", "HTTP_PROXY=" + via.URL, "http_proxy=" + via.URL, "HTTPS_PROXY=" + via.URL, "ALL_PROXY=" + via.URL, "TOCSIN_PROXY=" + via.URL}
		n := newNode(t, program, "dingtalk-url = http://robot.invalid/robot/send?access_token="+testToken, "timeout = 2s")
		n.run(t, environ...).requireFailed(t)
		require.Empty(t, passed, "what an alarm brings along redirects nothing")
		n.set(t, "dingtalk-url = http://robot.invalid/robot/send?access_token="+testToken, "proxy = "+via.URL)
		n.run(t, environ...).requireSent(t)
		require.Equal(t, "robot.invalid", <-passed)
		n.set(t, "dingtalk-url = "+testToken, "proxy = hush")
		require.Contains(t, n.run(t, environ...).requireFailed(t), "line 2 of the file of settings: want http://host:port")
	})
}
