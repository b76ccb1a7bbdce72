package dingtalktest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

// TestScript shows that scripted failures come first and in order, then the
// standing one, and that they accept nothing.
func TestScript(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	server.Fail(dingtalktest.Errcode(400102), dingtalktest.HTML(502), dingtalktest.Answer(200, ""), dingtalktest.RetryAfter(503, "7"))
	send := func() string {
		resp, err := server.Client().Post(server.URL(), "application/json", strings.NewReader(text("x")))
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return fmt.Sprint(resp.StatusCode, resp.Header["Retry-After"], " ", string(body))
	}
	require.Equal(t, `200 [] {"errcode":400102,"errmsg":"机器人已停用"}`, send())
	require.Contains(t, send(), "502 [] <html><head><title>Bad Gateway</title>")
	require.Equal(t, "200 [] ", send())
	require.Contains(t, send(), "503 [7] <html>")
	require.Equal(t, "200 [] "+okAnswer, send())
	server.FailAlways(dingtalktest.Errcode(12345))
	require.Equal(t, `200 [] {"errcode":12345,"errmsg":"error"}`, send())
	server.Fail(dingtalktest.Failure{}, dingtalktest.Errmsg(310000, "ip 192.0.2.1 not in whitelist"))
	require.Equal(t, "200 [] ", send())
	require.Equal(t, `200 [] {"errcode":310000,"errmsg":"ip 192.0.2.1 not in whitelist"}`, send())
	require.Len(t, server.Messages(), 1)
	require.Equal(t, 8, server.Attempts())
}

// TestFaults shows what reaches the client and the group when no answer comes.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		failure  dingtalktest.Failure
		accepted int
	}{
		"unreachable": {dingtalktest.Unreachable(), 0},
		"reset":       {dingtalktest.Reset(), 0},
		"reset after": {dingtalktest.ResetAfter(), 1},
		"cut":         {dingtalktest.Cut(), 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dingtalktest.NewServer(t)
			server.FailAlways(tt.failure)
			both(t, server, func(t *testing.T, client *http.Client, url string) {
				t.Helper()
				resp, err := client.Post(url, "application/json", strings.NewReader(text("x")))
				if name == "cut" {
					require.NoError(t, err)
					defer resp.Body.Close()
					_, err = io.ReadAll(resp.Body)
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
					return
				}
				require.Error(t, err) // which one differs by transport
				require.Nil(t, resp)
			})
			require.Equal(t, 2, server.Attempts())
			require.Len(t, server.Messages(), 2*tt.accepted)
		})
	}
}

// A message whose answer got lost is posted once, whatever the client repeats
// with the same msgUuid.
func TestRepeatAfterReset(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	server.Fail(dingtalktest.ResetAfter())
	body := fixture(t, "req_text_msguuid.json")
	_, err := server.Client().Post(server.URL(), "application/json", strings.NewReader(body)) //nolint:bodyclose // fails
	require.ErrorAs(t, err, new(*net.OpError))
	require.JSONEq(t, okAnswer, post(t, server.Client(), server.URL(), body))
	require.Len(t, server.Messages(), 1)
	require.Equal(t, 2, server.Attempts())
}

func TestHang(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	begun := make(chan struct{})
	server.FailAlways(dingtalktest.Hang(begun))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL(), strings.NewReader(text("x")))
	require.NoError(t, err)
	_, err = server.Client().Do(req) //nolint:bodyclose // fails
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, server.Messages())
}

// TestHandler shows a server behind a listener of the test's own.
func TestHandler(t *testing.T) {
	t.Parallel()
	server := dingtalktest.NewServer(t)
	var handler http.Handler = server
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), strings.NewReader(text("x")))
	r.Header.Set("Content-Type", "application/json")
	handler.ServeHTTP(w, r)
	require.JSONEq(t, okAnswer, w.Body.String())
	require.Len(t, server.Messages(), 1)
}
