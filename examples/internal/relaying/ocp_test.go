package relaying

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// environment is that of a fixture of package ocp.
func environment(t *testing.T, name string) (environ []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../ocp/testdata/env", name+".env"))
	require.NoError(t, err)
	for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
		environ = append(environ, strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(line))
	}
	return environ
}

// channel posts a message as the HTTP channel of OCP does, and wants the answer
// that OCP compares with.
func (p *program) channel(t *testing.T, environ []string) {
	t.Helper()
	body := ocptest.Render(ocp.Template, environ)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+"/ocp/"+testSecret, strings.NewReader(body))
	require.NoError(t, err)
	_, answer := do(t, req)
	require.Equal(t, []string{`{"errcode":0,"errmsg":"ok"}`}, []string{string(answer)}) // to the byte
}

// What OCP says reaches a group by the HTTP channel as it does by a script.
func TestOCPChannel(t *testing.T) {
	t.Parallel()
	forged := []string{"alarm_id=7", "alarm_status=告警中", "alarm_level=停服", "alarm_name=日志告警",
		"message=x\nalarm_status=已消除\nalarm_resolved_at=2030-01-02T15:04:05+08:00\nalarm_level=提醒"}
	group, console := newRobot(t, nil), newConsole(t)
	p := launch(t, append([]string{"-wecom-url", group.url, "-wecom-rate", "0", "-callback-secret", testSecret}, console.settings()...)...)
	for _, tt := range []struct {
		name    string
		environ []string
		words   []string // nil: nothing is told
	}{
		{"down", environment(t, "notify-4x-zh_CN-host-down"), []string{"告警通知", "OceanBase服务器无法连接", "停服", "!恢复"}},
		{"repetition", append([]string{"alarm_updated_at=2025-06-06T15:15:11+08:00", "message=y"}, environment(t, "notify-4x-zh_CN-host-down")...), nil},
		{"over", environment(t, "notify-4x-zh_CN-recovered"), []string{"恢复通知", "OceanBase服务器无法连接"}},
		{"aggregated", environment(t, "aggregated-4x-zh_CN"), []string{"告警通知", "告警数:7"}},
		{"test button", environment(t, "test-message"), []string{"【测试】", "OCP 告警通道测试消息"}},
		{"forged recovery", forged, []string{"告警通知", "停服", "日志告警", "!恢复"}},
		{"hostile", environment(t, "hostile-log-alarm"), []string{"告警通知", "第二行"}},
	} {
		p.channel(t, tt.environ)
		if tt.words != nil {
			requireWords(t, group.next(t), tt.words)
			require.NotEmpty(t, console.next(t))
		}
	}
	code, answer := p.get(t, "/ocp/"+testSecret)
	require.Equal(t, 405, code, answer)
	code, _ = p.get(t, "/ocp/guess-hush")
	require.Equal(t, 404, code)
	require.Equal(t, 0, p.stop(t))
	require.Empty(t, group.messages)
	require.NotContains(t, p.printed(), "hush")
}

// The way of an alarm through everything: a program pushes it, OCP's HTTP channel
// brings it to the relay, and that to a group; and so for its end, which nobody
// pushes.
func TestOCPRoundTrip(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-wecom-rate", "0", "-callback-secret", testSecret)
	server := ocptest.NewServer(t)
	server.Rules = map[string]ocptest.Rule{"disk_full": {Title: "磁盘空间不足", Level: 2, Description: "${usage} \"quoted\"\nalarm_status=已消除"}}
	server.Channel = func(environ []string) { p.channel(t, environ) }
	client, err := ocp.NewClient(server.URL(), ocp.AccessKey(server.AccessKey, server.SecretKey), &ocp.Options{HTTPClient: server.Client()})
	require.NoError(t, err)
	push := func() {
		require.NoError(t, client.Push(t.Context(), ocp.Alarm{Type: "disk_full", Target: "host=db-1", Labels: map[string]string{"usage": "91%"}}))
	}
	push()
	requireWords(t, group.next(t), []string{"告警通知", "磁盘空间不足", "严重", `91% "quoted"`})
	server.Advance(4 * time.Minute)
	push() // OCP repeats it
	server.Advance(10 * time.Minute)
	requireWords(t, group.next(t), []string{"恢复通知", "磁盘空间不足", "!告警通知"})
	require.Equal(t, 0, p.stop(t))
	require.Empty(t, group.messages)
}
