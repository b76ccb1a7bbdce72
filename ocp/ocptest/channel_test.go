package ocptest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// realBash skips a test without bash, or fails it if TOCSIN_REQUIRE_REAL is
// set.
func realBash(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("bash")
	if err == nil {
		return
	}
	if os.Getenv("TOCSIN_REQUIRE_REAL") != "" {
		require.FailNow(t, "bash is not installed, but TOCSIN_REQUIRE_REAL is set")
	}
	t.Skip("bash is not installed")
}

// script writes a program and returns its name.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "channel.sh")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o700))
	return name
}

// notified pushes one alarm to a server with a channel and returns what became
// of the script.
func notified(t *testing.T, c ocptest.Channel, labels map[string]string) []ocptest.Run {
	t.Helper()
	server := ocptest.NewServer(t)
	server.Channel = &c
	push(t, server, "disk", "host=a", labels)
	return server.Runs()
}

// TestRoundTrip pushes an alarm through the client and sees it come out of the
// channel, then its recovery, which nobody pushes.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	realBash(t)
	out := filepath.Join(t.TempDir(), "sent")
	// A checkout need not keep the mode of files.
	text, err := os.ReadFile("testdata/channel.sh")
	require.NoError(t, err)
	server := ocptest.NewServer(t)
	server.Rules = map[string]ocptest.Rule{"disk_full": {Title: "磁盘满", Level: 2, Description: "${alert_instance}: ${alert_summary}"}}
	server.Channel = &ocptest.Channel{Command: []string{script(t, string(text)), out}, Validation: `{"errcode":0,"errmsg":"ok"}`, Recoveries: true}
	client, err := ocp.NewClient(server.Listen(t), ocp.AccessKey(server.AccessKey, server.SecretKey), nil)
	require.NoError(t, err)
	sender, err := ocp.NewSender(client, "disk_full", nil)
	require.NoError(t, err)
	a := alert.Alert{Source: "test", Key: "disk/db-1", Instance: "db-1", Summary: `91% "of" $(reboot) 100 GB`}
	require.NoError(t, sender.Send(t.Context(), a))
	runs := server.Runs()
	require.Len(t, runs, 1)
	require.Empty(t, runs[0].Reason)
	require.True(t, runs[0].Accepted)
	require.Equal(t, []string{"{\"errcode\":0,\"errmsg\":\"ok\"}\n", ""}, []string{runs[0].Stdout, runs[0].Stderr})
	sent := func() string {
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		return string(text)
	}
	const line = `1000001|告警中|严重|source=test:key=disk/db-1|db-1: 91% "of" $(reboot) 100 GB` + "\n"
	require.Equal(t, line, sent())

	// Pushed again it is the same alarm, about which there is a message each
	// three minutes.
	require.NoError(t, sender.Send(t.Context(), a))
	require.Len(t, server.Runs(), 1)
	server.Advance(3 * time.Minute)
	require.NoError(t, sender.Send(t.Context(), a))
	require.Len(t, server.Runs(), 2)

	server.Advance(5 * time.Minute)
	require.Len(t, server.Runs(), 3)
	require.Equal(t, line+line+strings.Replace(line, "告警中", "已消除", 1), sent())

	// The API tells of it too.
	var responses []string
	for n, err := range client.Notifications(t.Context(), ocp.Query{More: map[string]string{"alarmId": "1000001"}}) {
		require.NoError(t, err)
		require.Equal(t, []string{"1000001"}, n.AlarmIDs)
		responses = append(responses, n.Status+" "+n.ChannelResponse)
	}
	require.Len(t, responses, 3)
	require.Equal(t, "Success stdout={\"errcode\":0,\"errmsg\":\"ok\"}\n,stderr=", responses[0])
}

// TestEnvironment shows that a script gets the variables of its alarm, PATH,
// and nothing else.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	realBash(t)
	labels := map[string]string{"ob_cluster": "demo", "a.b": "dotted", "PATH": "/evil", "quote": "a\"b\nc", "alarm_id": "forged", "1x": "x"}
	runs := notified(t, ocptest.Channel{Command: []string{script(t, "#!/bin/bash\nenv -0\n")}}, labels)
	require.Len(t, runs, 1)
	require.True(t, runs[0].Accepted, runs[0].Reason)
	got := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSuffix(runs[0].Stdout, "\x00"), "\x00") {
		name, value, _ := strings.Cut(pair, "=")
		got[name] = value
	}
	for _, own := range []string{"_", "SHLVL", "PWD", "OLDPWD"} { // bash sets these
		delete(got, own)
	}
	require.Len(t, got, len(runs[0].Env))
	for _, pair := range runs[0].Env {
		name, value, _ := strings.Cut(pair, "=")
		require.Equal(t, value, got[name], name)
	}
	require.Equal(t, map[string]string{
		"alarm_id": "1000001", "PATH": "/usr/local/bin:/usr/bin:/bin", "quote": "a\"b\nc", "ob_cluster": "demo", "ob_tenant": "",
		"alarm_level": "警告", "alarm_level_color": "#FA8C16", "alarm_scope": "服务", "alarm_type": "disk", "alarm_target": "host=a",
		"alarm_url": "http://192.0.2.1:8080/alarm/event/1000001", "recipients_json_array": "[]",
		"message":      "### OCP 告警通知 disk\n- 级别：警告\n- 告警对象：host=a\n- 详情：host=a disk",
		"message_json": `"### OCP 告警通知 disk\n- 级别：警告\n- 告警对象：host=a\n- 详情：host=a disk"`,
	}, pick(got, "alarm_id", "PATH", "quote", "ob_cluster", "ob_tenant", "alarm_level", "alarm_level_color", "alarm_scope", "alarm_type",
		"alarm_target", "alarm_url", "recipients_json_array", "message", "message_json"))
	for _, name := range []string{"a.b", "1x", "HOME", "alarm_resolved_at"} {
		require.NotContains(t, got, name)
		_, there := runs[0].Variable(name)
		require.False(t, there)
	}
	_, err := time.Parse(time.RFC3339Nano, got["alarm_active_at"])
	require.NoError(t, err)
	require.Contains(t, got["alarm_active_at"], "+08:00")
	value, there := runs[0].Variable("ob_cluster")
	require.Equal(t, "demo", value)
	require.True(t, there)
}

// pick returns some entries of a map.
func pick(all map[string]string, names ...string) map[string]string {
	some := map[string]string{}
	for _, name := range names {
		some[name] = all[name]
	}
	return some
}

// TestLanguages shows the words of each language.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"": "停服 告警中 服务", "zh_CN": "停服 告警中 服务", "zh_TW": "停服 警示中 Service", "en_US": "Down Active Service",
	} {
		server := ocptest.NewServer(t)
		server.Rules = map[string]ocptest.Rule{"disk": {Level: 1}}
		server.Channel = &ocptest.Channel{Language: language, Retries: -1}
		push(t, server, "disk", "x", nil)
		run := server.Runs()[0]
		var words []string
		for _, name := range []string{"alarm_level", "alarm_status", "alarm_scope"} {
			value, _ := run.Variable(name)
			words = append(words, value)
		}
		require.Equal(t, want, strings.Join(words, " "), language)
	}
}

// TestVerdicts is about what a script does, and what OCP makes of it.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	realBash(t)
	const ok = `{"errcode":0,"errmsg":"ok"}`
	tests := []struct {
		name, text, validation string
		code                   int
		reason                 string // a part; "": accepted
	}{
		{"plain", "echo '" + ok + "'", ok, 0, ""},
		{"no demands", "echo anything", "", 0, ""},
		{"empty object demands nothing", "echo anything; echo more >&2", " {} ", 0, ""},
		{"more members, other order", `echo '{"x":[],"errmsg":"ok","errcode":0}'`, ok, 0, ""},
		{"inner members", `echo '{"a":{"b":1,"c":2}}'`, `{"a":{"b":1}}`, 0, ""},
		{"on stderr", "echo '" + ok + "' >&2", ok, 0, ""},
		{"on both: stderr counts", "echo '" + ok + "'; echo progress >&2", ok, 0, "is not what"},
		{"another code", `echo '{"errcode":1,"errmsg":"ok"}'`, ok, 0, "does not hold"},
		{"number as text", `echo '{"errcode":"0","errmsg":"ok"}'`, ok, 0, "does not hold"},
		{"member missing", `echo '{"errcode":0}'`, ok, 0, "does not hold"},
		{"object instead of a value", `echo '{"a":1}'`, `{"a":{"b":1}}`, 0, "does not hold"},
		{"a line too many", "echo log; echo '" + ok + "'", ok, 0, "is not what"},
		{"looks like JSON and is none", "echo '{x}'", ok, 0, "does not hold"},
		{"two objects", "echo '" + ok + ok + "'", ok, 0, "does not hold"},
		{"nothing", "true", ok, 0, "is not what"},
		{"text", "echo success", "success", 0, ""},
		{"pattern", "echo success: 7", "success.*", 0, ""},
		{"pattern is for the whole", "echo no success", "success.*", 0, "is not what"},
		{"text that is no pattern", "echo 'a(b'", "a(b", 0, ""},
		{"exit status", "echo '" + ok + "'; exit 3", ok, 3, "exit status 3"},
		{"exit status without demands", "exit 1", "", 1, "exit status 1"},
		{"killed", "kill -9 $$", "", -1, "exit status -1"},
		{"reads its input", "read -r line || echo '" + ok + "'", ok, 0, ""},
		{"has no terminal", "(exec 3</dev/tty) 2>/dev/null || echo '" + ok + "'", ok, 0, ""},
		{"has arguments of the test", `echo "$# $1"`, "1 x", 0, ""},
		{"endless output", "yes | head -c 3000000", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			runs := notified(t, ocptest.Channel{Command: []string{script(t, "#!/usr/bin/env bash\n"+tt.text+"\n"), "x"}, Validation: tt.validation}, nil)
			last := runs[len(runs)-1]
			require.Equal(t, tt.code, last.ExitCode)
			require.Equal(t, tt.reason == "", last.Accepted, last.Reason)
			require.Contains(t, last.Reason, tt.reason)
			require.LessOrEqual(t, len(last.Stdout), 1<<20)
			if tt.reason == "" {
				require.Len(t, runs, 1)
				return
			}
			require.Len(t, runs, 2, "one repetition")
			require.Equal(t, []int{1, 2}, []int{runs[0].Attempt, runs[1].Attempt})
		})
	}
}

// A script leads a session of its own, which has no terminal.
func TestSession(t *testing.T) {
	t.Parallel()
	realBash(t)
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	text := "#!/bin/bash\nread -r _ _ _ _ _ session _ < /proc/$$/stat\necho $((session - $$))\n"
	runs := notified(t, ocptest.Channel{Command: []string{script(t, text)}, Validation: "0"}, nil)
	require.True(t, runs[0].Accepted, runs[0].Stdout)
}

// TestRepetition: what fails once and then works was sent, after two starts.
func TestRepetition(t *testing.T) {
	t.Parallel()
	realBash(t)
	mark := filepath.Join(t.TempDir(), "mark")
	text := "#!/bin/bash\n[ -e " + mark + " ] && exit 0\ntouch " + mark + "\nexit 1\n"
	runs := notified(t, ocptest.Channel{Command: []string{script(t, text)}, Retries: 5}, nil)
	require.Len(t, runs, 2)
	require.Equal(t, []bool{false, true}, []bool{runs[0].Accepted, runs[1].Accepted})
	require.Len(t, notified(t, ocptest.Channel{Command: []string{script(t, "#!/bin/sh\nexit 1\n")}, Retries: -1}, nil), 1)
}

// TestTimeout ends a script, and what it has started.
func TestTimeout(t *testing.T) {
	t.Parallel()
	realBash(t)
	text := "#!/bin/bash\necho begun\nsleep 600 & sleep 600\n"
	runs := notified(t, ocptest.Channel{Command: []string{script(t, text)}, Timeout: 100 * time.Millisecond, Retries: -1}, nil)
	require.Len(t, runs, 1)
	require.True(t, runs[0].TimedOut)
	require.False(t, runs[0].Accepted)
	require.Equal(t, []any{-1, "begun\n", "no end within 100ms"}, []any{runs[0].ExitCode, runs[0].Stdout, runs[0].Reason})
}

// TestScriptsThatDoNotStart are refused as OCP refuses them.
func TestScriptsThatDoNotStart(t *testing.T) {
	t.Parallel()
	huge := map[string]string{"a": strings.Repeat("x", 128<<10)}
	tests := []struct {
		name, text string
		labels     map[string]string
		reason     string
	}{
		{"no first line", "echo x\n", nil, "ALM40010"},
		{"compiled", "\x7fELF\x02", nil, "ALM40010"},
		{"another language", "#!/usr/bin/perl\n", nil, "ALM40011"},
		{"a program of one's own", "#!/usr/local/bin/ocp-dingtalk\n", nil, "ALM40011"},
		{"Python 3, which the vendor does not list", "#!/usr/bin/python3\n", nil, "ALM40011"},
		{"env with something else", "#!/usr/bin/env node\n", nil, "ALM40011"},
		{"empty", "", nil, "ALM40016"},
		{"a variable beyond the limit of Linux", "#!/bin/bash\n", huge, "argument list too long"},
		{"an interpreter that is missing", "#!/usr/bin/env  bash \r\n", nil, "exit status"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(tt.reason, "exit") {
				realBash(t)
			}
			runs := notified(t, ocptest.Channel{Command: []string{script(t, tt.text)}, Retries: -1}, tt.labels)
			require.Contains(t, runs[0].Reason, tt.reason)
			require.False(t, runs[0].Accepted)
		})
	}
	require.Contains(t, notified(t, ocptest.Channel{}, nil)[0].Reason, "ALM40009")
	require.Contains(t, notified(t, ocptest.Channel{Command: []string{"/nowhere"}}, nil)[0].Reason, "ALM40016")
}
