package relaying

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/examples/internal/cli/clitest"
	"github.com/tocsin-go/tocsin/examples/internal/printing"
)

const (
	accepted     = `{"errcode":0,"errmsg":"ok"}`
	wecomDead    = `{"errcode":93000,"errmsg":"invalid webhook url"}`
	dingtalkDead = `{"errcode":300005,"errmsg":"token is not exist"}`
)

// thenAccept refuses once, and accepts what comes after.
func thenAccept(refusal string) func() string {
	answers := make(chan string, 1)
	answers <- refusal
	return func() string {
		select {
		case a := <-answers:
			return a
		default:
			return accepted
		}
	}
}

// flags are the settings for robots of one kind.
func flags(name string, robots ...*robot) (args []string) {
	for _, r := range robots {
		args = append(args, "-"+name, r.url)
	}
	return args
}

// A dead robot of each kind stops nobody else. What it refused for good is a dead
// letter with an Error line, which goes out when an operator asks for it.
func TestDeadRobotsDoNotStopTheOthers(t *testing.T) {
	t.Parallel()
	alive, dead := newRobot(t, nil), newRobot(t, thenAccept(wecomDead))
	gone, well := newDingtalk(t, thenAccept(dingtalkDead)), newDingtalk(t, nil)
	args := append(flags("wecom-url", alive, dead), flags("dingtalk-url", gone, well)...)
	p := launch(t, append(args, "-dingtalk-secret", testSigning+",-", "-callback-secret", testSecret, "-admin-listen", "127.0.0.1:0")...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	for _, r := range []*robot{alive, dead, gone, well} {
		require.Contains(t, <-r.messages, "InternetBandwidthThresholdExceeded")
	}
	for _, line := range []string{
		`WeCom robot 2 at ` + dead.host + `: wecom: [^\n]*93000`, `DingTalk robot 1 at ` + gone.host + `: dingtalk: [^\n]*300005`,
	} {
		route := p.errout.Await(t, `level=ERROR msg="alerts ended as dead letters" route=(\S+) cause=refused alerts=1 error="`+line)
		code, text := p.admin(t, http.MethodPost, "routes/"+route+"/requeue", `{"all":true}`)
		require.Equal(t, 200, code)
		require.JSONEq(t, `{"alerts":1}`, text)
	}
	require.Contains(t, <-dead.messages, "InternetBandwidthThresholdExceeded")
	require.Contains(t, <-gone.messages, "InternetBandwidthThresholdExceeded")
	require.Empty(t, alive.messages)
	require.Empty(t, well.messages)
	require.Equal(t, 2, strings.Count(p.printed(), "level=ERROR"))
	require.Equal(t, 0, p.stop(t))
	require.NotContains(t, p.printed(), "hush")
}

func TestDingtalkSettingsReachTheMessage(t *testing.T) {
	t.Parallel()
	signing, plain := newDingtalk(t, nil), newDingtalk(t, nil)
	p := launch(t, append(flags("dingtalk-url", signing, plain), "-dingtalk-secret", testSigning, "-dingtalk-secret", "-",
		"-dingtalk-keyword", "tocsin-keyword", "-dingtalk-at", "@13800000001", "-dingtalk-at", "ann", "-callback-secret", testSecret)...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	for _, r := range []*robot{signing, plain} {
		title, text, _ := strings.Cut(<-r.messages, "\n")
		require.Contains(t, title, "tocsin-keyword")
		for _, part := range []string{"cfw", "WARN", "+08:00", "@13800000001", "@ann"} {
			require.Contains(t, text, part)
		}
	}
	query := <-signing.queries
	mac := hmac.New(sha256.New, []byte(testSigning))
	mac.Write([]byte(query.Get("timestamp") + "\n" + testSigning))
	require.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), query.Get("sign"))
	require.NotContains(t, <-plain.queries, "sign", "the second robot does not sign")
}

// Each robot has a budget of its own, and what is beyond it waits.
func TestRateIsPerRobot(t *testing.T) {
	t.Parallel()
	first, second, free := newDingtalk(t, nil), newDingtalk(t, nil), newRobot(t, nil)
	p := launch(t, append(flags("dingtalk-url", first, second), "-dingtalk-rate", "1", "-wecom-url", free.url, "-callback-secret", testSecret,
		"-admin-listen", "127.0.0.1:0")...)
	code, _ := p.callback(t, testSecret, string(sample()))
	require.Equal(t, 200, code)
	for _, r := range []*robot{first, second, free} {
		require.NotEmpty(t, <-r.messages)
	}
	other := strings.ReplaceAll(string(sample()), "instanceName\":\"instanceName", "instanceName\":\"another")
	code, _ = p.callback(t, testSecret, other)
	require.Equal(t, 200, code)
	require.Contains(t, <-free.messages, "another", "it has its usual budget")
	require.GreaterOrEqual(t, p.waiting(t), 2, "the budgets are used up")
	require.Empty(t, first.messages)
	require.Empty(t, second.messages)
}

func TestSelfTestNamesEachRobot(t *testing.T) {
	t.Parallel()
	alive, dead := newRobot(t, nil), newRobot(t, func() string { return wecomDead })
	gone, well := newDingtalk(t, func() string { return dingtalkDead }), newDingtalk(t, nil)
	args := append(flags("wecom-url", alive, dead), flags("dingtalk-url", gone, well)...)
	code, out := selfTestRun(t, append(args, "-dingtalk-secret", "-,"+testSigning)...)
	require.Equal(t, 1, code)
	lines := strings.Split(out, "\n")
	require.Len(t, lines, 5, out)
	require.Equal(t, "ok      WeCom robot 1 at "+alive.host+": accepted", lines[0])
	require.Regexp(t, "^FAILED  WeCom robot 2 at "+dead.host+": .*93000", lines[1])
	require.Regexp(t, "^FAILED  DingTalk robot 1 at "+gone.host+": .*300005", lines[2])
	require.Equal(t, "ok      DingTalk robot 2 at "+well.host+": accepted", lines[3])
	require.Len(t, dead.messages, 1, "a dead robot is tried once")
}

// A robot that does not answer takes none of the time of the next one.
func TestSelfTestTriesAllAtOnce(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	release := sync.OnceFunc(func() { close(reached) })
	first := newRobot(t, func() string {
		<-reached
		return accepted
	})
	second := newDingtalk(t, func() string {
		release()
		return accepted
	})
	t.Cleanup(release) // before the robots end, which wait for their answers
	code, out := selfTestRun(t, append(flags("wecom-url", first), flags("dingtalk-url", second)...)...)
	require.Equal(t, 0, code, out)
	require.Len(t, first.messages, 1, "answered at the first attempt")
}

// Bare keys have no host of their own, and their robots are named all the same.
func TestRobotsByKeyAreNamedByTheVendorsHost(t *testing.T) {
	t.Parallel()
	c, err := settingsOf("-db memory -wecom-url "+testKey+" -dingtalk-url "+testToken, nil)
	require.NoError(t, err)
	r, err := newRelay(t.Context(), c, discard(), printing.NewPrinter(clitest.NewTranscript()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	require.Len(t, r.leaves, 2)
	require.Equal(t, "WeCom robot 1 at qyapi.weixin.qq.com", r.leaves[0].name)
	require.Equal(t, "DingTalk robot 1 at oapi.dingtalk.com", r.leaves[1].name)
}

// Nothing of a relay with every secret set shows one of them, whatever the
// robots answer: a refusal, a page, nothing at all, or the secret itself.
func TestFailuresDoNotShowSecrets(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1/robot/send?access_token=" + testToken
	tests := []struct{ name, wecom, dingtalk, url string }{
		{"dead", wecomDead, dingtalkDead, ""},
		{"nowhere", wecomDead, "", nowhere},
		{"signature", wecomDead, `{"errcode":310000,"errmsg":"description:sign not match"}`, ""},
		{"page", "<html>" + testKey, "<html>" + testToken + testSigning, ""},
		{"empty", "", "", ""},
		{"echo", `{"errcode":93000,"errmsg":"no ` + testKey + `"}`, `{"errcode":300005,"errmsg":"no ` + testToken + ` of ` + testSigning + `"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			group, other := newRobot(t, func() string { return tt.wecom }), newDingtalk(t, func() string { return tt.dingtalk })
			p := launch(t, append(flags("wecom-url", group), "-dingtalk-url", cmp.Or(tt.url, other.url),
				"-dingtalk-secret", testSigning, "-dingtalk-at", "13800000001", "-callback-secret", testSecret)...)
			code, body := p.callback(t, testSecret, string(sample()))
			require.Equal(t, 200, code)
			p.errout.Await(t, `DingTalk robot 1 at 127\.0\.0\.1:\d+: dingtalk: `)
			p.errout.Await(t, `WeCom robot 1 at 127\.0\.0\.1:\d+: wecom: `)
			require.Equal(t, 0, p.stop(t))
			for _, hidden := range []string{"hush", "13800000001", "access_token", "/robot/send", "timestamp="} {
				require.NotContains(t, p.printed()+body, hidden)
			}
		})
	}
}
