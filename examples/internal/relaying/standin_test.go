package relaying

import (
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
	"github.com/tocsin-go/tocsin/examples/internal/sandbox"
)

func TestDemoShowsTheWholeWay(t *testing.T) {
	t.Parallel()
	out, errout := clitest.NewTranscript(), clitest.NewTranscript()
	code := run(t.Context(), []string{"-demo"}, func(string) string { return "" }, out, errout)
	require.Equal(t, 0, code, "%s", errout)
	rest := out.String()
	for _, part := range []string{ // in this order
		"Callback: ", `"product":"cfw"`, "WeCom group: one message, markdown", `<font color="`, "2020-12-16 16:08:41 +08:00",
		"DingTalk group: one message, markdown", "│ title: 【测试】【告警通知】警告 InternetBandwidthThresholdExceeded", "<font color=#", "2020-12-16 16:08:41 +08:00",
		"SNMP console: one trap", "= OID: tocsinAlertNews (1.3.6.1.4.1.32473.0.3)", "tocsinLevel           = STRING: level:TEST",
		"tocsinStatus          = INTEGER: news(3)", "tocsinTime            = STRING: 2020-12-16,16:8:41.7,+8:0",
		"The relay answered CloudMonitor: 200 OK", "-trap-target",
	} {
		_, after, found := strings.Cut(rest, part)
		require.True(t, found, "want %q in:\n%s", part, rest)
		rest = after
	}
	require.Contains(t, errout.String(), `msg="alert accepted"`)
}

// Without destinations the relay shows what it would deliver, and tells where
// to post.
func TestStandInService(t *testing.T) {
	t.Parallel()
	p := launch(t, "-trap-layout", "full", "-locale", "en", "-timezone", "Asia/Tokyo")
	callback := p.out.Await(t, `curl --data @\S+ (http://\S+)`)
	_, secret, _ := strings.Cut(callback, "/aliyun/")
	form, err := os.ReadFile("../../relay/testdata/threshold-2023-apigateway-alert.form")
	require.NoError(t, err)
	code, _ := p.callback(t, secret, string(form))
	require.Equal(t, 200, code)
	require.Contains(t, p.out.Await(t, `(.*tocsinName\.0.*)`), "STRING: API网关_返回码5XX个数")
	p.out.Await(t, `\+09:00`)
	require.NotContains(t, p.errout.String(), secret)
}

// Without the page the relay prints on, and says once what is missing.
func TestSandboxThatDoesNotStart(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("", nil)
	require.NoError(t, err)
	log := clitest.NewTranscript()
	r := &relay{config: c, log: slog.New(slog.NewTextHandler(log, nil))}
	r.addSandbox(t.Context(), &sandbox.Options{Listen: "192.0.2.1:0"})
	require.Nil(t, r.sandbox)
	require.Empty(t, c.wecom.urls)
	require.Empty(t, r.closers)
	require.Regexp(t, `^time=\S+ level=WARN msg="no page shows what arrives, which is printed all the same" error="sandbox: listen tcp 192\.0\.2\.1:0: [^\n]*\n$`, log.String())
}

// The sandbox gets what the printing stand-ins get, but for a console that would
// refuse it; a demonstration has none.
func TestSandboxIsADestinationToo(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"": 6, "-trap-community other": 5, "-demo": 3} {
		c, err := settingsOf(args, nil)
		require.NoError(t, err)
		r, err := newRelay(t.Context(), c, discard(), printing.NewPrinter(io.Discard))
		require.NoError(t, err)
		require.Len(t, r.leaves, want, args)
		require.Equal(t, want == 3, r.sandbox == nil, args)
		require.NoError(t, r.Close())
	}
}

// An alert must not reach the terminal as escape sequences.
func TestTerminalIsSafe(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret)
	form, err := os.ReadFile("../../relay/testdata/threshold-2023-apigateway-alert.form")
	require.NoError(t, err)
	values, err := url.ParseQuery(string(form))
	require.NoError(t, err)
	values.Set("alertName", "bell\a \x1b]0;title\x07 \u202eback\u0085")
	code, _ := p.callback(t, testSecret, values.Encode())
	require.Equal(t, 200, code)
	p.out.Await(t, `WeCom group(?s:.*)└─`)
	p.out.Await(t, `DingTalk group(?s:.*)└─`)
	p.out.Await(t, `SNMP console(?s:.*)└─`)
	require.Equal(t, 0, p.stop(t))
	require.NotRegexp(t, "[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202e]", p.printed())
}
