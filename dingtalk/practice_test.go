package dingtalk_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// What follows is a list of faults that users of public clients met. Each has
// a test here that names it; most have further tests elsewhere.

func TestPracticeErrcodeIgnored(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	server.FailAlways(dingtalktest.Errcode(400102))
	require.ErrorIs(t, robot.Send(t.Context(), bandwidth()), dingtalk.Code(400102), "HTTP 200 proves nothing")
	server.FailAlways(dingtalktest.Answer(http.StatusOK, "{}"))
	require.ErrorIs(t, robot.Send(alert.Once(t.Context()), bandwidth()), alert.ErrUncertain)
}

func TestPracticeWrongMessageType(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	want := []string{"text", "markdown", "actionCard", "link", "feedCard", "markdown"}
	for _, m := range []dingtalk.Message{dingtalk.Text{Content: "x"}, dingtalk.Markdown{Title: "t", Text: "x"}, card(), link()} {
		require.NoError(t, robot.Post(t.Context(), m))
	}
	fresh, freshServer := newRobot(t, nil)
	require.NoError(t, fresh.Post(t.Context(), feed()))
	require.NoError(t, fresh.Send(t.Context(), bandwidth()))
	for i, m := range append(server.Messages(), freshServer.Messages()...) {
		require.Equal(t, want[i], m.Type)
	}
}

func TestPracticeLostToTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, nil)
		for range 60 {
			require.NoError(t, robot.Send(t.Context(), bandwidth()))
		}
		require.Len(t, server.Messages(), 60)
		require.Equal(t, 60, server.Attempts(), "not one was refused")
	})
}

func TestPracticeTooLong(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, &dingtalk.Options{At: dingtalk.At{Mobiles: []string{"13800000001"}}})
	long := bandwidth()
	long.Summary = strings.Repeat("<font color=\"x\">告警\n", 20000)
	require.NoError(t, robot.Send(t.Context(), long))
	require.NoError(t, robot.Send(t.Context(), bandwidths(10_000, 5000)...))
	for _, m := range server.Messages() {
		require.LessOrEqual(t, len(m.Body), 20000)
		require.Equal(t, []string{"13800000001"}, m.Mentioned, "not cut off")
	}
	require.Equal(t, 10_000, newCounter().count(t, mentionsOff(server.Messages()[1].Text)), "one message, whose counts add up")
}

func TestPracticeMentionDoesNotFire(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	at := dingtalk.At{Mobiles: []string{"@13800000001"}}
	require.NoError(t, robot.Post(t.Context(), dingtalk.Markdown{Title: "t", Text: "x", At: at}))
	require.Equal(t, []string{"13800000001"}, server.Messages()[0].AtMobiles, "bare in the list")
	require.Contains(t, server.Messages()[0].Text, "@13800000001", "and in the text")
	require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "x"}))
	require.NotContains(t, string(server.Messages()[1].Body), `"at"`, "no number of our own")
}

// TestPracticeDuplicateAfterTimeout lets the far end take the message and
// lose the answer.
func TestPracticeDuplicateAfterTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &dingtalk.Options{Secret: testSecret})
		server.Fail(dingtalktest.ResetAfter(), dingtalktest.Cut())
		require.NoError(t, robot.Send(t.Context(), bandwidth()))
		require.Equal(t, 3, server.Attempts())
		require.Len(t, server.Messages(), 1, "shown once")
	})
}

// TestPracticeTimeoutAfterRead lets the far end read the message and stay
// silent: the second attempt has the same identity and a new timestamp.
func TestPracticeTimeoutAfterRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		far := &spy{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(`{"errcode":0,"errmsg":"ok"}`), nil
		}}
		robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: testSecret, HTTPClient: far.client()})
		require.NoError(t, err)
		require.NoError(t, robot.Send(t.Context(), bandwidth()))
		require.Equal(t, far.bodies[0], far.bodies[1])
		require.Contains(t, far.bodies[0], `"msgUuid":"`)
		require.GreaterOrEqual(t, signedAt(t, far.requests[1]).Sub(signedAt(t, far.requests[0])), 10*time.Second)
	})
}

func TestPracticeTokenInErrorsAndLogs(t *testing.T) {
	t.Parallel()
	for _, failure := range []dingtalktest.Failure{
		dingtalktest.Unreachable(), dingtalktest.HTML(500), dingtalktest.HTML(302), dingtalktest.Errcode(300005), dingtalktest.Reset(),
	} {
		log := &journal{}
		robot, server := newRobot(t, &dingtalk.Options{
			Secret: testSecret, MaxAttempts: -1,
			Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		server.FailAlways(failure)
		err := robot.Send(t.Context(), bandwidth())
		require.Error(t, err)
		leaktest.Check(t, []string{server.Token, testSecret}, err, log.String(), robot)
	}
}

func TestPracticeNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		robot, server := newRobot(t, &dingtalk.Options{MaxAttempts: -1})
		server.FailAlways(dingtalktest.Hang(nil))
		began := time.Now()
		require.ErrorIs(t, robot.Send(t.Context(), bandwidth()), alert.ErrUncertain)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

// TestPracticeTLSOff meets a server whose certificate nobody vouches for.
func TestPracticeTLSOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request, and with it the token, got through")
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	defer server.Close()
	robot, err := dingtalk.New(testToken, &dingtalk.Options{BaseURL: server.URL, MaxAttempts: -1})
	require.NoError(t, err)
	err = robot.Send(t.Context(), bandwidth())
	require.ErrorContains(t, err, "certificate")
	require.NotErrorIs(t, err, alert.ErrUncertain, "nothing was sent")
}

// TestPracticeUpstreamNeverRetries shows that whoever calls a robot learns
// what is worth another try.
func TestPracticeUpstreamNeverRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		failure   dingtalktest.Failure
		retryable bool
	}{
		{"gateway", dingtalktest.HTML(502), true},
		{"busy", dingtalktest.Errcode(-1), true},
		{"rate", dingtalktest.Errcode(130101), true},
		{"unreachable", dingtalktest.Unreachable(), true},
		{"no such token", dingtalktest.Errcode(300005), false},
		{"bad message", dingtalktest.Errcode(400402), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			robot, server := newRobot(t, nil)
			server.FailAlways(tt.failure)
			err := fmt.Errorf("relay: %w", robot.Send(alert.Once(t.Context()), bandwidth()))
			require.Equal(t, tt.retryable, alert.Retryable(err))
			_, ok := errors.AsType[*dingtalk.Error](err)
			require.True(t, ok)
		})
	}
}

// TestPracticeMarkdownInjection sends what an attacker could put into a label.
func TestPracticeMarkdownInjection(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	a := bandwidth()
	a.Name = "[click](https://evil.example) @13800000001 <font color=#ff0000>x</font>"
	a.Instance = "# heading ![](https://evil.example/x.png) **bold**"
	a.Summary = "line\n# heading\n> quote\n- item\n[a](dingtalk://dingtalkclient/action/x) @all"
	require.NoError(t, robot.Send(t.Context(), a))
	m := server.Messages()[0]
	newScanner().scan(t, dingtalk.Markdown{Title: m.Title, Text: m.Text}, 20000)
	require.Empty(t, m.AtMobiles)
}

// TestPracticeNewlines shows that line feeds arrive as such, and that none is
// of the kind that clients swallow.
func TestPracticeNewlines(t *testing.T) {
	t.Parallel()
	robot, server := newRobot(t, nil)
	require.NoError(t, robot.Send(t.Context(), bandwidth()))
	require.NoError(t, robot.Post(t.Context(), dingtalk.Text{Content: "a\nb"}))
	rendered, text := server.Messages()[0], server.Messages()[1]
	require.NotContains(t, rendered.Text, `\n`)
	require.NotContains(t, string(rendered.Body), `\\n`)
	require.Contains(t, rendered.Text, "MaxBandwidth: 100M  \n> BandwidthSpecifications")
	require.Equal(t, "a\nb", text.Text)
}

func TestPracticePanics(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", " ", "\x00", "%", "://", "https://", "?access_token"} {
		_, err := dingtalk.New(token, nil)
		require.Error(t, err)
	}
	robot, err := dingtalk.New(testToken, &dingtalk.Options{Secret: ""})
	require.NoError(t, err, "signing is optional")
	require.ErrorContains(t, robot.Post(t.Context(), nil), "message: is nil")
	require.ErrorContains(t, robot.Post(t.Context(), dingtalk.FeedCard{}), "feedCard.links: is empty")
}
