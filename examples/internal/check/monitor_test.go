package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	"github.com/tocsin-go/tocsin/examples/internal/check"
)

// scripted is a check that shows what a script says, a letter a look: good,
// warning, critical, or ? for nothing. At its end the last letter stays.
func scripted(key, script string) check.Check {
	var mu sync.Mutex
	levels := map[byte]check.Level{'g': check.Good, 'w': check.Warning, 'c': check.Critical, '?': check.Unknown}
	return check.Check{Key: key, Name: "disk space", Instance: "db-1", Resource: "/data", Look: func(context.Context) check.Finding {
		mu.Lock()
		defer mu.Unlock()
		now := script[0]
		if len(script) > 1 {
			script = script[1:]
		}
		return check.Finding{Level: levels[now], Text: "it is " + string(now)}
	}}
}

// watch runs a Monitor in a bubble for some looks, and stops it.
func watch(t *testing.T, m *check.Monitor, looks int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- m.Run(ctx) }()
	<-time.After(time.Duration(looks)*time.Minute - time.Second)
	cancel()
	require.NoError(t, <-stopped)
}

// newMonitor returns a Monitor of scripted checks, whose keys are a, b, ….
func newMonitor(t *testing.T, file string, s alert.Sender, scripts ...string) *check.Monitor {
	t.Helper()
	var checks []check.Check
	for i, script := range scripts {
		checks = append(checks, scripted(string(rune('a'+i)), script))
	}
	m, err := check.New(checks, s, file, nil)
	require.NoError(t, err)
	return m
}

// words returns alerts as "a firing warning", with the key first.
func words(alerts []alert.Alert) []string {
	said := []string{}
	for _, a := range alerts {
		said = append(said, fmt.Sprintf("%s %s %s", a.Key, a.Status, a.Severity))
	}
	return said
}

func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, want string }{
		{"all is well", "ggggg", ""},
		{"one bad look", "gwgcgwg", ""},
		{"two bad looks", "gwwwww", "a firing warning"},
		{"from the start", "ww", "a firing warning"},
		{"and over", "wwgg", "a firing warning, a resolved warning"},
		{"one good look", "wwgwwgw", "a firing warning"},
		{"and again", "wwggwwgg", "a firing warning, a resolved warning, a firing warning, a resolved warning"},
		{"critical", "ccgg", "a firing critical, a resolved critical"},
		{"once critical", "wcwwgg", "a firing warning, a resolved warning"},
		{"it gets worse", "wwccgg", "a firing warning, a firing critical, a resolved critical"},
		{"worse after a peak", "wcwcc", "a firing warning, a firing critical"},
		{"a peak now and then", "wcwcwc", "a firing warning"},
		{"it gets better, not well", "ccwwwwcc", "a firing critical"},
		{"around the second threshold", "ccwwccwwgg", "a firing critical, a resolved critical"},
		{"worse only in part", "wcgwc", "a firing warning"},
		{"nothing seen", "g??g", "a no_data warning"},
		{"nothing seen once", "g?g?g", ""},
		{"nothing seen, and well again", "??gg", "a no_data warning, a resolved warning"},
		{"nothing seen for long", "??????", "a no_data warning"},
		{"nothing seen is no news", "cc?g?g?", "a firing critical"},
		{"nothing seen of a problem", "cc??gg", "a firing critical, a no_data critical, a resolved critical"},
		{"nothing seen, and still there", "cc??ww", "a firing critical, a no_data critical, a firing critical"},
		{"nothing seen, then bad", "??wwgg", "a no_data warning, a firing warning, a resolved warning"},
		{"nothing seen between bad looks", "w?w", "a firing warning"},
		{"nothing seen between bad looks of a problem", "ww??w", "a firing warning, a no_data warning"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var r alerttest.Recorder
				watch(t, newMonitor(t, filepath.Join(t.TempDir(), "said"), &r, tt.script), len(tt.script))
				require.Equal(t, tt.want, strings.Join(words(r.Accepted()), ", "))
				ids := map[string]bool{}
				for _, a := range r.Accepted() {
					require.Equal(t, "a", a.Key)
					require.False(t, ids[a.ID], "%s twice", a.ID)
					ids[a.ID] = true
				}
			})
		})
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bad, good int
		script    string
		want      []string
	}{
		{1, 1, "gwgcg", []string{"a firing warning", "a resolved warning", "a firing critical", "a resolved critical"}},
		{3, 1, "wwgwwwg", []string{"a firing warning", "a resolved warning"}},
		{1, 3, "wggwggg", []string{"a firing warning", "a resolved warning"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var r alerttest.Recorder
			m, err := check.New([]check.Check{scripted("a", tt.script)}, &r, filepath.Join(t.TempDir(), "said"), &check.Options{Bad: tt.bad, Good: tt.good})
			require.NoError(t, err)
			watch(t, m, len(tt.script))
			require.Equal(t, tt.want, words(r.Accepted()))
		})
	}
}

func TestAlert(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		begin := time.Now().UTC()
		watch(t, newMonitor(t, filepath.Join(t.TempDir(), "said"), &r, "wccggwc"), 7)
		at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
		id := func(status string, minutes int) string {
			return fmt.Sprintf("a/%s/%d", status, at(minutes).UnixMilli())
		}
		common := alert.Alert{Source: "agent", Key: "a", Name: "disk space", Instance: "db-1", Resource: "/data", StartsAt: at(0)}
		first, second, third, fourth := common, common, common, common
		first.ID, first.Summary = id("firing", 1), "it is c"
		second.ID, second.Severity, second.Summary = id("firing", 2), alert.Critical, "it is c"
		third.ID, third.Status, third.Severity, third.Summary, third.EndsAt = id("resolved", 4), alert.Resolved, alert.Critical, "it is g", at(4)
		fourth.ID, fourth.StartsAt, fourth.Summary = id("firing", 6), at(5), "it is c"
		require.Equal(t, []alert.Alert{first, second, third, fourth}, r.Accepted())
	})
}

// A problem begins with the first look that was not good, whatever it showed.
func TestBegin(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]time.Duration{"g?w?w": time.Minute, "g??": time.Minute, "wgww": 2 * time.Minute, "??ww": 0} {
		synctest.Test(t, func(t *testing.T) {
			var r alerttest.Recorder
			begin := time.Now().UTC()
			watch(t, newMonitor(t, filepath.Join(t.TempDir(), "said"), &r, script), len(script))
			for _, a := range r.Accepted() {
				require.Equal(t, begin.Add(want), a.StartsAt, script)
			}
			require.NotEmpty(t, r.Accepted(), script)
		})
	}
}

// A restart says nothing twice, says what has ended meanwhile, and knows how bad
// it was.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, before, after, want string }{
		{"still there", "cc", "cccc", ""},
		{"still there, in part", "cc", "wwww", ""},
		{"worse", "ww", "cc", "a firing critical"},
		{"gone", "cc", "gg", "a resolved critical"},
		{"gone, and back", "ww", "ggww", "a resolved warning, a firing warning"},
		{"not seen yet", "ww", "g", ""},
		{"resolved before", "wwgg", "gg", ""},
		{"no data before", "??", "??", ""},
		{"no data before, and well", "ww??", "gg", "a resolved warning"},
		{"rows begin anew", "w", "wg", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "said")
				var before, after alerttest.Recorder
				watch(t, newMonitor(t, file, &before, tt.before), len(tt.before))
				watch(t, newMonitor(t, file, &after, tt.after), len(tt.after))
				require.Equal(t, tt.want, strings.Join(words(after.Accepted()), ", "))
				for _, a := range after.Accepted() {
					if a.Status == alert.Resolved {
						require.Equal(t, before.Accepted()[0].StartsAt, a.StartsAt)
					}
				}
			})
		})
	}
}

// What nobody has accepted is offered until somebody does, by a later process
// too, as the same event.
func TestFailuresLoseNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "said")
		var failing, r alerttest.Recorder
		fail := func(context.Context, ...alert.Alert) error { return errors.New("locked") }
		failing.Next(fail, fail, fail, fail, fail, fail)
		watch(t, newMonitor(t, file, &failing, "gwwgg"), 5)
		require.Empty(t, failing.Accepted())
		require.Len(t, failing.Calls(), 3)
		watch(t, newMonitor(t, file, &r, "g"), 3)
		require.Equal(t, []string{"a firing warning", "a resolved warning"}, words(r.Accepted()))
		require.Equal(t, failing.Calls()[2], r.Calls()[0])
		require.Len(t, r.Calls(), 1)
	})
}

// A part that was accepted, or can never be, is not offered again.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		r.Next(func(context.Context, ...alert.Alert) error {
			return alert.Partial([]error{nil, errors.New("later"), final{}})
		})
		watch(t, newMonitor(t, filepath.Join(t.TempDir(), "said"), &r, "w", "w", "w"), 4)
		require.Equal(t, []string{"a firing warning", "b firing warning"}, words(r.Accepted()))
		require.Len(t, r.Calls(), 2)
		require.Len(t, r.Calls()[1], 1)
	})
}

// final is an error that no repetition mends.
type final struct{}

func (final) Error() string   { return "too large" }
func (final) Retryable() bool { return false }

// The file has the change before anybody hears of it: a process that dies in
// between says it again as the same event, and ends it later.
func TestDeathWhileSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "said")
		copied := file + ".copy"
		var told, r alerttest.Recorder
		told.Next(func(context.Context, ...alert.Alert) error {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(copied, text, 0o600)
		})
		watch(t, newMonitor(t, file, &told, "cc"), 2)
		require.Len(t, told.Accepted(), 1)
		watch(t, newMonitor(t, copied, &r, "gg"), 2)
		require.Equal(t, []string{"a firing critical", "a resolved critical"}, words(r.Accepted()))
		require.Equal(t, told.Accepted()[0].ID, r.Accepted()[0].ID)
	})
}

// Where nothing can be kept, people are told all the same.
func TestNoPlaceToRemember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		dir := filepath.Join(t.TempDir(), "later")
		watch(t, newMonitor(t, filepath.Join(dir, "said"), &r, "wwgg"), 4)
		require.Equal(t, []string{"a firing warning", "a resolved warning"}, words(r.Accepted()))

		m := newMonitor(t, filepath.Join(dir, "said"), &r, "ww")
		watch(t, m, 2)
		require.NoError(t, os.Mkdir(dir, 0o700))
		watch(t, m, 1)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "kept as soon as it can be, and nothing else is left")

		m = newMonitor(t, filepath.Join(dir, "taken"), &r, "ww")
		require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o700))
		watch(t, m, 2)
		entries, err = os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 2, "what could not be put in its place is removed")
	})
}

// A check that is taken out leaves no problem open for ever.
func TestCheckTakenOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "said")
		var r alerttest.Recorder
		watch(t, newMonitor(t, file, &r, "g", "c", "?"), 2)
		r.Next(func(context.Context, ...alert.Alert) error {
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), "no_data") {
				t.Errorf("said before it is in the file: %v", err)
			}
			return nil
		})
		watch(t, newMonitor(t, file, &r, "g"), 1)
		watch(t, newMonitor(t, file, &r, "g"), 1)
		require.Equal(t, []string{"b firing critical", "c no_data warning", "b no_data critical"}, words(r.Accepted()))
	})
}

// One that was resolved before it is taken out leaves nothing to say.
func TestGoodCheckTakenOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "said")
		var before, after alerttest.Recorder
		watch(t, newMonitor(t, file, &before, "g", "wwgg"), 4)
		require.Len(t, before.Accepted(), 2)
		watch(t, newMonitor(t, file, &after, "g"), 1)
		require.Empty(t, after.Accepted())
	})
}

// A look that takes too long is over, and the others are not held up for more
// than that.
func TestSlowLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		slow := check.Check{Key: "slow", Look: func(ctx context.Context) check.Finding { <-ctx.Done(); return check.Finding{} }}
		m, err := check.New([]check.Check{slow, scripted("a", "w")}, &r, filepath.Join(t.TempDir(), "said"), nil)
		require.NoError(t, err)
		watch(t, m, 2)
		require.Equal(t, []string{"slow no_data warning", "a firing warning"}, words(r.Accepted()))
	})
}

// What is seen while stopping says nothing.
func TestStopWhileLooking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r alerttest.Recorder
		ctx, cancel := context.WithCancel(t.Context())
		looks, file := 0, filepath.Join(t.TempDir(), "said")
		m, err := check.New([]check.Check{{Key: "a", Look: func(context.Context) check.Finding {
			if looks++; looks == 2 {
				cancel()
			}
			return check.Finding{Level: check.Critical}
		}}}, &r, file, nil)
		require.NoError(t, err)
		require.NoError(t, m.Run(ctx))
		require.Equal(t, 2, looks)
		require.NoFileExists(t, file)
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	var r alerttest.Recorder
	dir := t.TempDir()
	bad := func(text string) string {
		path := filepath.Join(dir, "bad")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for _, text := range []string{"", "{", "{}", `{"version":2,"checks":{}}`, `{"version":1,"checks":[]}`, `[]`} {
		_, err := check.New(nil, &r, bad(text), nil)
		require.ErrorContains(t, err, "bad is not what this program writes", text)
	}
	good := bad(`{"version":1,"checks":{"a":null}}`)
	_, err := check.New(nil, &r, good, nil)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(good, 0o666))
		_, err = check.New(nil, &r, good, nil)
		require.ErrorContains(t, err, "bad: others can write to it (mode 0666)")
	}
	_, err = check.New(nil, &r, dir, nil)
	require.Error(t, err)
	_, err = check.New([]check.Check{scripted("a", "g"), scripted("a", "g")}, &r, filepath.Join(dir, "none"), nil)
	require.ErrorContains(t, err, "of two checks")
	_, err = check.New([]check.Check{{}}, &r, filepath.Join(dir, "none"), nil)
	require.ErrorContains(t, err, "is empty")
	_, err = check.New(nil, &r, filepath.Join(dir, "none"), &check.Options{Bad: -1})
	require.ErrorContains(t, err, "negative")
}
