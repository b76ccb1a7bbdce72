package relaying

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/aliyun"
	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
)

func TestCallbackReachesRobotAndConsole(t *testing.T) {
	t.Parallel()
	group, nms := newRobot(t, nil), newConsole(t)
	p := launch(t, append(nms.settings(), "-wecom-url", group.url, "-callback-secret", testSecret)...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	message := <-group.messages
	for _, part := range []string{"【测试】", "cfw", "WARN", "cn-hangzhou", "InternetBandwidthThresholdExceeded"} {
		require.Contains(t, message, part)
	}
	trap := nms.next(t)
	require.Equal(t, "product:cfw", trap["1"])
	require.Equal(t, "level:TEST", trap["2"])
	require.Equal(t, "regionId:cn-hangzhou", trap["3"])
	require.Equal(t, "instanceName:instanceName", trap["4"])
	require.Equal(t, "name:[Test] InternetBandwidthThresholdExceeded", trap["5"])
	line := p.errout.Await(t, `(.*msg="alert accepted".*)`)
	for _, part := range []string{"caller=127.0.0.1", "status=firing", "name=InternetBandwidthThresholdExceeded", ".id=", ".key="} {
		require.Contains(t, line, part)
	}
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.printed(), "hush")
}

// Every way in which a path arrives is served, or refused with a line in the log:
// no redirect, which CloudMonitor does not follow.
func TestPaths(t *testing.T) {
	t.Parallel()
	const wrong, nowhere = "wrong secret", "no such path"
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-wecom-rate", "0", "-callback-secret", testSecret)
	escaped := strings.ReplaceAll(testSecret, "-", "%2D")
	for _, tt := range []struct {
		method, path string
		want         int
		log          string // empty: not refused
	}{
		{"GET", "/healthz", 200, ""},
		{"GET", "//healthz", 200, ""},
		{"GET", "/aliyun/" + testSecret, 200, ""},
		{"GET", "/aliyun/" + testSecret + "/", 200, ""},
		{"POST", "/aliyun/" + testSecret, 200, ""},
		{"POST", "/aliyun/" + testSecret + "/", 200, ""},
		{"POST", "/aliyun/" + testSecret + "//", 200, ""},
		{"POST", "/aliyun/" + testSecret + "/?", 200, ""},
		{"POST", "//aliyun/" + testSecret, 200, ""},
		{"POST", "/aliyun//" + testSecret, 200, ""},
		{"POST", "///aliyun///" + testSecret + "///", 200, ""},
		{"POST", "/./aliyun/x/../" + testSecret, 200, ""},
		{"POST", "/aliyun/" + escaped, 200, ""},
		{"POST", "/%61liyun/" + testSecret, 200, ""},
		{"POST", "/aliyun%2F" + testSecret, 200, ""},
		{"POST", "/%2Faliyun%2F" + testSecret + "%2f", 200, ""},
		{"POST", "/aliyun", 404, wrong},
		{"POST", "/aliyun/", 404, wrong},
		{"POST", "//aliyun//", 404, wrong},
		{"POST", "/aliyun/" + testSecret + "/more", 404, wrong},
		{"POST", "/aliyun/%20" + testSecret, 404, wrong},
		{"POST", "/aliyun/" + testSecret + "%00", 404, wrong},
		{"GET", "/", 404, nowhere},
		{"POST", "//", 404, nowhere},
		{"POST", "/healthz", 404, nowhere},
		{"GET", "/../x", 404, nowhere},
		{"POST", "/Aliyun/" + testSecret, 404, nowhere},
		{"OPTIONS", "*", 404, nowhere},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			before := p.errout.String()
			body := strings.Replace(string(sample()), "000000000008", rand.Text(), 1)
			if tt.method == "GET" {
				body = ""
			}
			status, _, _ := strings.Cut(strings.TrimPrefix(p.raw(t, tt.method+" "+tt.path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "+
				strconv.Itoa(len(body))+"\r\n\r\n"+body), "HTTP/1.1 "), " ")
			require.Equal(t, strconv.Itoa(tt.want), status)
			line := p.errout.String()[len(before):]
			if tt.log != "" {
				require.Regexp(t, `level=WARN msg="\w+ refused: `+tt.log+`"`, line)
			} else {
				require.NotContains(t, line, "refused")
			}
			require.NotContains(t, line, "hush")
		})
	}
	require.Equal(t, 0, p.stop(t))
}

// What net/http answers by itself is in the log: a header that is too long, such as
// a GET with much data, one that is broken off, and what is no HTTP.
func TestUnreadableRequestsAreLogged(t *testing.T) {
	t.Parallel()
	p := launch(t, "-callback-secret", testSecret)
	begin := "GET /aliyun/" + testSecret + "?data="
	for _, tt := range []struct{ name, request, want, log string }{
		{"long", begin + strings.Repeat("a", aliyun.MaxBody) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", "callback not understood"},
		{"too long", begin + strings.Repeat("a", 2*aliyun.MaxBody), "", "request refused: its header is too long"},
		{"no HTTP", "\x16\x03\x01hush\r\n\r\n", "HTTP/1.1 400 ", "request refused: its header is too long, broken off, late or not HTTP"},
		{"broken off", begin, "", "request refused: its header is too long, broken off"},
		{"no host", "POST /aliyun/" + testSecret + " HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "request refused: its header is too long"},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := p.errout.String()
			answer := p.raw(t, tt.request)
			require.True(t, strings.HasPrefix(answer, tt.want), "%.80q", answer)
			if tt.log == "" {
				return
			}
			require.Eventually(t, func() bool { return strings.Contains(p.errout.String()[len(before):], tt.log) }, clitest.Patience, time.Millisecond)
			require.Equal(t, 1, strings.Count(p.errout.String()[len(before):], "level=WARN"))
			require.NotContains(t, p.errout.String(), "hush")
		})
	}
	code, _ := p.get(t, "/healthz")
	require.Equal(t, 200, code)
	require.Equal(t, 0, p.stop(t))
	require.Equal(t, 5, strings.Count(p.errout.String(), "level=WARN"))
}

func TestWrongSecretIsRefusedAndNotLogged(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-callback-secret", testSecret)
	code, body := p.callback(t, "a-guess-hush", string(sample()))
	require.GreaterOrEqual(t, code, 400)
	require.Less(t, code, 500)
	require.NotContains(t, body, "hush")
	require.Equal(t, 0, p.stop(t))
	require.Empty(t, group.messages)
	require.NotContains(t, p.printed(), "hush")
}

// A robot that fails for a moment is tried again by itself: CloudMonitor has its
// 200, the console its one trap. A repeated callback reaches nobody.
func TestFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	group, nms := newRobot(t, thenAccept(`{"errcode":-1,"errmsg":"system busy"}`)), newConsole(t)
	p := launch(t, append(nms.settings(), "-wecom-url", group.url, "-callback-secret", testSecret)...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	first, second := <-group.messages, <-group.messages
	require.Equal(t, untimed(first), untimed(second))
	p.errout.Await(t, `level=WARN msg="message not accepted" route=wecom-[0-9a-f]{10} .*WeCom robot 1 at `+group.host+`: wecom: `)
	p.errout.Await(t, `level=INFO msg="message accepted" route=wecom-[0-9a-f]{10} alerts=1 `)
	code, _ = p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	p.errout.Await(t, `msg="repetition: accepted before, not delivered again" alerts=1`)
	other, err := os.ReadFile("../../relay/testdata/threshold-2023-apigateway-alert.form")
	require.NoError(t, err)
	code, _ = p.callback(t, testSecret, string(other))
	require.Equal(t, 200, code)
	require.Contains(t, <-group.messages, "API网关")
	require.Equal(t, "name:[Test] InternetBandwidthThresholdExceeded", nms.next(t)["5"])
	require.Equal(t, "name:API网关_返回码5XX个数", nms.next(t)["5"], "the console got the first alert once")
	require.Equal(t, 1, strings.Count(p.errout.String(), "repetition: "))
}

func TestAllowList(t *testing.T) {
	t.Parallel()
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-callback-secret", testSecret, "-allow-cidr", "aliyun", "-trusted-proxy", "127.0.0.1")
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 403, code, "a proxy's own request")
	code, _ = p.callback(t, testSecret, string(sample()), "X-Forwarded-For", "106.11.225.9, 198.51.100.1")
	require.Equal(t, 403, code, "a claim of the caller itself")
	code, _ = p.callback(t, testSecret, string(sample()), "X-Forwarded-For", "198.51.100.1, 106.11.225.9")
	require.Equal(t, 200, code)
	require.NotEmpty(t, <-group.messages)
	p.errout.Await(t, `alert accepted.* caller=106.11.225.9 `)
}

func TestCapture(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "callbacks.jsonl")
	require.NoError(t, os.WriteFile(name, []byte("{}\n"), 0o644)) //nolint:gosec // to be closed by the relay
	group := newRobot(t, nil)
	p := launch(t, "-wecom-url", group.url, "-callback-secret", "prod="+testSecret, "-capture", name)
	_, _ = p.callback(t, testSecret, string(sample()), "Content-Type", "application/json")
	_, _ = p.callback(t, testSecret, "\xff\xfe")
	_, _ = p.callback(t, "a-guess-of-it", "not recorded")
	require.Equal(t, 0, p.stop(t))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	var lines []captured
	for s := bufio.NewScanner(f); s.Scan(); {
		var c captured
		require.NoError(t, json.Unmarshal(s.Bytes(), &c))
		lines = append(lines, c)
	}
	require.Len(t, lines, 3, "appended to what was there")
	require.Equal(t, string(sample()), lines[1].Body)
	require.Equal(t, "POST", lines[1].Method)
	require.Equal(t, "prod", lines[1].Account)
	require.Equal(t, "127.0.0.1", lines[1].Caller.String())
	require.False(t, lines[1].Time.IsZero())
	require.Equal(t, []byte("\xff\xfe"), lines[2].Raw)
}
