package wecom_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// TestAnswers judges every documented answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const hint = "1767225600000000000000001"
	tests := []struct {
		fixture string
		code    wecom.Code
		class   wecom.Class
		message string
		after   time.Duration
	}{
		{"resp_err_minus1_busy.json", wecom.Code(-1), wecom.ClassRetry, "system busy", 0},
		{"resp_err_45009_freq.json", wecom.CodeRateLimited, wecom.ClassWait, "api freq out of limit", time.Minute},
		{"resp_err_45033_concurrency.json", wecom.Code(45033), wecom.ClassWait, "api concurrent out of limit", 3 * time.Second},
		{"resp_err_93000_invalid_webhook.json", wecom.CodeInvalidWebhook, wecom.ClassDead, "invalid webhook url", 0},
		{"resp_err_93004_robot_disabled.json", wecom.Code(93004), wecom.ClassDead, "robot disabled", 0},
		{"resp_err_93008_not_in_group.json", wecom.Code(93008), wecom.ClassDead, "not in group", 0},
		{"resp_err_40007_invalid_media_id.json", wecom.Code(40007), wecom.ClassFix, "invalid media_id", 0},
		{"resp_err_40008_invalid_msgtype.json", wecom.Code(40008), wecom.ClassFix, "invalid message type", 0},
		{"resp_err_40039_url_too_long.json", wecom.Code(40039), wecom.ClassFix, "invalid url size", 0},
		{"resp_err_40058_text_too_long.json", wecom.Code(40058), wecom.ClassFix, "text.content exceed max length 5120. Invalid input invalid Request Parameter", 0},
		{"resp_err_40058_markdown_too_long.json", wecom.Code(40058), wecom.ClassFix, "markdown.content exceed max length 4096. invalid Request Parameter", 0},
		{"resp_err_40058_markdown_v2_too_long.json", wecom.Code(40058), wecom.ClassFix, "markdown_v2.content exceed max length 4096. invalid Request Parameter", 0},
		{"resp_err_42045_card_action.json", 42045, wecom.ClassFix, "Template_Card.card_action missing or invalid", 0},
		{"resp_err_44004_empty_content.json", wecom.Code(44004), wecom.ClassFix, "empty content", 0},
		{"resp_err_45008_too_many_articles.json", wecom.Code(45008), wecom.ClassFix, "article size out of limit", 0},
	}
	for _, tt := range tests {
		t.Run(tt.fixture, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			server.FailAlways(wecomtest.Answer(http.StatusOK, string(fixture(t, tt.fixture))))
			err := robot.Send(alert.Once(t.Context()), sample())
			require.ErrorIs(t, err, tt.code)
			e, ok := errors.AsType[*wecom.Error](err)
			require.True(t, ok)
			want := &wecom.Error{Op: "send", Code: tt.code, Message: tt.message, HTTPStatus: 200, Hint: hint}
			if tt.code == wecom.Code(-1) {
				want.Hint = ""
			}
			require.Equal(t, want, e)
			require.Equal(t, tt.class, e.Class())
			require.Equal(t, tt.after, alert.RetryAfter(err))
			require.Equal(t, tt.class == wecom.ClassRetry || tt.class == wecom.ClassWait, alert.Retryable(err))
			require.NotErrorIs(t, err, alert.ErrUncertain)
			require.Contains(t, err.Error(), fmt.Sprintf("wecom: send: errcode %d (", tt.code))
			require.NotContains(t, err.Error(), "192.0.2.10", "the caller's address")
		})
	}
}

// TestCodes covers the codes for which there is no recorded answer.
func TestCodes(t *testing.T) {
	t.Parallel()
	classes := map[wecom.Class][]wecom.Code{
		wecom.ClassRetry: {-1, 6000},
		wecom.ClassWait:  {45009, 45033},
		wecom.ClassDead:  {93000, 93004, 93006, 93008},
		wecom.ClassFix: {
			40001, 40004, 40005, 40006, 40007, 40008, 40009, 40014, 40033, 40035, 40039, 40058, 40063,
			41001, 41006, 41010, 41016, 41033, 42001, 42027, 42028, 42029, 42030, 42031, 42033, 42035,
			42036, 42042, 42044, 42045, 42050, 44001, 44004, 45001, 45002, 45007, 45008, 60020,
			40123, 40201, 45034, 301019,
		},
		wecom.ClassUnknown: {0, 1, 40000, 99999},
	}
	for class, codes := range classes {
		for _, code := range codes {
			require.Equal(t, class, code.Class(), "%d", code)
			require.Equal(t, class != wecom.ClassUnknown, strings.Contains(code.Error(), "("), "a meaning for %d", code)
			err := &wecom.Error{Op: "send", Code: code, HTTPStatus: 200}
			if code != wecom.CodeOK {
				require.Equal(t, class, err.Class())
				require.Equal(t, class == wecom.ClassRetry || class == wecom.ClassWait, err.Retryable())
			}
		}
	}
	for class, word := range []string{"unknown", "retry", "wait", "fix", "dead", "uncertain", "Class(6)"} {
		require.Equal(t, word, wecom.Class(class).String())
	}
}

// TestStrangeAnswers is about answers with HTTP 200 that are no verdict, or
// one in an unexpected form.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		code       wecom.Code // OK: uncertain, unless accepted
		accepted   bool
		want       string
	}{
		{name: "fixture", body: string(fixture(t, "resp_ok.json")), accepted: true},
		{name: "spaced", body: "{ \"errcode\" : 0, \"errmsg\" : \"OK\" }\n", accepted: true},
		{name: "no errmsg", body: `{"errcode":0}`, accepted: true},
		{name: "success", body: `{"errcode":0,"errmsg":"success","extra":[]}`, accepted: true},
		{name: "warning", body: string(fixture(t, "resp_ok_warning_wrong_json.json")), accepted: true},
		{name: "of a private deployment", body: `{"errcode":0,"errmsg":"请求成功"}`, accepted: true},
		{name: "code as text", body: `{"errcode":"0","errmsg":"ok"}`, accepted: true},
		{name: "refusal as text", body: `{"errcode":"93004","errmsg":"no"}`, code: 93004, want: "robot is disabled"},
		{name: "errmsg of another type", body: `{"errcode":93004,"errmsg":{"a":1}}`, code: wecom.Code(93004), want: "robot is disabled"},
		{name: "unknown code", body: `{"errcode":81013,"errmsg":"user invalid"}`, code: 81013, want: "errcode 81013; not known to be worth sending again; the vendor says \"user invalid\""},
		{name: "forged lines and endless", body: `{"errcode":-2,"errmsg":"a\nb\u202e` + strings.Repeat("告", 400) + `"}`, code: -2, want: `says "a b告`},
		{name: "empty", body: "", want: "an empty answer"},
		{name: "no errcode", body: "{}", want: "without errcode"},
		{name: "null errcode", body: `{"errcode":null,"errmsg":"ok"}`, want: "without errcode"},
		{name: "word as errcode", body: `{"errcode":"ok","errmsg":"ok"}`, want: "without errcode"},
		{name: "fraction as errcode", body: `{"errcode":0.5,"errmsg":"ok"}`, want: "without errcode"},
		{name: "list", body: `[{"errcode":0}]`, want: "without errcode"},
		{name: "page", body: "<html>welcome</html>", want: "20 bytes that are not the vendor's answer"},
		{name: "cut", body: `{"errcode":0,"errm`, want: "18 bytes"},
		{name: "two answers", body: `{"errcode":0,"errmsg":"ok"}{"errcode":0}`, want: "40 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			server.Fail(wecomtest.Answer(http.StatusOK, tt.body))
			err := robot.Send(alert.Once(t.Context()), sample())
			if tt.accepted {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			e, ok := errors.AsType[*wecom.Error](err)
			require.True(t, ok)
			require.Equal(t, tt.code, e.Code)
			require.LessOrEqual(t, len(e.Message), 512)
			uncertain := tt.code == wecom.CodeOK
			require.Equal(t, uncertain, errors.Is(err, alert.ErrUncertain))
			require.Equal(t, uncertain, alert.Retryable(err))
			if uncertain {
				require.Equal(t, wecom.ClassUncertain, e.Class())
			}
		})
	}
}

// TestFaults shows each way in which a robot fails, what the caller gets to
// know, and how often the robot was asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     wecomtest.Failure
		code      wecom.Code
		class     wecom.Class
		status    int
		attempts  int // with three allowed
		delivered int // messages that arrived after three attempts
	}{
		{"rate limited", wecomtest.Errcode(45009), 45009, wecom.ClassWait, 200, 3, 0},
		{"too many calls", wecomtest.Errcode(45033), 45033, wecom.ClassWait, 200, 3, 0},
		{"busy", wecomtest.Errcode(-1), -1, wecom.ClassRetry, 200, 3, 0},
		{"no such robot", wecomtest.Errcode(93000), 93000, wecom.ClassDead, 200, 1, 0},
		{"too long", wecomtest.Errcode(40058), 40058, wecom.ClassFix, 200, 1, 0},
		{"gateway page", wecomtest.HTML(502), 0, wecom.ClassRetry, 502, 3, 0},
		{"server error", wecomtest.HTML(500), 0, wecom.ClassRetry, 500, 3, 0},
		{"gateway says when", wecomtest.RetryAfter(503, "2"), 0, wecom.ClassWait, 503, 3, 0},
		{"gateway is full", wecomtest.RetryAfter(429, "7"), 0, wecom.ClassWait, 429, 3, 0},
		{"not found", wecomtest.HTML(404), 0, wecom.ClassDead, 404, 1, 0},
		{"redirect", wecomtest.HTML(302), 0, wecom.ClassDead, 302, 1, 0},
		{"page with 200", wecomtest.HTML(200), 0, wecom.ClassUncertain, 200, 3, 0},
		{"unreachable", wecomtest.Unreachable(), 0, wecom.ClassRetry, 0, 3, 0},
		{"reset before the body was read", wecomtest.Reset(), 0, wecom.ClassUncertain, 0, 3, 0},
		{"reset after the body was read", wecomtest.ResetAfter(), 0, wecom.ClassUncertain, 0, 3, 3},
		{"answer cut", wecomtest.Cut(), 0, wecom.ClassUncertain, 200, 3, 3},
		{"hangs", wecomtest.Hang(nil), 0, wecom.ClassUncertain, 0, 3, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				robot, server := newRobot(t, &wecom.Options{
					Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				server.FailAlways(tt.fault)
				err := robot.Send(t.Context(), sample())
				e, ok := err.(*wecom.Error)
				require.True(t, ok)
				require.Equal(t, tt.class, e.Class())
				require.Equal(t, tt.code, e.Code)
				require.Equal(t, tt.status, e.HTTPStatus)
				require.Equal(t, tt.class == wecom.ClassUncertain, errors.Is(err, alert.ErrUncertain))
				require.Equal(t, tt.class == wecom.ClassWait, alert.RetryAfter(err) > 0)
				require.Equal(t, tt.class != wecom.ClassDead && tt.class != wecom.ClassFix, alert.Retryable(err))
				require.Equal(t, tt.attempts, server.Attempts())
				require.Len(t, server.Messages(), tt.delivered)
				require.True(t, strings.HasPrefix(err.Error(), "wecom: send: "), err.Error())
				require.Equal(t, 1, strings.Count(err.Error(), "wecom: send: "), err.Error())
				require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", err, err, err, log.String()), server.Key)

				before := server.Attempts()
				err = robot.Send(alert.Once(t.Context()), sample())
				require.Error(t, err)
				if tt.code == wecom.CodeRateLimited { // the budget is shut
					require.Equal(t, before, server.Attempts())
					require.InDelta(t, 60, alert.RetryAfter(err).Seconds(), 1)
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
		robot, server := newRobot(t, nil)
		server.Fail(wecomtest.Unreachable(), wecomtest.HTML(502))
		require.NoError(t, robot.Send(t.Context(), sample()))
		require.Len(t, server.Messages(), 1)
	})
}

// TestInterruptedRetry has both a verdict and the reason why there was no
// further attempt.
func TestInterruptedRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.FailAlways(wecomtest.Errcode(-1))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := robot.Send(ctx, sample())
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, wecom.Code(-1))
		e, ok := err.(*wecom.Error)
		require.True(t, ok)
		require.Equal(t, wecom.Code(-1), e.Code)
		require.Equal(t, "system busy", e.Message)
		require.True(t, e.Retryable())
		require.Equal(t, 1, server.Attempts())
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &wecom.Options{Timeout: 2 * time.Second, MaxAttempts: -1})
		server.FailAlways(wecomtest.Hang(nil))
		began := time.Now()
		err := robot.Send(t.Context(), sample())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.Equal(t, 2*time.Second, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, robot.Send(ctx, sample()), context.DeadlineExceeded)
	})
}

// TestKeyInAnswer is about a vendor, or something in between, that repeats
// the address.
func TestKeyInAnswer(t *testing.T) {
	t.Parallel()
	transport := &spy{body: `{"errcode":93000,"errmsg":"no robot ` + testKey + ` here"}`}
	robot, err := wecom.New(testKey, &wecom.Options{HTTPClient: transport.client()})
	require.NoError(t, err)
	err = robot.Send(t.Context(), sample())
	require.ErrorContains(t, err, "no robot [redacted] here")
	require.NotContains(t, err.Error(), testKey)

	// Where the text is cut, no part of the key may remain either.
	transport.body = `{"errcode":93000,"errmsg":"` + strings.Repeat("x", 490) + testKey + `"}`
	err = robot.Send(t.Context(), sample())
	require.ErrorContains(t, err, "xxx")
	require.NotContains(t, err.Error(), testKey[:8])
}
