package relaying

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestDemoShowsTheWholeWay(t *testing.T) {
	t.Parallel()
	out, errout := clitest.NewTranscript(), clitest.NewTranscript()
	code := run(t.Context(), []string{"-demo"}, func(string) string { return "" }, out, errout)
	require.Equal(t, 0, code, "%s", errout)
	rest := out.String()
	for _, part := range []string{ // in this order
		"Callback: ", `"product":"cfw"`, "WeCom group: one message, markdown", `<font color="`, "2020-12-16 16:08:41 +08:00",
		"DingTalk group: one message, markdown", "│ title: 【告警通知】WARN InternetBandwidthThresholdExceeded", "<font color=#", "2020-12-16 16:08:41 +08:00",
		"SNMP console: one trap", "= OID: tocsinAlertFiring (1.3.6.1.4.1.32473.0.1)", "tocsinLevel           = STRING: level:WARN",
		"tocsinStatus          = INTEGER: firing(1)", "tocsinTime            = STRING: 2020-12-16,16:8:41.7,+8:0",
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
