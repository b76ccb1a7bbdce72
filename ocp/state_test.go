package ocp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/alerttest"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/ocp"
)

// A notebook is a state file and what a process after the other does with it.
type notebook struct {
	path     string
	window   time.Duration
	recorder alerttest.Recorder
	warned   bytes.Buffer // answers of the script with a warning
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	return &notebook{path: filepath.Join(t.TempDir(), "hush-state"), window: 10 * time.Minute}
}

// send is one process.
func (n *notebook) send(ctx context.Context, alerts ...alert.Alert) error {
	var err error
	var stdout bytes.Buffer
	script := func(ctx context.Context, _ *ocp.Payload) error {
		err = ocp.Remember(n.path, n.window)(&n.recorder).Send(ctx, alerts...)
		return nil
	}
	ocp.Main(ctx, script, &ocp.MainOptions{Environ: []string{"message=x"}, Stdout: &stdout, Stderr: io.Discard, Timeout: -1})
	if stdout.String() != ocp.Success {
		n.warned.Write(stdout.Bytes())
	}
	return err
}

// told returns how often something was sent, successfully or not.
func (n *notebook) told() int { return len(n.recorder.Calls()) }

func TestRememberAcrossProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNotebook(t)
		active, over := fixtureAlert(t, "notify-4x-zh_CN-host-down"), fixtureAlert(t, "notify-4x-zh_CN-recovered")
		worse := fixtureAlert(t, "notify-4x-zh_CN-host-down", "alarm_level=严重")
		steps := []struct {
			name  string
			alert alert.Alert
			after time.Duration
			told  bool
		}{
			{"first", active, 0, true},
			{"repetition", active, 3 * time.Minute, false},
			{"does not prolong", active, 6 * time.Minute, false},
			{"window over", active, time.Minute, true},
			{"another level", worse, time.Minute, true},
			{"and back", active, time.Minute, true},
			{"over", over, time.Minute, true},
			{"over again", over, time.Minute, false},
			{"begun again", active, time.Minute, true},
			{"another alarm", fixtureAlert(t, "hostile-log-alarm"), 0, true},
			{"aggregated", fixtureAlert(t, "aggregated-4x-zh_CN"), 0, true},
			{"aggregated again", fixtureAlert(t, "aggregated-4x-zh_CN"), 0, false},
			{"another aggregate", fixtureAlert(t, "aggregated-4x-zh_CN", "alarm_count=8"), 0, true},
			{"a test of the same alarm", trial(active), 0, true},
			{"and again", trial(active), 0, false},
			{"the alarm itself", active, 0, false},
			{"a test that it is over", trial(over), 0, true},
			{"it lasts", active, 0, false},
			{"news about it", news(active, "1"), 0, true},
			{"the same news", news(active, "1"), 0, false},
			{"other news", news(active, "2"), 0, true},
			{"it lasts still", active, 0, false},
			{"test", fixtureAlert(t, "test-message"), 0, true},
			{"test again", fixtureAlert(t, "test-message"), 0, true},
		}
		for _, step := range steps {
			<-time.After(step.after)
			before := n.told()
			require.NoError(t, n.send(t.Context(), step.alert))
			require.Equal(t, step.told, n.told() > before, step.name)
		}
		require.Empty(t, n.warned.String())
	})
}

func TestRememberSuccessOnly(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	a, b := fixtureAlert(t, "notify-4x-zh_CN-host-down"), fixtureAlert(t, "hostile-log-alarm")
	refused := errors.New("refused")
	n.recorder.FailEach(nil, refused)
	err := n.send(t.Context(), a, b)
	require.NoError(t, alert.ErrorAt(err, 0, 2))
	require.ErrorIs(t, alert.ErrorAt(err, 1, 2), refused)

	// The next process brings both again: only what failed goes out, and its
	// failure counts at its place.
	n.recorder.Fail(refused)
	err = n.send(t.Context(), a, b)
	require.NoError(t, alert.ErrorAt(err, 0, 2))
	require.ErrorIs(t, alert.ErrorAt(err, 1, 2), refused)
	require.Equal(t, []alert.Alert{b}, n.recorder.Calls()[1])
	n.recorder.Fail(nil)
	require.NoError(t, n.send(t.Context(), a, b))
	require.NoError(t, n.send(t.Context(), a, b))
	require.Equal(t, 3, n.told())
	require.NoError(t, n.send(t.Context()))
}

// What rings must not ring twice because nobody knows whether it did.
func TestRememberUncertainCall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		err   error
		again bool
	}{
		{"phone", uncertain{}, false},
		{"chat", alert.ErrUncertain, true},
		{"not placed", errors.New("refused"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := newNotebook(t)
			n.recorder.Fail(test.err)
			require.ErrorIs(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")), test.err)
			require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
			require.Equal(t, test.again, n.told() == 2)
		})
	}
}

// uncertain is the error of a call that may have been placed.
type uncertain struct{}

func (uncertain) Error() string        { return "no answer" }
func (uncertain) Is(target error) bool { return target == alert.ErrUncertain }
func (uncertain) Retryable() bool      { return false }

func TestRememberPanic(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.recorder.Next(func(context.Context, ...alert.Alert) error { panic("x") })
	require.Panics(t, func() {
		_ = ocp.Remember(n.path, n.window)(&n.recorder).Send(t.Context(), fixtureAlert(t, "hostile-log-alarm"))
	})
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 2, n.told())
}

func TestRememberOff(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.window = 0
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.NoFileExists(t, n.path)
	require.NoError(t, ocp.Remember(n.path, time.Hour)(&n.recorder).Send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.FileExists(t, n.path)
}

func TestStateFile(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	a := fixtureAlert(t, "notify-4x-zh_CN-host-down")
	require.NoError(t, n.send(t.Context(), a))
	text, err := os.ReadFile(n.path)
	require.NoError(t, err)
	require.Regexp(t, `^tocsin ocp state 1\n[0-9a-f]{32} [0-9a-f]{32} [0-9]{13}\n$`, string(text))
	leaktest.Check(t, []string{a.ID, a.Instance, a.Name, "2000031"}, string(text))
	info, err := os.Stat(n.path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode())
	}
	entries, err := os.ReadDir(filepath.Dir(n.path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "neither lock nor half a file is left")
}

// However the file looks, the alert goes out, and the next process knows.
func TestStateFileDamaged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, warns string
		mode              os.FileMode
	}{
		{"empty", "", "not a state file", 0o600},
		{"garbage", "\x00\xff garbage", "not a state file", 0o600},
		{"another version", "tocsin ocp state 2\n", "not a state file", 0o600},
		{"half a line", "tocsin ocp state 1\nabc", "lines of the file are damaged", 0o600},
		{"bad lines", "tocsin ocp state 1\n\n" + strings.Repeat("0", 32) + " " + strings.Repeat("0", 32) + " x\n", "lines of the file are damaged", 0o600},
		{"endless line", "tocsin ocp state 1\n" + strings.Repeat("a", 100_000), "lines of the file are damaged", 0o600},
		{"too large", "tocsin ocp state 1\n" + strings.Repeat("a", 1<<20), "longer than 1048576 bytes", 0o600},
		{"writable by others", "tocsin ocp state 1\n", "others can write", 0o622},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.mode != 0o600 && runtime.GOOS == "windows" {
				t.Skip("no such modes")
			}
			n := newNotebook(t)
			require.NoError(t, os.WriteFile(n.path, []byte(test.text), test.mode))
			require.NoError(t, os.Chmod(n.path, test.mode))
			require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
			require.Contains(t, n.warned.String(), test.warns)
			require.NotContains(t, n.warned.String(), "hush", "paths stay out")
			n.warned.Reset()
			require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
			require.Equal(t, 1, n.told())
			require.Empty(t, n.warned.String())
		})
	}
}

// Damage costs the lines that it is in.
func TestStateFileKeepsGoodLines(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	file, err := os.OpenFile(n.path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = file.WriteString("half a li")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 1, n.told())
}

// A file that could silence an alert is not believed.
func TestStateFileOfOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	n := newNotebook(t)
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.NoError(t, os.Chmod(n.path, 0o620))
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 2, n.told())

	// Nor is one from a clock that was ahead.
	text, err := os.ReadFile(n.path)
	require.NoError(t, err)
	fields := strings.Fields(string(text))
	fields[len(fields)-1] = fmt.Sprint(time.Now().Add(time.Hour).UnixMilli())
	ahead := "tocsin ocp state 1\n" + strings.Join(fields[4:], " ") + "\n"
	require.NoError(t, os.WriteFile(n.path, []byte(ahead), 0o600))
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	require.Equal(t, 3, n.told())
}

// Where nothing can be written, the alert is not lost.
func TestStateFileUnwritable(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"no directory": "/nowhere/hush/state", "a directory": t.TempDir(), "a device": os.DevNull} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if path == os.DevNull {
				path = filepath.Join(t.TempDir(), "hush-link")
				require.NoError(t, os.Symlink(os.DevNull, path))
			}
			n := newNotebook(t)
			n.path = path
			require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
			require.Equal(t, 1, n.told())
			require.Contains(t, n.recorder.Accepted()[0].Summary, "\n状态文件不可用，持续的告警会重复发送 (state file: ")
			require.Contains(t, n.warned.String(), "warning")
			require.NotContains(t, n.warned.String(), "hush")
		})
	}
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular(), "a link is replaced, not followed")
}

// A link in the place of the half-written file leads nowhere.
func TestStateFileFollowsNoLink(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
	require.NoError(t, os.Symlink(victim, n.path+".new"))
	require.NoError(t, n.send(t.Context(), fixtureAlert(t, "hostile-log-alarm")))
	text, err := os.ReadFile(victim)
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))
	require.FileExists(t, n.path)
}

func TestStateFileIsBounded(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	storm := make([]alert.Alert, 5000)
	for i := range storm {
		storm[i] = alert.Alert{Source: "ocp", ID: fmt.Sprint("id-", i)}
	}
	require.NoError(t, n.send(t.Context(), storm[:3000]...))
	<-time.After(5 * time.Millisecond) // of the clock that the entries are ordered by
	require.NoError(t, n.send(t.Context(), storm[3000:]...))
	text, err := os.ReadFile(n.path)
	require.NoError(t, err)
	require.Equal(t, 4097, strings.Count(string(text), "\n"))
	require.LessOrEqual(t, len(text), 4097*80)
	require.NoError(t, n.send(t.Context(), storm[3000:]...))
	require.Equal(t, 2, n.told(), "the newest are kept")
}

// Many at once, in this process and in others: nobody's note is lost.
func TestRememberConcurrently(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			var r alerttest.Recorder
			a := alert.Alert{Source: "ocp", ID: fmt.Sprint("id-", i)}
			if err := ocp.Remember(n.path, time.Hour)(&r).Send(context.WithoutCancel(t.Context()), a); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestScriptProcess$")
		cmd.Env = []string{"TOCSIN_SCRIPT=remember", "TOCSIN_STATE=" + n.path, fmt.Sprint("alarm_id=", i), "GOCOVERDIR=" + t.TempDir()}
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(n.path)
	require.NoError(t, err)
	require.Equal(t, 1+5+3, strings.Count(string(text), "\n"))
}

// What Remember adds takes nothing away from the duties of a Sender.
func TestRememberConforms(t *testing.T) {
	t.Parallel()
	alerttest.TestSender(t, func(t *testing.T) *alerttest.Harness {
		n := newNotebook(t)
		fail := func(err error) func() {
			return func() {
				for range 100 {
					n.recorder.Fail(err)
				}
			}
		}
		return &alerttest.Harness{
			Sender:     ocp.Remember(n.path, n.window)(&n.recorder),
			Messages:   func() int { return len(n.recorder.Calls()) },
			Delivered:  func() int { return len(n.recorder.Accepted()) },
			Break:      fail(alert.ErrUncertain),
			Hang:       n.recorder.Hang,
			OneMessage: true,
		}
	})
}
