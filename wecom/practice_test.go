package wecom_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/wecom"
	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// The tests of this file are named after what goes wrong with other clients.

// A failure comes with HTTP 200, and is a failure.
func TestPracticeErrcodeIsNotIgnored(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	server.FailAlways(wecomtest.Answer(http.StatusOK, string(fixture(t, "resp_err_93000_invalid_webhook.json"))))
	require.ErrorIs(t, robot.Send(t.Context(), sample()), wecom.CodeInvalidWebhook)
	require.ErrorIs(t, robot.Send(t.Context(), sample(), sample()), wecom.CodeInvalidWebhook)
	require.ErrorIs(t, robot.Post(t.Context(), wecom.Text{Content: "x"}), wecom.CodeInvalidWebhook)
	require.ErrorIs(t, robot.PostFile(t.Context(), note()), wecom.CodeInvalidWebhook)
}

// "ok" with a warning is a success, and the warning is in the log.
func TestPracticeWarningIsSeen(t *testing.T) {
	t.Parallel()
	log := &journal{}
	robot, server := newRobot(t, &wecom.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	server.FailAlways(wecomtest.Answer(http.StatusOK, string(fixture(t, "resp_ok_warning_wrong_json.json"))))
	require.NoError(t, robot.Send(t.Context(), sample()))
	require.Contains(t, log.String(), "level=WARN")
	require.Contains(t, log.String(), "wrong json format")
	require.Equal(t, 1, server.Attempts())
}

// What is too long is cut and delivered, not refused and lost.
func TestPracticeLongTextArrives(t *testing.T) {
	t.Parallel()
	long := sample()
	long.Summary = strings.Repeat("内存不足，", 2000)
	for _, opts := range []*wecom.Options{nil, {PlainText: true}} {
		robot, server := newRobot(t, opts)
		require.NoError(t, robot.Send(t.Context(), long))
		require.Contains(t, server.Messages()[0].Content, "…（已截断）")
	}
}

// The rate limit loses nothing: 60 messages at once take their time.
func TestPracticeRateLimitLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		for range 60 {
			require.NoError(t, robot.Send(t.Context(), sample()))
		}
		require.Len(t, server.Messages(), 60)
		require.Equal(t, 60, server.Attempts())
	})
}

// The key is in no error, log, print or request to others, whatever happens.
func TestPracticeKeyIsNotShown(t *testing.T) {
	t.Parallel()
	var referer []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		referer = append(referer, r.Referer(), r.URL.String())
	}))
	t.Cleanup(other.Close)
	redirect := wecomtest.HTML(http.StatusFound)
	faults := map[string]func(*http.Request) wecomtest.Failure{
		"unreachable": func(*http.Request) wecomtest.Failure { return wecomtest.Unreachable() },
		"reset":       func(*http.Request) wecomtest.Failure { return wecomtest.Reset() },
		"redirect":    func(*http.Request) wecomtest.Failure { return redirect },
		"hangs":       func(*http.Request) wecomtest.Failure { return wecomtest.Hang(nil) },
		"echo": func(r *http.Request) wecomtest.Failure {
			return wecomtest.Answer(200, `{"errcode":93000,"errmsg":"no `+r.URL.String()+`"}`)
		},
		"page": func(r *http.Request) wecomtest.Failure { return wecomtest.Answer(502, r.URL.String()) },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			server := wecomtest.NewServer(t)
			request := httptest.NewRequest(http.MethodPost, server.URL(), nil)
			server.FailAlways(fault(request))
			log := &journal{}
			robot, err := wecom.New(server.URL(), &wecom.Options{
				HTTPClient: server.Client(), Timeout: 10 * time.Millisecond, MaxAttempts: -1,
				Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			require.NoError(t, err)
			_, uploadErr := robot.Upload(t.Context(), note())
			sendErr, fileErr := robot.Send(t.Context(), sample()), robot.PostFile(t.Context(), note())
			for _, err := range []error{sendErr, uploadErr, fileErr} {
				require.Error(t, err)
			}
			leaktest.Check(t, []string{server.Key}, sendErr, uploadErr, fileErr, log.String(), robot.String())
		})
	}
	robot, err := wecom.New("https://gw.example.com/cgi-bin/webhook/send?key="+testKey, &wecom.Options{
		HTTPClient: &http.Client{Transport: redirecting(other.URL + "/next")},
	})
	require.NoError(t, err)
	err = robot.Send(t.Context(), sample())
	require.ErrorContains(t, err, "redirects are not followed")
	leaktest.Check(t, []string{testKey}, robot, err, strings.Join(referer, "\n"))
	require.Empty(t, referer, "nobody else is asked")
}

// redirecting sends everybody elsewhere.
func redirecting(location string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "gw.example.com" {
			return http.DefaultTransport.RoundTrip(r)
		}
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: r}, nil
	})
}

// Whatever stands in an alert, the message is JSON, with the text intact.
func TestPracticeJSONIsNotBuiltByHand(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\nb\r\n\"c\"\\", "\x00\x1f\u2028", `","msgtype":"text`, "{{.Name}}", "\xff\xfe"} {
		robot, server := newRobot(t, nil)
		a := sample()
		a.Name, a.Summary = text, text
		require.NoError(t, robot.Send(t.Context(), a))
		require.NoError(t, robot.Post(t.Context(), wecom.Text{Content: text}))
		for _, m := range server.Messages() {
			require.True(t, json.Valid(m.Body))
		}
		require.Equal(t, strings.ToValidUTF8(text, "\uFFFD"), server.Messages()[1].Content)
	}
}

// Mentions are lists of strings, and empty ones are left out.
func TestPracticeMentionsHaveTheRightShape(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Post(t.Context(), wecom.Text{Content: "x", Mentions: []string{"a", "@all"}, Mobiles: []string{"13800000001"}}))
	require.NoError(t, robot.Post(t.Context(), wecom.Text{Content: "x"}))
	require.JSONEq(t, `{"msgtype":"text","text":{"content":"x","mentioned_list":["a","@all"],"mentioned_mobile_list":["13800000001"]}}`,
		string(server.Messages()[0].Body))
	require.JSONEq(t, `{"msgtype":"text","text":{"content":"x"}}`, string(server.Messages()[1].Body))
	err := robot.Post(t.Context(), wecom.Text{Content: "x", Mentions: []string{"a,b"}})
	require.ErrorContains(t, err, "text.mentioned_list[0]: not a userid", "two in one string would notify nobody")
}

// A far end that does not answer holds nobody for ever, without any option.
func TestPracticeRequestsTimeOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		server.FailAlways(wecomtest.Hang(nil))
		began := time.Now()
		err := robot.Send(context.WithoutCancel(t.Context()), sample())
		require.ErrorIs(t, err, alert.ErrUncertain)
		require.Less(t, time.Since(began), 33*time.Second, "three times 10 s and two waits")
	})
}

// A certificate that nobody vouches for is refused before the key is shown.
func TestPracticeTLSIsVerified(t *testing.T) {
	t.Parallel()
	var asked []string
	var log bytes.Buffer
	stranger := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
	}))
	stranger.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&log, nil), slog.LevelInfo)
	stranger.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	stranger.StartTLS()
	robot, err := wecom.New(stranger.URL+"/cgi-bin/webhook/send?key="+testKey, &wecom.Options{MaxAttempts: -1})
	require.NoError(t, err)
	err = robot.Send(t.Context(), sample())
	require.ErrorContains(t, err, "certificate")
	require.NotErrorIs(t, err, alert.ErrUncertain)
	_, err = robot.Upload(t.Context(), note())
	require.ErrorContains(t, err, "certificate")
	stranger.Close()
	require.Empty(t, asked)
}
