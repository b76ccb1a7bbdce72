package httpcall_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  httpcall.Error
		want string
	}{
		{
			"not sent",
			httpcall.Error{Channel: "wecom", Op: "send", Host: "qyapi.weixin.qq.com", Attempts: 3, Err: syscall.ECONNREFUSED},
			"wecom: send: qyapi.weixin.qq.com: not sent: connection refused (3 attempts; retrying may help)",
		},
		{
			"refused for a while",
			httpcall.Error{Channel: "wecom", Op: "send", Host: "h", Kind: httpcall.Refused, Status: 429, Attempts: 1, After: time.Hour},
			"wecom: send: h: refused: HTTP 429 Too Many Requests (1 attempt; retry after 1h0m0s)",
		},
		{
			"status and cause",
			httpcall.Error{Channel: "wecom", Op: "send", Host: "h", Kind: httpcall.Uncertain, Status: 200, Attempts: 2, Err: errors.New("unexpected EOF")},
			"wecom: send: h: outcome unknown: HTTP 200 OK: unexpected EOF (2 attempts; retrying may help)",
		},
		{
			"status without a name",
			httpcall.Error{Op: "send", Kind: httpcall.Refused, Status: 599},
			"send: refused: HTTP 599 (retrying may help)",
		},
		{"zero", httpcall.Error{}, "not sent (retrying may help)"},
		{"kind out of range", httpcall.Error{Kind: 7}, "Kind(7) (retrying may help)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, &tt.err, tt.want)
		})
	}
}

// The advice for what must not be repeated.
func TestErrorAdvice(t *testing.T) {
	t.Parallel()
	c, _ := answering(status(404))
	_, err := c.Do(t.Context(), dial("https://robot.example"))
	require.EqualError(t, err, "wecom: invoke: robot.example: refused: HTTP 404 Not Found (1 attempt; retrying cannot help)")
	c, _ = answering(status(504))
	_, err = c.Do(t.Context(), dial("https://robot.example"))
	require.EqualError(t, err, "wecom: invoke: robot.example: outcome unknown: HTTP 504 Gateway Timeout (1 attempt; it may have been done: look before repeating it)")
}

func TestErrorQuestions(t *testing.T) {
	t.Parallel()
	e := &httpcall.Error{Kind: httpcall.Uncertain, After: time.Second, Err: context.Canceled}
	require.ErrorIs(t, e, alert.ErrUncertain)
	require.ErrorIs(t, e, context.Canceled)
	require.True(t, alert.Retryable(e))
	require.Equal(t, time.Second, alert.RetryAfter(e))
	for _, kind := range []httpcall.Kind{httpcall.NotSent, httpcall.Refused} {
		require.NotErrorIs(t, &httpcall.Error{Kind: kind}, alert.ErrUncertain)
	}
}

// A real refusal is recognised by its errno.
func TestErrorUnwrapsToTheCause(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := httpcall.New(httpcall.Options{}).Do(alert.Once(t.Context()), post(server.URL))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
