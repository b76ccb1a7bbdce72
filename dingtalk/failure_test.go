package dingtalk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/dingtalk"
	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
	"github.com/tocsin-go/tocsin/internal/leaktest"
)

// verdicts says what each recorded answer means.
func verdicts() map[string]struct {
	code    dingtalk.Code
	reason  dingtalk.Reason
	class   dingtalk.Class
	message string
} {
	type verdict = struct {
		code    dingtalk.Code
		reason  dingtalk.Reason
		class   dingtalk.Class
		message string
	}
	const (
		retry = dingtalk.ClassRetry
		wait  = dingtalk.ClassWait
		fix   = dingtalk.ClassFix
		dead  = dingtalk.ClassDead
		none  = dingtalk.ReasonNone
	)
	return map[string]verdict{
		"minus1_busy":                {dingtalk.Code(-1), none, retry, "系统繁忙"},
		"130101_rate":                {dingtalk.CodeRateLimited, none, wait, "send too fast, exceed 20 times per minute"},
		"130101_rate_x5":             {dingtalk.CodeRateLimited, none, wait, "send too fast, exceed 20 times per minute"},
		"410100_rate":                {dingtalk.Code(410100), none, wait, "发送速度太快而限流"},
		"90030_over_limit":           {dingtalk.Code(90030), none, dead, "webhook over limit"},
		"310000_keyword_legacy":      {dingtalk.CodeSecurity, dingtalk.ReasonKeyword, fix, "keywords not in content"},
		"310000_sign_legacy":         {dingtalk.CodeSecurity, dingtalk.ReasonSign, dead, "sign not match"},
		"310000_sign":                {dingtalk.CodeSecurity, dingtalk.ReasonSign, dead, "机器人发送签名不匹配"},
		"310000_timestamp_legacy":    {dingtalk.CodeSecurity, dingtalk.ReasonTimestamp, dead, "invalid timestamp"},
		"310000_timestamp":           {dingtalk.CodeSecurity, dingtalk.ReasonTimestamp, dead, "机器人发送签名过期"},
		"310000_ip_legacy":           {dingtalk.CodeSecurity, dingtalk.ReasonAddress, dead, "ip 192.0.2.10 not in whitelist"},
		"300001_token":               {300001, none, dead, "token is not exist"},
		"300005_token":               {dingtalk.Code(300005), none, dead, "token is not exist"},
		"40035_missing_json":         {dingtalk.Code(40035), none, fix, "缺少参数 json"},
		"40035_missing_access_token": {dingtalk.Code(40035), none, fix, "缺少参数 access_token"},
		"43002_need_post":            {43002, none, fix, "需要POST请求"},
		"43004_content_type":         {43004, none, fix, "无效的HTTP HEADER Content-Type"},
		"400013_group_disbanded":     {dingtalk.Code(400013), none, dead, "群已被解散"},
		"400101_token":               {dingtalk.Code(400101), none, dead, "access_token不存在"},
		"400102_robot_stopped":       {dingtalk.Code(400102), none, dead, "机器人已停用"},
		"400105_msgtype":             {dingtalk.Code(400105), none, fix, "不支持的消息类型"},
		"400106_robot_missing":       {dingtalk.Code(400106), none, dead, "机器人不存在"},
		"400402_missing_title":       {dingtalk.Code(400402), none, fix, "参数 markdown --》 title 缺失，或者参数格式不正确"},
		"400403_missing_text_legacy": {dingtalk.Code(400403), none, fix, "miss param : markdown->text"},
		"460101_too_long":            {dingtalk.Code(460101), none, fix, "body 大小不合法"},
		"460101_too_long_legacy":     {dingtalk.Code(460101), none, fix, "message too long, exceed 20000 bytes"},
		"101002_too_long_legacy":     {101002, none, fix, "message is too long"},
		"430101_unsafe_link":         {dingtalk.Code(430101), none, fix, "含有不安全的外链"},
		"430102_text":                {dingtalk.Code(430102), none, fix, "含有不合适的文本"},
		"430103_image":               {dingtalk.Code(430103), none, fix, "含有不合适的图片"},
		"430104_content":             {dingtalk.Code(430104), none, fix, "含有不合适的内容"},
	}
}

// TestAnswers judges every recorded answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/resp_err_*.json")
	require.NoError(t, err)
	all := verdicts()
	require.Len(t, all, len(files))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, known := all[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "resp_err_"), ".json")]
			require.True(t, known)
			robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret})
			server.FailAlways(dingtalktest.Answer(http.StatusOK, string(fixture(t, filepath.Base(file)))))
			err := robot.Send(alert.Once(t.Context()), bandwidth())
			require.ErrorIs(t, err, want.code)
			e := asError(t, err)
			require.Equal(t, want.code, e.Code)
			require.Equal(t, want.reason, e.Reason)
			require.Equal(t, want.class, e.Class())
			require.Equal(t, want.message, e.Message)
			require.Equal(t, http.StatusOK, e.HTTPStatus)
			require.Equal(t, "send", e.Op)
			require.NoError(t, e.Err)
			require.Equal(t, want.class == dingtalk.ClassRetry || want.class == dingtalk.ClassWait, alert.Retryable(err))
			require.Equal(t, want.class == dingtalk.ClassWait, alert.RetryAfter(err) == 10*time.Minute)
			require.NotErrorIs(t, err, alert.ErrUncertain)
			require.Contains(t, err.Error(), fmt.Sprintf("dingtalk: send: errcode %d (", want.code))
			require.Equal(t, want.reason == dingtalk.ReasonAddress, strings.Contains(err.Error(), "192.0.2.10"), "the caller's address")
			require.NotContains(t, err.Error(), "http", "links say no more than the code")
			for _, r := range []dingtalk.Reason{dingtalk.ReasonKeyword, dingtalk.ReasonTimestamp, dingtalk.ReasonSign, dingtalk.ReasonAddress} {
				require.Equal(t, r == want.reason, errors.Is(err, r))
				require.Equal(t, r == want.reason, strings.Contains(err.Error(), r.Error()))
			}
			require.NotErrorIs(t, err, dingtalk.ReasonNone)
		})
	}
}

// TestHint keeps what the vendor proposes, in each of its styles.
func TestHint(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, message, hint string }{
		{"2020", "sign not match, more: [https://ding-doc.dingtalk.com/x]", "sign not match", ""},
		{"2022", "description:签名不匹配;solution:请检查 secret;link:https://x;", "签名不匹配", "请检查 secret"},
		{"2022, spaced", "description: body 大小不合法; solution: split; link: https://x", "body 大小不合法", "split"},
		{"2025", "错误描述:参数缺失; 解决方案:请补充;参考链接:https://x;", "参数缺失", "请补充"},
		{"without link", "description:a;solution:b;", "a", "b"},
		{"plain", "token is not exist", "token is not exist", ""},
		{"empty", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			message, hint := dingtalk.SplitVendorText(tt.text)
			require.Equal(t, tt.message, message)
			require.Equal(t, tt.hint, hint)
		})
	}
	robot, server := newRobot(t, nil)
	server.Fail(dingtalktest.Errmsg(310000, "description:见说明;solution:检查关键词;link:https://x;"))
	err := robot.Send(t.Context(), bandwidth())
	require.ErrorIs(t, err, dingtalk.ReasonKeyword, "the reason may stand in the hint")
	require.ErrorContains(t, err, `the vendor says "见说明", hint "检查关键词"`)
}

// TestCodes covers the codes for which there is no recorded answer.
func TestCodes(t *testing.T) {
	t.Parallel()
	classes := map[dingtalk.Class][]dingtalk.Code{
		dingtalk.ClassRetry: {-1},
		dingtalk.ClassWait:  {130101, 410100},
		dingtalk.ClassDead:  {88, 90020, 90030, 300001, 300005, 310000, 400013, 400101, 400102, 400106},
		dingtalk.ClassFix: {
			40035, 43002, 43004, 101002, 400105, 400200, 400402, 400403, 400503, 400602, 400699, 430101, 430102, 430103, 430104, 460101,
		},
		dingtalk.ClassUnknown: {0, 1, 400103, 400700, 430105, 999999},
	}
	for class, codes := range classes {
		for _, code := range codes {
			require.Equal(t, class, code.Class(), "%d", code)
			require.Equal(t, class != dingtalk.ClassUnknown, strings.Contains(code.Error(), "("), "a meaning for %d", code)
			if code != dingtalk.CodeOK {
				err := &dingtalk.Error{Op: "send", Code: code, HTTPStatus: 200}
				require.Equal(t, class, err.Class())
				require.Equal(t, class == dingtalk.ClassRetry || class == dingtalk.ClassWait, err.Retryable())
			}
		}
	}
	for class, word := range []string{"unknown", "retry", "wait", "fix", "dead", "uncertain", "Class(6)"} {
		require.Equal(t, word, dingtalk.Class(class).String())
	}
	require.Equal(t, "no reason known", dingtalk.ReasonNone.Error())
	require.Equal(t, "Reason(9)", dingtalk.Reason(9).Error())
}

// TestTexts is about codes whose meaning depends on the words beside them.
func TestTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		code  dingtalk.Code
		text  string
		class dingtalk.Class
	}{
		{"unknown", 999999, "user invalid", dingtalk.ClassUnknown},
		{"unknown without a text", 999999, "", dingtalk.ClassUnknown},
		{"unknown, too fast", 999999, "You are sending TOO FAST", dingtalk.ClassWait},
		{"unknown, exceeded", 999999, "qps exceeded", dingtalk.ClassUnknown},
		{"old, of a message", 300001, "msgtype is null", dingtalk.ClassFix},
		{"unknown, a length exceeded", 999999, "title exceed max length 64", dingtalk.ClassUnknown},
		{"unknown, limited", 999999, "触发限流", dingtalk.ClassWait},
		{"old, of a token", 300001, "token is not exist", dingtalk.ClassDead},
		{"old, of a rate", 300001, "send too fast", dingtalk.ClassWait},
		{"known, of a size", 460101, "exceed 20 times", dingtalk.ClassFix},
		{"stopped, whatever it says", 400102, "too fast", dingtalk.ClassDead},
		{"security, unknown words", 310000, "denied", dingtalk.ClassDead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			server.FailAlways(dingtalktest.Errmsg(int(tt.code), tt.text))
			err := robot.Send(t.Context(), bandwidth())
			require.ErrorIs(t, err, tt.code)
			require.Equal(t, tt.class, asError(t, err).Class())
			require.Equal(t, tt.class == dingtalk.ClassWait, alert.Retryable(err))
			require.Equal(t, 1, server.Attempts())
		})
	}
}

// TestSettings breaks each security setting of a stand-in that has all three.
func TestSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		opts   dingtalk.Options
		change func(*dingtalktest.Server)
		reason dingtalk.Reason
		class  dingtalk.Class
	}{
		{"all well", dingtalk.Options{Secret: testSecret, Keyword: "告警"}, func(*dingtalktest.Server) {}, dingtalk.ReasonNone, 0},
		{"keyword", dingtalk.Options{Secret: testSecret}, func(s *dingtalktest.Server) { s.Keywords = []string{"值班"} }, dingtalk.ReasonKeyword, dingtalk.ClassFix},
		{"secret", dingtalk.Options{Secret: testSecret + "x", Keyword: "告警"}, func(*dingtalktest.Server) {}, dingtalk.ReasonSign, dingtalk.ClassDead},
		{"clock", dingtalk.Options{Secret: testSecret, Keyword: "告警"}, func(s *dingtalktest.Server) { s.Skew = 61 * time.Minute }, dingtalk.ReasonTimestamp, dingtalk.ClassDead},
		{"no signature", dingtalk.Options{Keyword: "告警"}, func(*dingtalktest.Server) {}, dingtalk.ReasonSign, dingtalk.ClassDead},
		{"address", dingtalk.Options{Secret: testSecret, Keyword: "告警"}, func(s *dingtalktest.Server) {
			s.Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		}, dingtalk.ReasonAddress, dingtalk.ClassDead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, &tt.opts)
			server.Secret, server.Keywords = testSecret, []string{"告警"}
			tt.change(server)
			err := robot.Post(alert.Once(t.Context()), dingtalk.Text{Content: "x"})
			if tt.reason == dingtalk.ReasonNone {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.reason)
			require.Equal(t, tt.class, asError(t, err).Class())
			require.Empty(t, server.Messages())
			require.Equal(t, tt.reason == dingtalk.ReasonAddress, strings.Contains(err.Error(), "192.0.2.10"), "the address to enter")
		})
	}
}

// TestGatewayCode is about code 88, which its sub_code decides.
func TestGatewayCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sub   string
		class dingtalk.Class
		want  string
	}{
		{`"40014"`, dingtalk.ClassDead, "sub_code 40014 (no such token)"},
		{`-1`, dingtalk.ClassRetry, "sub_code -1 (the vendor's system is busy)"},
		{`"90018"`, dingtalk.ClassWait, "in 10m0s"},
		{`"400402"`, dingtalk.ClassFix, "(no title)"},
		{`"isp.unknown"`, dingtalk.ClassDead, "not authorised"},
		{`12345`, dingtalk.ClassDead, "sub_code 12345"},
	} {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
			robot, server := newRobot(t, nil)
			server.FailAlways(dingtalktest.Answer(status, `{"errcode":88,"errmsg":"ding talk error","sub_code":`+tt.sub+`}`))
			err := robot.Send(alert.Once(t.Context()), bandwidth())
			require.ErrorIs(t, err, dingtalk.Code(88))
			require.Equal(t, tt.class, asError(t, err).Class(), tt.sub)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, status, asError(t, err).HTTPStatus)
		}
	}
}

// TestStrangeAnswers is about answers with HTTP 200 that are no verdict, or
// one in an unexpected form.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		code       dingtalk.Code // OK: uncertain, unless accepted
		accepted   bool
		want       string
	}{
		{name: "fixture", body: string(fixture(t, "resp_ok.json")), accepted: true},
		{name: "spaced", body: "{ \"errcode\" : 0, \"errmsg\" : \"OK\" }\n", accepted: true},
		{name: "no errmsg", body: `{"errcode":0}`, accepted: true},
		{name: "more members", body: `{"errcode":0,"errmsg":"ok","request_id":"x","status":200,"punish":null}`, accepted: true},
		{name: "errmsg of another type", body: `{"errcode":400102,"errmsg":{"a":1}}`, code: dingtalk.Code(400102), want: "the robot is stopped"},
		{name: "unknown code", body: `{"errcode":81013,"errmsg":"user invalid"}`, code: 81013, want: "errcode 81013; not known to be worth sending again; the vendor says \"user invalid\""},
		{name: "forged lines and endless", body: `{"errcode":-2,"errmsg":"a\nb\u202e` + strings.Repeat("告", 400) + `"}`, code: -2, want: `says "a b告`},
		{name: "abuse layer", body: `{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"x"}`, code: 130101, want: "blocked for ten"},
		{name: "abuse layer that says ok", body: `{"status":"1111","errcode":0,"errmsg":"ok"}`, code: 130101, want: "blocked for ten"},
		{name: "abuse layer about a token", body: `{"status":1111,"punish":"deny","errcode":300005,"errmsg":"x"}`, code: 300005, want: "no such token"},
		{name: "empty", body: "", want: "an empty answer"},
		{name: "no errcode", body: "{}", want: "without errcode"},
		{name: "null errcode", body: `{"errcode":null,"errmsg":"ok"}`, want: "without errcode"},
		{name: "code as text", body: `{"errcode":"0","errmsg":"请求成功"}`, accepted: true},
		{name: "word as errcode", body: `{"errcode":"ok","errmsg":"ok"}`, want: "without errcode"},
		{name: "list", body: `[{"errcode":0}]`, want: "without errcode"},
		{name: "page", body: "<html>welcome</html>", want: "20 bytes that are not the vendor's answer"},
		{name: "cut", body: `{"errcode":0,"errm`, want: "18 bytes"},
		{name: "two answers", body: `{"errcode":0,"errmsg":"ok"}{"errcode":0}`, want: "40 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			server.Fail(dingtalktest.Answer(http.StatusOK, tt.body))
			err := robot.Send(alert.Once(t.Context()), bandwidth())
			if tt.accepted {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			e := asError(t, err)
			require.Equal(t, tt.code, e.Code)
			require.LessOrEqual(t, len(e.Message), 512)
			if tt.code == dingtalk.CodeOK {
				require.ErrorIs(t, err, alert.ErrUncertain)
				require.Equal(t, dingtalk.ClassUncertain, e.Class())
				require.True(t, alert.Retryable(err))
			} else {
				require.NotErrorIs(t, err, alert.ErrUncertain)
			}
		})
	}
}

// TestFaults shows each way in which a robot fails, what the caller gets to
// know, how often the robot was asked, and that nothing shows twice.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     dingtalktest.Failure
		code      dingtalk.Code
		class     dingtalk.Class
		status    int
		attempts  int // with three allowed
		delivered int // messages that arrived in three attempts
	}{
		{"rate limited", dingtalktest.Errcode(130101), 130101, dingtalk.ClassWait, 200, 1, 0},
		{"busy", dingtalktest.Errcode(-1), -1, dingtalk.ClassRetry, 200, 3, 0},
		{"no such token", dingtalktest.Errcode(300005), 300005, dingtalk.ClassDead, 200, 1, 0},
		{"too long", dingtalktest.Errcode(460101), 460101, dingtalk.ClassFix, 200, 1, 0},
		{"sign", dingtalktest.Errcode(310000), 310000, dingtalk.ClassDead, 200, 1, 0},
		{"gateway page", dingtalktest.HTML(502), 0, dingtalk.ClassRetry, 502, 3, 0},
		{"server error", dingtalktest.HTML(500), 0, dingtalk.ClassRetry, 500, 3, 0},
		{"gateway says when", dingtalktest.RetryAfter(503, "2"), 0, dingtalk.ClassWait, 503, 3, 0},
		{"gateway is full", dingtalktest.RetryAfter(429, "7"), 0, dingtalk.ClassWait, 429, 3, 0},
		{"gateway is full, not until when", dingtalktest.HTML(429), 0, dingtalk.ClassRetry, 429, 3, 0},
		{"not found", dingtalktest.HTML(404), 0, dingtalk.ClassDead, 404, 1, 0},
		{"redirect", dingtalktest.HTML(302), 0, dingtalk.ClassDead, 302, 1, 0},
		{"page with 200", dingtalktest.HTML(200), 0, dingtalk.ClassUncertain, 200, 3, 0},
		{"unreachable", dingtalktest.Unreachable(), 0, dingtalk.ClassRetry, 0, 3, 0},
		{"reset before the body was read", dingtalktest.Reset(), 0, dingtalk.ClassUncertain, 0, 3, 0},
		{"reset after the body was read", dingtalktest.ResetAfter(), 0, dingtalk.ClassUncertain, 0, 3, 1},
		{"answer cut", dingtalktest.Cut(), 0, dingtalk.ClassUncertain, 200, 3, 1},
		{"hangs", dingtalktest.Hang(nil), 0, dingtalk.ClassUncertain, 0, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := &journal{}
				robot, server := newRobot(t, &dingtalk.Options{
					Secret: testSecret, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				server.FailAlways(tt.fault)
				err := robot.Send(t.Context(), bandwidth())
				e := asError(t, err)
				require.Equal(t, tt.class, e.Class())
				require.Equal(t, tt.code, e.Code)
				require.Equal(t, tt.status, e.HTTPStatus)
				require.Equal(t, tt.class == dingtalk.ClassUncertain, errors.Is(err, alert.ErrUncertain))
				require.Equal(t, tt.class == dingtalk.ClassWait, alert.RetryAfter(err) > 0)
				require.Equal(t, tt.class != dingtalk.ClassDead && tt.class != dingtalk.ClassFix, alert.Retryable(err))
				require.Equal(t, tt.attempts, server.Attempts())
				require.Len(t, server.Messages(), tt.delivered)
				require.True(t, strings.HasPrefix(err.Error(), "dingtalk: send: "), err.Error())
				require.Equal(t, 1, strings.Count(err.Error(), "dingtalk: send: "), err.Error())
				leaktest.Check(t, []string{server.Token, testSecret}, err, log.String())
				require.NotEmpty(t, log.String())

				before := server.Attempts()
				require.Error(t, robot.Send(alert.Once(t.Context()), bandwidth()))
				if tt.code == dingtalk.CodeRateLimited { // the circuit is open
					require.Equal(t, before, server.Attempts())
				} else {
					require.Equal(t, before+1, server.Attempts(), "one attempt under Once")
				}
			})
		})
	}
}

// TestRecovers shows that a passing fault costs nothing but time.
func TestRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret})
		server.Fail(dingtalktest.Unreachable(), dingtalktest.HTML(502))
		require.NoError(t, robot.Send(t.Context(), bandwidth()))
		require.Len(t, server.Messages(), 1)
	})
}

// TestInterruptedRetry has both a verdict and the reason why there was no
// further attempt.
func TestInterruptedRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.FailAlways(dingtalktest.Errcode(-1))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := robot.Send(ctx, bandwidth())
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, dingtalk.Code(-1))
		e := asError(t, err)
		require.Equal(t, dingtalk.Code(-1), e.Code)
		require.Equal(t, "系统繁忙", e.Message)
		require.True(t, e.Retryable())
		require.Equal(t, 1, server.Attempts())
	})
}

// TestEcho is about a vendor, or something in between, that repeats what it
// was sent.
func TestEcho(t *testing.T) {
	t.Parallel()
	const number = "13800000001"
	echo := &spy{answer: func(_ int, r *http.Request) (*http.Response, error) {
		query := r.URL.Query()
		text := fmt.Sprintf(`no robot %s signed %s or %s by %s from 192.0.2.10:443, 2001:db8::1 and @%s`,
			testToken[:32]+`\u200b`+testToken[32:], query.Get("sign"), r.URL.RawQuery, testSecret, number)
		return reply(`{"errcode":300005,"errmsg":"` + text + strings.Repeat(" "+testToken, 20) + `"}`), nil
	}}
	robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: testSecret, HTTPClient: echo.client()})
	require.NoError(t, err)
	err = robot.Post(t.Context(), dingtalk.Text{Content: "x", At: dingtalk.At{Mobiles: []string{number}}})
	require.ErrorContains(t, err, "no robot [redacted] signed [redacted] or access_token=[redacted]&sign=[redacted]&timestamp=[redacted] by [redacted] from [redacted], [redacted] and @[redacted]")
	sign := echo.requests[0].URL.Query().Get("sign")
	leaktest.Check(t, []string{testToken, testSecret, number, sign, "192.0.2.10", "2001:db8::1", testToken[:20]}, err)
}

func TestHideNumbers(t *testing.T) {
	t.Parallel()
	const gone = "[redacted]"
	for text, want := range map[string]string{
		"ip 192.0.2.10 not in whitelist":            "ip " + gone + " not in whitelist",
		"ip:192.0.2.10,":                            "ip" + gone + ",",
		"from ::ffff:192.0.2.10":                    "from " + gone,
		"fe80::1%eth0":                              gone + "%eth0",
		"+852-12345678":                             gone,
		"send too fast, exceed 20 times per minute": "send too fast, exceed 20 times per minute",
		"message too long, exceed 20000 bytes":      "message too long, exceed 20000 bytes",
		"miss param : markdown->text":               "miss param : markdown->text",
		"std::string, v1.2.3":                       "std::string, v1.2.3",
		"":                                          "",
		"错误码400402":                                 "错误码400402",
	} {
		require.Equal(t, want, dingtalk.HideNumbers(text))
	}
}
