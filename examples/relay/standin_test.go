package main

import (
	"encoding/hex"
	"net/http"
	"net/netip"
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
	form, err := os.ReadFile("testdata/threshold-2023-apigateway-alert.form")
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
	form, err := os.ReadFile("testdata/threshold-2023-apigateway-alert.form")
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

// The stand-in refuses what the real robot refuses.
func TestStandInRobotIsStrict(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("", nil)
	require.NoError(t, err)
	out := clitest.NewTranscript()
	s, err := startStandIn(t.Context(), &printer{w: out}, discard(), false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	s.attract(c)
	group, other := c.wecom.urls[0], c.dingtalk.urls[0]
	tests := []struct{ name, url, body, want string }{
		{"no JSON", group, "x", `"errcode":40008`},
		{"no type", group, `{}`, `"errcode":40008`},
		{"no content", group, `{"msgtype":"markdown"}`, `"errcode":44004`},
		{"too long", group, `{"msgtype":"markdown","markdown":{"content":"` + strings.Repeat("长", 1366) + `"}}`, `"errcode":40058`},
		{"markdown", group, `{"msgtype":"markdown","markdown":{"content":"here"}}`, `"errcode":0`},
		{"text", group, `{"msgtype":"text","text":{"content":"there","mentioned_list":["ann"]}}`, `"errcode":0`},
		{"DingTalk, no JSON", other, "x", `"errcode":40035`},
		{"DingTalk, other type", other, `{"msgtype":"text","text":{"content":"c"}}`, `"errcode":400105`},
		{"DingTalk, no title", other, `{"msgtype":"markdown","markdown":{"text":"c"}}`, `"errcode":400402`},
		{"DingTalk, no text", other, `{"msgtype":"markdown","markdown":{"title":"c"}}`, `"errcode":400403`},
		{"DingTalk, too long", other, `{"msgtype":"markdown","markdown":{"title":"c","text":"` + strings.Repeat("长", 6660) + `"}}`, `"errcode":460101`},
		{"DingTalk", other, `{"msgtype":"markdown","markdown":{"title":"one","text":"two"},"at":{"atMobiles":["13800000001"],"atUserIds":["ann"],"isAtAll":true}}`, `"errcode":0`},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader(tt.body))
		require.NoError(t, err)
		_, answer := do(t, req)
		require.Contains(t, answer, tt.want, tt.name)
	}
	require.Equal(t, 2, strings.Count(out.String(), "WeCom group: one message"))
	require.Contains(t, out.String(), "│ here\n")
	require.Contains(t, out.String(), "text, 5 bytes, mentions ann\n│ there\n")
	require.Equal(t, 1, strings.Count(out.String(), "DingTalk group: one message"))
	require.Contains(t, out.String(), "markdown, 132 bytes, mentions 13800000001 ann all\n│ title: one\n│ \n│ two\n")
}

// netSNMPTrap is a datagram that the program snmptrap sent.
const netSNMPTrap = "3081e902010104067075626c6963a781db02046d46461b020100020100"

func TestDecodeTrapRefusesGarbage(t *testing.T) {
	t.Parallel()
	cut, err := hex.DecodeString(netSNMPTrap)
	require.NoError(t, err)
	for _, datagram := range [][]byte{nil, {0}, []byte("hello"), cut} {
		_, err := readNotification(datagram)
		require.Error(t, err)
	}
}

func FuzzDecodeTrap(f *testing.F) {
	cut, err := hex.DecodeString(netSNMPTrap)
	require.NoError(f, err)
	f.Add(cut)
	f.Fuzz(func(t *testing.T, datagram []byte) { // must not panic
		p, err := readNotification(datagram)
		if err != nil {
			return
		}
		_ = describeNotification(p)
		answer, err := acknowledgement(datagram, p)
		if err == nil {
			require.Len(t, answer, len(datagram))
		}
	})
}

func FuzzCallerFinder(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.1, 10.0.0.2")
	f.Add("[::1]:1", "[2001:db8::1]:9,,")
	c := callerFinder{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got, err := c.find(r)
		require.NoError(t, err)
		if direct, _ := parseHop(peer); !contains(c.proxies, direct) {
			require.Equal(t, direct, got, "a stranger's header was believed")
		}
	})
}
