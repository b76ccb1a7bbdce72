package ocp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/ocp"
)

// A scriptRun is what OCP sees of a script.
type scriptRun struct {
	stdout, stderr string
	code           int
}

// requireContract checks what must hold whatever happens, and returns the one
// output.
func (r scriptRun) requireContract(tb testing.TB) (output string) {
	tb.Helper()
	switch r.code {
	case 0:
		require.Empty(tb, r.stderr)
		output = r.stdout
	case 1:
		require.Empty(tb, r.stdout)
		output = r.stderr
		var failure struct {
			Code    int    `json:"errcode"`
			Message string `json:"errmsg"`
		}
		require.NoError(tb, json.Unmarshal([]byte(output), &failure))
		require.Equal(tb, 1, failure.Code)
		require.NotEmpty(tb, failure.Message)
		require.LessOrEqual(tb, len(failure.Message), 2000)
	default:
		require.Fail(tb, "exit code", "%d, %q, %q", r.code, r.stdout, r.stderr)
	}
	require.True(tb, json.Valid([]byte(output)), output)
	require.True(tb, strings.HasPrefix(output, "{") && strings.HasSuffix(output, "}"), output)
	require.NotContains(tb, output, "\n")
	return output
}

// runScript runs a handler on given streams.
func runScript(ctx context.Context, handle ocp.Script, environ ...string) scriptRun {
	var stdout, stderr bytes.Buffer
	code := ocp.Main(ctx, handle, &ocp.MainOptions{Environ: environ, Stdout: &stdout, Stderr: &stderr})
	return scriptRun{stdout.String(), stderr.String(), code}
}

// give returns a handler that returns err.
func give(err error) ocp.Script {
	return func(context.Context, *ocp.Payload) error { return err }
}

func TestMainOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handle  ocp.Script
		code    int
		outputs string
	}{
		{"delivered", give(nil), 0, ocp.Success},
		{"error", give(errors.New("dingtalk: send: \"refused\"\nforged\x1b[31m \u202e")), 1, `{"errcode":1,"errmsg":"dingtalk: send: \"refused\" forged [31m"}`},
		{"panic", func(context.Context, *ocp.Payload) error { panic("hush-hush") }, 1, `{"errcode":1,"errmsg":"ocp: the script panicked: string"}`},
		{"bug", func(_ context.Context, p *ocp.Payload) error { return errors.New(p.Message[5:]) }, 1,
			`{"errcode":1,"errmsg":"ocp: the script panicked: runtime error: slice bounds out of range [5:0]"}`},
		{"goroutine ended", func(context.Context, *ocp.Payload) error { runtime.Goexit(); return nil }, 1,
			`{"errcode":1,"errmsg":"ocp: the script did not return"}`},
		{"nil handler", nil, 1, `{"errcode":1,"errmsg":"ocp: the script panicked: runtime error: invalid memory address or nil pointer dereference"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := runScript(t.Context(), test.handle, "alarm_id=1")
			require.Equal(t, test.code, r.code)
			require.Equal(t, test.outputs, r.requireContract(t))
		})
	}
}

func TestMainReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	r := runScript(t.Context(), give(nil), "PATH=/hush-hush")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.requireContract(t), "no variable of an alarm is set")
	leaktest.Check(t, []string{"hush-hush"}, r.stderr)

	for _, name := range envFixtures(t) {
		var got alert.Alert
		r := runScript(t.Context(), func(_ context.Context, p *ocp.Payload) error { got = p.Alert(); return nil }, envFixture(t, name)...)
		require.Equal(t, scriptRun{stdout: ocp.Success}, r)
		require.Equal(t, fixtureAlert(t, name), got)
	}
}

// What went wrong beside the delivery is in the answer, which OCP still takes for
// a success.
func TestMainWarns(t *testing.T) {
	t.Parallel()
	var recorder alerttest.Recorder
	send := ocp.Deliver(ocp.Remember("/nowhere/hush-state/file", time.Hour)(&recorder))
	r := runScript(t.Context(), send, "alarm_id=1")
	require.Equal(t, scriptRun{stdout: strings.TrimSuffix(ocp.Success, "}") +
		`,"warning":"状态文件不可用，持续的告警会重复发送 (state file: no such file or directory; an alarm that lasts is told again)"}`}, r)
	r.requireContract(t)
}

func TestMainHidesURLs(t *testing.T) {
	t.Parallel()
	const token = "hush-hush-token"
	for _, err := range []error{
		&url.Error{Op: "Post", URL: "https://oapi.example.com/robot/send?access_token=" + token, Err: errors.New("dial tcp: refused")},
		fmt.Errorf("get http://user:%s@oapi.example.com:8080/a: bad", token),
		fmt.Errorf("see (https://oapi.example.com/%s) or HTTPS://oapi.example.com#%s", token, token),
		fmt.Errorf("odd+scheme://oapi.example.com?%s", token),
	} {
		r := runScript(t.Context(), give(err), "message=x")
		require.Contains(t, r.requireContract(t), "://oapi.example.com")
		leaktest.Check(t, []string{token}, r.stderr)
	}
	long := runScript(t.Context(), give(errors.New(strings.Repeat("界\n", 5000))), "message=x")
	require.Contains(t, long.requireContract(t), "…")
}

func TestMainDeadline(t *testing.T) {
	t.Parallel()
	const late = "no outcome in time"
	polite := func(ctx context.Context, _ *ocp.Payload) error {
		<-ctx.Done()
		return fmt.Errorf("robot: %w", ctx.Err())
	}
	justInTime := func(ctx context.Context, _ *ocp.Payload) error {
		<-ctx.Done()
		<-time.After(900 * time.Millisecond)
		return nil
	}
	tests := []struct {
		name    string
		handle  ocp.Script // nil: returns when the test is over
		timeout time.Duration
		cancel  time.Duration // of the caller's context
		took    time.Duration
		code    int
		says    string
	}{
		{"hangs", nil, 0, 0, 9 * time.Second, 1, late},
		{"hangs, short", nil, time.Second, 0, 2 * time.Second, 1, late},
		{"stops", polite, 0, 0, 8 * time.Second, 1, "robot: context deadline exceeded"},
		{"just in time", justInTime, 0, 0, 8900 * time.Millisecond, 0, "errcode"},
		{"killed", polite, 0, 3 * time.Second, 3 * time.Second, 1, "robot: context canceled"},
		{"killed, hangs", nil, -1, 3 * time.Second, 4 * time.Second, 1, late},
		{"no limit", polite, -1, time.Hour, time.Hour, 1, "robot: context canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				if test.handle == nil {
					test.handle = func(context.Context, *ocp.Payload) error { <-release; return nil }
				}
				checkDeadline(t, test.handle, test.timeout, test.cancel, test.took, test.code, test.says)
			})
		})
	}
}

// checkDeadline runs a handler and looks at the time it took.
func checkDeadline(t *testing.T, handle ocp.Script, timeout, cancelAfter, took time.Duration, code int, says string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if cancelAfter > 0 {
		time.AfterFunc(cancelAfter, cancel)
	}
	var stdout, stderr bytes.Buffer
	begin := time.Now()
	got := ocp.Main(ctx, handle, &ocp.MainOptions{Environ: []string{"message=x"}, Stdout: &stdout, Stderr: &stderr, Timeout: timeout})
	require.Equal(t, took, time.Since(begin))
	require.Equal(t, code, got)
	require.Contains(t, scriptRun{stdout.String(), stderr.String(), got}.requireContract(t), says)
}

// brokenPipe takes nothing.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestMainStreams(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("x")} {
		options := &ocp.MainOptions{Environ: []string{"message=x"}, Stdout: brokenPipe{}, Stderr: brokenPipe{}}
		require.Equal(t, 1, ocp.Main(t.Context(), give(err), options))
	}
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	var recorder alerttest.Recorder
	r := runScript(t.Context(), ocp.Deliver(&recorder), envFixture(t, "hostile-log-alarm")...)
	require.Equal(t, scriptRun{stdout: ocp.Success}, r)
	require.Equal(t, []alert.Alert{fixtureAlert(t, "hostile-log-alarm")}, recorder.Accepted())
	recorder.Fail(errors.New("refused"))
	r = runScript(t.Context(), ocp.Deliver(&recorder), "message=x")
	require.Contains(t, r.requireContract(t), `"errmsg":"refused"`)
}

// TestScriptProcess is no test but the script of those that run a process.
func TestScriptProcess(*testing.T) {
	kept := log.New(os.Stderr, "kept ", 0)
	noise := func() {
		_, _ = io.WriteString(os.Stdout, "noise\n")
		_, _ = io.WriteString(os.Stderr, "noise\n")
		if runtime.GOOS == "linux" {
			println("noise")
			kept.Println("noise")
		}
		log.Println("noise") //nolint:forbidigo // it must not get through
		slog.Error("noise")  //nolint:sloglint // likewise
	}
	handlers := map[string]ocp.Script{
		"ok":    func(context.Context, *ocp.Payload) error { noise(); return nil },
		"fail":  func(context.Context, *ocp.Payload) error { noise(); return errors.New("refused") },
		"panic": func(context.Context, *ocp.Payload) error { noise(); panic("x") },
		"hang":  func(context.Context, *ocp.Payload) error { noise(); select {} },
		"crash": func(context.Context, *ocp.Payload) error {
			go func() { panic("crash of another goroutine") }()
			select {}
		},
		"remember": ocp.Deliver(ocp.Remember(os.Getenv("TOCSIN_STATE"), time.Hour)(&alerttest.Recorder{})),
	}
	handle := handlers[os.Getenv("TOCSIN_SCRIPT")]
	if handle == nil {
		return
	}
	code := ocp.Main(context.Background(), handle, &ocp.MainOptions{Timeout: 100 * time.Millisecond}) //nolint:usetesting // it is a main
	noise()
	os.Exit(code) //nolint:forbidigo // likewise
}

// What a handler and its libraries write never gets between the answer and
// OCP, before it or after it.
func TestMainTakesTheStreams(t *testing.T) {
	t.Parallel()
	tests := []struct{ script, output string }{
		{"ok", `{"errcode":0,"errmsg":"ok"}`},
		{"fail", `{"errcode":1,"errmsg":"refused"}`},
		{"panic", `{"errcode":1,"errmsg":"ocp: the script panicked: string"}`},
		{"hang", `{"errcode":1,"errmsg":"ocp: no outcome in time, which may mean that it was delivered: context deadline exceeded"}`},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.output, scriptProcess(t, test.script).requireContract(t))
		})
	}
	crash := scriptProcess(t, "crash")
	require.Equal(t, 2, crash.code)
	require.Contains(t, crash.stderr, "crash of another goroutine")
}

// scriptProcess runs this test binary as a script.
func scriptProcess(t *testing.T, script string) scriptRun {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestScriptProcess$")
	cmd.Env = []string{"TOCSIN_SCRIPT=" + script, "message=x", "GOCOVERDIR=" + t.TempDir()}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError))
	}
	return scriptRun{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
