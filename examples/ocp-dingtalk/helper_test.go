//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// What must never show.
const (
	testToken = "dingtalk-token-hush"
	testKey   = "wecom-key-hush"
)

// ocpPatience is how long OCP waits for a script.
const ocpPatience = 10 * time.Second

// A group is a chat with a robot that keeps what it gets and answers as told.
type group struct {
	url string

	mu     sync.Mutex
	answer http.HandlerFunc // nil: accepts
	bodies []string
}

// newGroup returns a group whose webhook has the given path and query.
func newGroup(tb testing.TB, path string, answer http.HandlerFunc) *group {
	tb.Helper()
	g := &group{answer: answer}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		g.bodies = append(g.bodies, string(body))
		answer := g.answer
		g.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	tb.Cleanup(s.Close)
	g.url = s.URL + path
	return g
}

// newDingtalk is a group of DingTalk.
func newDingtalk(tb testing.TB, answer http.HandlerFunc) *group {
	tb.Helper()
	return newGroup(tb, "/robot/send?access_token="+testToken, answer)
}

// newWecom is a group of WeCom.
func newWecom(tb testing.TB, answer http.HandlerFunc) *group {
	tb.Helper()
	return newGroup(tb, "/cgi-bin/webhook/send?key="+testKey, answer)
}

// refusal answers with a code and a text that repeats the address, as vendors
// do.
func refusal(code, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"errcode":`+code+`,"errmsg":"`+text+` `+r.URL.String()+`"}`)
	}
}

// accept makes the robot accept from now on.
func (g *group) accept() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = nil
}

// first returns the first request that came.
func (g *group) first() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bodies[0]
}

// got returns the texts of the messages that came.
func (g *group) got(tb testing.TB) (texts []string) {
	tb.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, body := range g.bodies {
		var m struct {
			Markdown struct{ Title, Text, Content string }
		}
		require.NoError(tb, json.Unmarshal([]byte(body), &m))
		texts = append(texts, m.Markdown.Title+"\n"+m.Markdown.Text+m.Markdown.Content)
	}
	return texts
}

// build returns the path of the program, built as main.go says.
func build(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "ocp-dingtalk")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(tb, err, "%s", out)
	return path
}

// A node is a node of OCP: the program, its file of settings, and the script
// that OCP made of the channel's text.
type node struct{ dir, script string }

// newNode installs the program with settings, one a line.
func newNode(tb testing.TB, program string, settings ...string) *node {
	tb.Helper()
	n := &node{dir: tb.TempDir()}
	require.NoError(tb, os.Link(program, filepath.Join(n.dir, "ocp-dingtalk")))
	n.set(tb, settings...)
	text, err := os.ReadFile("ocp-dingtalk.sh")
	require.NoError(tb, err)
	n.script = filepath.Join(n.dir, "alarm_send_script.sh")
	require.NoError(tb, os.WriteFile(n.script, []byte(strings.Replace(string(text), "/opt/tocsin", n.dir, 1)), 0o700))
	return n
}

// set writes the file of settings.
func (n *node) set(tb testing.TB, settings ...string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(filepath.Join(n.dir, "ocp-dingtalk.conf"), []byte(strings.Join(settings, "\n")), 0o600))
}

// An outcome is what OCP sees of a script.
type outcome struct {
	stdout, stderr string
	code           int
}

// run does what OCP does: it starts the script with the variables of an alarm
// and nothing else, without a terminal and without input, and kills it after
// ten seconds.
func (n *node) run(tb testing.TB, environ ...string) outcome {
	tb.Helper()
	return n.start(tb, clitest.RealPart(tb, "bash"), environ)()
}

// start begins a run and returns what waits for its end.
func (n *node) start(tb testing.TB, shell string, environ []string) (wait func() outcome) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), ocpPatience)
	cmd := exec.CommandContext(ctx, shell, n.script)
	cmd.Env = append([]string{}, environ...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(tb, cmd.Start())
	return func() outcome {
		defer cancel()
		if err := cmd.Wait(); err != nil {
			require.ErrorAs(tb, err, new(*exec.ExitError))
		}
		return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	}
}

// validates is OCP's judgement by the response validation of main.go: the
// text of one stream, JSON by its first and last character, with these keys
// and values in it.
func (o outcome) validates() error {
	text := o.stderr
	if text == "" {
		text = o.stdout
	}
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return errors.New("not JSON")
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return err
	}
	if fields["errcode"] != 0.0 || fields["errmsg"] != "ok" {
		return errors.New("another answer")
	}
	return nil
}

// requireSent checks that OCP takes the alarm for sent.
func (o outcome) requireSent(tb testing.TB) {
	tb.Helper()
	require.Equal(tb, outcome{stdout: `{"errcode":0,"errmsg":"ok"}`}, o)
	require.NoError(tb, o.validates())
}

// requireFailed checks that OCP takes it for failed, and returns the reason.
func (o outcome) requireFailed(tb testing.TB) (reason string) {
	tb.Helper()
	require.Equal(tb, 1, o.code, "%+v", o)
	require.Empty(tb, o.stdout)
	require.Error(tb, o.validates())
	var failure struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	require.NoError(tb, json.Unmarshal([]byte(o.stderr), &failure), o.stderr)
	require.True(tb, strings.HasPrefix(o.stderr, "{") && strings.HasSuffix(o.stderr, "}"))
	require.Equal(tb, 1, failure.Code)
	require.NotContains(tb, o.stderr, "hush")
	return failure.Message
}
