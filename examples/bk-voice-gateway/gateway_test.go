package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

const (
	good     = "13800000001"
	bad      = "13800000002"
	stuck    = "13800000003"
	picking  = "13800000004"
	awaiting = "13800000005"
)

// What the component posts, byte for byte, is answered and called.
func TestRequestOfTheComponent(t *testing.T) {
	t.Parallel()
	g := launch(t)
	raw, err := os.ReadFile("testdata/desturl_request.http")
	require.NoError(t, err)
	head, body, found := strings.Cut(string(raw), "\n\n")
	require.True(t, found)
	head = strings.ReplaceAll(strings.Replace(head, "s3cr3t-path-0123456789", testToken, 1), "\n", "\r\n")
	for range 2 { // the second one has the same identity
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", g.addr)
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 200, resp.StatusCode)
		require.JSONEq(t, `{"result":true,"code":0,"message":"OK","data":{"msg_id":"0f3c2b1a00000000000000000000abcd",
			"details":[{"username":"alice","state":"accepted"}]}}`, string(answer))
	}
	require.Equal(t, []string{good + " db-01 disk full []"}, g.calls(t), "once, and without settings of ours")
	require.Equal(t, 0, g.Stop(t, syscall.SIGTERM))
	require.NotContains(t, g.Printed(), "hush")
	require.NotContains(t, g.Printed(), good)
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	g := launch(t, "-timeout", "4s")
	answer := g.call(t, testToken, "r-1", request(good, bad, stuck, picking, good))
	require.Equal(t, "u1 accepted, u2 rejected, u3 unknown, u4 answered, u1 accepted", states(t, answer))
	require.Equal(t, false, answer["result"])
	require.Contains(t, answer["message"], "2 of 5 failed: u2 (no line for 138******02")
	require.Len(t, g.calls(t), 4)
	answer = g.call(t, "wrong", "r-2", request(good))
	require.Contains(t, answer["message"], "wrong token")
	require.Len(t, g.calls(t), 4)
	require.Equal(t, 0, g.Stop(t, syscall.SIGTERM))
	for _, secret := range []string{"hush", good, bad, stuck, picking} {
		require.NotContains(t, g.Printed(), secret)
	}
	require.Less(t, len(g.Printed()), 4000, "what the command prints is bounded")
}

func TestSerial(t *testing.T) {
	t.Parallel()
	g := launch(t, "-mode", "serial", "-form", "international", "-locale", "en")
	answer := g.call(t, testToken, "r-1", request(bad, picking, good))
	require.Equal(t, "u2 rejected, u4 answered, u1 not_needed", states(t, answer))
	require.Equal(t, []string{"+86" + bad + " db-01 disk full []", "+86" + picking + " db-01 disk full []"}, g.calls(t))
}

// A stop finishes what was accepted: the request is answered and its calls
// end.
func TestStopFinishesCalls(t *testing.T) {
	t.Parallel()
	g := launch(t)
	answers := make(chan outcome, 1)
	go func() { answers <- g.post(t.Context(), testToken, "r-1", request(awaiting)) }()
	require.Eventually(t, func() bool { return len(g.calls(t)) == 1 }, patience, 10*time.Millisecond)
	require.NoError(t, g.Cmd.Process.Signal(os.Interrupt))
	g.Errout.Await(t, `msg="stopping`)
	require.NoError(t, os.WriteFile(filepath.Join(g.dir, "release"), nil, 0o600))
	require.Equal(t, 0, g.Wait(t))
	require.Equal(t, "u5 accepted", states(t, (<-answers).checked(t)))
	require.Contains(t, g.Printed(), "msg=stopped")
	require.Contains(t, g.Printed(), "reached=1")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	g := launch(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+g.addr+"/healthz", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
}

// A command that cannot be started has certainly called nobody.
func TestCommandThatDoesNotStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "call-hush")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700)) //nolint:gosec // to be started
	g := launch(t, "-command", file)
	require.NoError(t, os.Remove(file)) // what is wrong from the begin is found at the start
	answer := g.call(t, testToken, "r-1", request(good))
	require.Equal(t, "u1 rejected_temporary", states(t, answer))
	g.Errout.Await(t, "the command does not start")
	require.NotContains(t, g.Printed(), "hush")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secretFile, emptyFile := filepath.Join(dir, "token-hush"), filepath.Join(dir, "empty-hush")
	require.NoError(t, os.WriteFile(secretFile, []byte("from-file-hush-hush\n"), 0o600))
	require.NoError(t, os.WriteFile(emptyFile, nil, 0o600))
	plain, script := filepath.Join(dir, "plain-hush"), filepath.Join(dir, "script-hush")
	require.NoError(t, os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600))
	require.NoError(t, os.WriteFile(script, []byte("curl https://example.com\n"), 0o700)) //nolint:gosec // to be started
	self := []string{"-command", os.Args[0], "-path-token", testToken}
	tests := []struct {
		name   string
		env    map[string]string
		args   []string
		status int
		stderr string
	}{
		{"help", nil, []string{"-help"}, 0, "^$"},
		{"unknown flag", nil, []string{"-hush"}, 2, "not written as a flag"},
		{"argument", nil, append([]string{}, append(self, "hush")...), 2, `1 argument\(s\) too many`},
		{"no token", nil, self[:2], 2, "-path-token: required"},
		{"no command", nil, self[2:], 2, "-command: want a file"},
		{"folder as command", nil, []string{"-command", dir, "-path-token", testToken}, 2, "-command: want a file"},
		{"command not executable", nil, []string{"-command", plain, "-path-token", testToken}, 2, "not executable"},
		{"script without interpreter", nil, []string{"-command", script, "-path-token", testToken}, 2, "begins with #!"},
		{"no such command", nil, []string{"-command", "call-hush.sh", "-path-token", testToken}, 2, "there is none"},
		{"bad token", nil, []string{"-command", os.Args[0], "-path-token", "hush/hush"}, 2, "the token must be letters"},
		{"bad listen", nil, append([]string{"-listen", "hush"}, self...), 2, "-listen: "},
		{"bad timeout", nil, append([]string{"-timeout", "hush"}, self...), 2, "-timeout: "},
		{"negative timeout", nil, append([]string{"-timeout", "-1s"}, self...), 2, "-timeout: "},
		{"bad parallel", nil, append([]string{"-parallel", "0"}, self...), 2, "-parallel: "},
		{"bad mode", nil, append([]string{"-mode", "hush"}, self...), 2, "-mode: "},
		{"bad form", nil, append([]string{"-form", "hush"}, self...), 2, "-form: "},
		{"bad locale", nil, append([]string{"-locale", "hush"}, self...), 2, "-locale: "},
		{"empty file", map[string]string{"TOCSIN_PATH_TOKEN_FILE": emptyFile}, self[:2], 2, "TOCSIN_PATH_TOKEN_FILE: the file is empty"},
		{"missing file", map[string]string{"TOCSIN_PATH_TOKEN_FILE": dir + "/nothing-hush"}, self[:2], 2, "TOCSIN_PATH_TOKEN_FILE: no such file"},
		{"nowhere to listen", nil, append([]string{"-listen", "192.0.2.1:1"}, self...), 1, "listen tcp 192.0.2.1:1"},
		{"from files", map[string]string{"TOCSIN_PATH_TOKEN_FILE": secretFile, "TOCSIN_LISTEN": "192.0.2.1:1"}, self[:2], 1, "listen tcp 192.0.2.1:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errout strings.Builder
			status := run(t.Context(), tt.args, func(name string) string { return tt.env[name] }, &out, &errout)
			require.Equal(t, tt.status, status, "%s", &errout)
			require.Regexp(t, tt.stderr, errout.String())
			require.NotContains(t, errout.String(), "hush")
			require.Equal(t, tt.name == "help", strings.Contains(out.String(), "-path-token token"))
		})
	}
	c, err := configure(self, func(name string) string {
		return map[string]string{"TOCSIN_PATH_TOKEN": "other", "TOCSIN_TIMEOUT": "3s", "TOCSIN_PARALLEL": "7", "TOCSIN_PATH_TOKEN_FILE": emptyFile}[name]
	}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, testToken, c.token, "a flag beats the environment")
	require.Equal(t, 3*time.Second, c.timeout)
	require.Equal(t, 7, c.parallel)
	c, err = configure(self[:2], func(name string) string { return map[string]string{"TOCSIN_PATH_TOKEN_FILE": secretFile}[name] }, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "from-file-hush-hush", c.token)
}

// The Python of the documentation, run as it stands there but for the address.
func TestRealPython(t *testing.T) {
	t.Parallel()
	python := clitest.RealPart(t, "python3")
	page, err := os.ReadFile("../../docs/voice-blueking.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)<!-- run by a test -->\n```python\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	g := launch(t)
	code := strings.Replace(string(block[1]), "http://10.0.0.5:8080/voice/THE-TOKEN", "http://"+g.addr+"/voice/"+testToken, 1)
	require.NotEqual(t, string(block[1]), code)
	code += `
import sys
for numbers, content in [(["` + good + `"], "磁盘满"), (["` + good + `", "` + bad + `", ""], "磁盘满".encode("utf-8"))]:
    ok, data = send_phone(numbers, content)
    sys.stdout.write("%s %s %s\n" % (ok, isinstance(data.get("msg_id"), str), [d["state"] for d in data["details"]]))
`
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", code)
	cmd.Env = append(os.Environ(), "no_proxy=*", "PYTHONIOENCODING=utf-8", "PYTHONUTF8=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "True True ['accepted']\nFalse True ['accepted', 'rejected', 'rejected']\n", string(out))
	require.Len(t, g.calls(t), 3)
	require.Contains(t, g.calls(t)[0], "磁盘满")
}
