package relaying

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

// discard is a logger for what a test does not look at.
func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// selfTestRun runs the relay with -test to its end.
func selfTestRun(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	o, e := clitest.NewTranscript(), clitest.NewTranscript()
	code = run(t.Context(), append(args, "-test"), func(string) string { return "" }, o, e)
	require.NotContains(t, o.String()+e.String(), "hush")
	return code, o.String()
}

func TestSelfTestReachesEveryDestination(t *testing.T) {
	t.Parallel()
	group, first, second := newRobot(t, nil), newConsole(t), newConsole(t)
	db := filepath.Join(t.TempDir(), "relay.db")
	code, out := selfTestRun(t, append(first.settings(), "-trap-target", second.addr, "-wecom-url", group.url,
		"-locale", "en", "-timezone", "Asia/Tokyo", "-wecom-mention", "ann", "-db", db)...)
	require.Equal(t, 0, code, out)
	require.NoFileExists(t, db, "a running relay's alerts are left alone")
	require.Equal(t, 3, strings.Count(out, "ok      "))
	require.Contains(t, out, "ok      SNMP console at "+second.addr)
	message := <-group.messages
	for _, part := range []string{"[Test] Alert", "Test alert", "+09:00", "<@ann>"} {
		require.Contains(t, message, part)
	}
	require.Equal(t, "name:[Test] Test alert", first.next(t)["5"])
	require.Equal(t, "name:[Test] Test alert", second.next(t)["5"])
}

func TestSelfTestFailure(t *testing.T) {
	t.Parallel()
	nms := newConsole(t)
	tests := []struct {
		name, answer, want string
	}{
		{"removed robot", `{"errcode":93000,"errmsg":"invalid webhook url"}`, "93000"},
		{"proxy page", "<html>", "FAILED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			group := newRobot(t, func() string { return tt.answer })
			code, out := selfTestRun(t, append(nms.settings(), "-wecom-url", group.url)...)
			require.Equal(t, 1, code)
			require.Contains(t, out, "FAILED  WeCom robot 1 at 127.0.0.1")
			require.Contains(t, out, tt.want)
			require.Contains(t, out, "ok      SNMP console at "+nms.addr, "the others are tried all the same")
		})
	}
}

// Two tests in a row are two problems, not one told twice.
func TestTestAlertsAreMarkedAndDistinct(t *testing.T) {
	t.Parallel()
	c, err := Configure(nil, func(string) string { return "" }, io.Discard)
	require.NoError(t, err)
	a, b := testAlert(c.locale, time.Now()), testAlert(c.locale, time.Now())
	require.NotEqual(t, a.Key, b.Key)
	require.NotEqual(t, a.ID, b.ID)
	require.True(t, a.Test)
	require.Contains(t, a.Name, "测试")
}
