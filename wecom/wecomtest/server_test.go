package wecomtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/wecom/wecomtest"
)

// post posts body and returns the status, the code and the text.
func post(t *testing.T, client *http.Client, url, body string) (status, code int, text string) {
	t.Helper()
	resp, err := client.Post(url, "text/plain", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	answer := struct {
		Errcode int
		Errmsg  string
	}{Errcode: -999}
	if json.Unmarshal(data, &answer) != nil {
		answer.Errmsg = string(data)
	}
	return resp.StatusCode, answer.Errcode, answer.Errmsg
}

func markdown(n int) string {
	return `{"msgtype":"markdown","markdown":{"content":"` + strings.Repeat("x", n) + `"}}`
}

// TestStrict shows what the server refuses, in process and over a socket.
func TestStrict(t *testing.T) {
	t.Parallel()
	text := func(s string) string { return `{"msgtype":"text","text":{"content":"` + s + `"}}` }
	tests := []struct {
		name, body string
		code       int
		text       string // a part of errmsg
	}{
		{"text", text("x"), 0, "ok"},
		{"text at the limit", text(strings.Repeat("x", 2048)), 0, "ok"},
		{"text over the limit", text(strings.Repeat("x", 2049)), 40058, "text.content exceed max length 2048. invalid Request Parameter, hint: ["},
		{"bytes, not characters", text(strings.Repeat("告", 683)), 40058, "exceed"},
		{"escapes do not count", text(strings.Repeat(`\u0041`, 2048)), 0, "ok"},
		{"empty text", text(""), 44004, "empty content"},
		{"no text", `{"msgtype":"text"}`, 40058, "missing text"},
		{"text is null", `{"msgtype":"text","text":null}`, 44004, "empty content"},
		{"mentions", `{"msgtype":"text","text":{"content":"x","mentioned_list":["a"],"mentioned_mobile_list":["@all"]}}`, 0, "ok"},
		{"mentions of the wrong shape", `{"msgtype":"text","text":{"content":"x","mentioned_list":"a,b"}}`, 40058, "wrong type"},
		{"markdown at the limit", markdown(4096), 0, "ok"},
		{"markdown over the limit", markdown(4097), 40058, "markdown.content exceed max length 4096. invalid Request Parameter"},
		{"other type", `{"msgtype":"file","file":{"media_id":"x"}}`, 0, "ok"},
		{"unknown type", `{"msgtype":"markdown3","markdown3":{}}`, 40008, "invalid message type"},
		{"no type", `{}`, 40008, "invalid message type"},
		{"list", `[]`, 40008, "invalid message type"},
		{"malformed", `{"msgtype":"text","text":{"content":"a` + "\n" + `b"}}`, 0, "ok. Warning: wrong json format. "},
		{"not UTF-8", text("\xff"), 0, "ok. Warning: wrong json format. "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.NewServer(t)
			for url, client := range map[string]*http.Client{server.URL(): server.Client(), server.Listen(t): &http.Client{}} {
				status, code, text := post(t, client, url, tt.body)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, tt.code, code)
				require.Contains(t, text, tt.text)
				if code != 0 {
					require.Contains(t, text, fmt.Sprintf("from ip: 192.0.2.10, more info at https://open.work.weixin.qq.com/devtool/query?e=%d", code))
				}
			}
			require.Equal(t, 2, server.Attempts())
			if tt.code == 0 {
				require.Len(t, server.Messages(), 2)
				require.Equal(t, tt.body, string(server.Messages()[0].Body))
			} else {
				require.Empty(t, server.Messages())
			}
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	client := server.Client()
	_, code, _ := post(t, client, server.URL()+"x", markdown(1))
	require.Equal(t, 93000, code)
	status, _, _ := post(t, client, strings.Replace(server.URL(), "/send", "/sent", 1), markdown(1))
	require.Equal(t, http.StatusNotFound, status)
	resp, err := client.Get(server.URL())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	require.NotEqual(t, server.Key, wecomtest.NewServer(t).Key)
	require.Empty(t, server.Messages())
}

// TestRate shows the window of 60 s: refused messages do not count.
func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := wecomtest.NewServer(t)
		send := func() int {
			_, code, _ := post(t, server.Client(), server.URL(), markdown(1))
			return code
		}
		for range 20 {
			require.Zero(t, send())
			<-time.After(time.Second)
		}
		require.Equal(t, 45009, send())
		<-time.After(39 * time.Second)
		require.Equal(t, 45009, send())
		<-time.After(time.Second)
		require.Zero(t, send())
		require.Equal(t, 45009, send())
		server.Rate = 0
		require.Zero(t, send())
	})
}

// TestScript shows that scripted failures come first and in order, then the
// standing one, and that they accept nothing.
func TestScript(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	server.Fail(wecomtest.Errcode(93004), wecomtest.HTML(502), wecomtest.Answer(200, ""))
	send := func() string {
		status, code, text := post(t, server.Client(), server.URL(), markdown(1))
		return fmt.Sprint(status, " ", code, " ", text)
	}
	require.Contains(t, send(), "200 93004 robot disabled, hint: [")
	require.Contains(t, send(), "502 -999 <html><head><title>Bad Gateway</title>")
	require.Equal(t, "200 -999 ", send())
	require.Equal(t, "200 0 ok", send())
	for code, text := range map[int]string{-1: "system busy", 45033: "api concurrent out of limit", 93008: "not in group", 12345: "error"} {
		server.FailAlways(wecomtest.Errcode(code))
		require.Contains(t, send(), fmt.Sprint("200 ", code, " ", text))
	}
	server.Fail(wecomtest.Failure{})
	require.Equal(t, "200 -999 ", send())
	require.Len(t, server.Messages(), 1)
	require.Equal(t, 9, server.Attempts())
}

// do posts a message with the transport alone, and reports what it left for
// httptrace.
func do(ctx context.Context, client *http.Client, url string) (resp *http.Response, connected, wrote bool, err error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) {},
		GotConn:      func(httptrace.GotConnInfo) { connected = true },
		WroteRequest: func(httptrace.WroteRequestInfo) { wrote = true },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(markdown(1))))
	if err != nil {
		return nil, false, false, err
	}
	resp, err = client.Do(req)
	return resp, connected, wrote, err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		failure          wecomtest.Failure
		connected, wrote bool
		accepted         int
	}{
		{"unreachable", wecomtest.Unreachable(), false, false, 0},
		{"reset", wecomtest.Reset(), true, false, 0},
		{"reset after", wecomtest.ResetAfter(), true, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.NewServer(t)
			server.FailAlways(tt.failure)
			resp, connected, wrote, err := do(t.Context(), server.Client(), server.URL()) //nolint:bodyclose // fails
			require.Nil(t, resp)
			fault, ok := errors.AsType[*net.OpError](err)
			require.True(t, ok)
			require.Equal(t, tt.connected, fault.Op == "read")
			require.Equal(t, tt.connected, connected)
			require.Equal(t, tt.wrote, wrote)
			require.Len(t, server.Messages(), tt.accepted)

			_, _, _, err = do(t.Context(), &http.Client{}, server.Listen(t)) //nolint:bodyclose // fails
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, 2, server.Attempts())
			require.Len(t, server.Messages(), 2*tt.accepted)
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	server.FailAlways(wecomtest.Cut())
	for url, client := range map[string]*http.Client{server.URL(): server.Client(), server.Listen(t): &http.Client{}} {
		resp, _, _, err := do(t.Context(), client, url)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, `{"errcode":0,`, string(data))
	}
	require.Len(t, server.Messages(), 2)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	server := wecomtest.NewServer(t)
	server.FailAlways(wecomtest.RetryAfter(503, "7"))
	for url, client := range map[string]*http.Client{server.URL(): server.Client(), server.Listen(t): &http.Client{}} {
		resp, _, _, err := do(t.Context(), client, url)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 503, resp.StatusCode)
		require.Equal(t, "7", resp.Header.Get("Retry-After"))
	}
}

// TestHang ends a hanging request by its context, and another by the end of
// the test.
func TestHang(t *testing.T) {
	t.Parallel()
	outcome := make(chan error, 1)
	t.Run("held", func(t *testing.T) {
		server := wecomtest.NewServer(t)
		begun := make(chan struct{})
		server.FailAlways(wecomtest.Hang(begun))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-begun
			cancel()
		}()
		_, _, wrote, err := do(ctx, server.Client(), server.URL()) //nolint:bodyclose // fails
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, wrote)

		first := server.Attempts()
		again := make(chan struct{})
		server.Fail(wecomtest.Hang(again))
		go func() {
			_, _, _, err := do(context.WithoutCancel(ctx), server.Client(), server.URL()) //nolint:bodyclose // fails
			outcome <- err
		}()
		<-again
		require.Equal(t, first+1, server.Attempts())
	})
	require.Error(t, <-outcome)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := wecomtest.NewServer(t)
	_, _, _, err := do(ctx, server.Client(), server.URL()) //nolint:bodyclose // fails
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, server.Attempts())
}
