package voice_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// The component's real requests, as they are on the wire.
func TestDestURLFixtures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request *http.Request
		result  bool
		details string
		numbers []string
		message string
	}{
		{"on the wire", httpFixture(t, "desturl_request.http"), true, "alice accepted", []string{numberA}, "OK"},
		{"a user without a number", posting(string(fixture(t, "desturl_request_user_list.json"))), false,
			"alice accepted, bob rejected", []string{numberA}, "1 of 2 failed: bob (no number)"},
		{"users looked up", posting(string(fixture(t, "desturl_request_receiver_username.json"))), false,
			"alice accepted, dave accepted", []string{numberA, "13800000004"}, "not looked up: carol is not a BlueKing user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, tt.request.Header.Get("Content-Type"))
			phones := &voicetest.Phones{}
			answer := serve(t, newHandler(t, phones, voice.HandlerOptions{}), tt.request)
			require.Equal(t, tt.result, answer["result"])
			require.Equal(t, tt.details, described(answer))
			require.Equal(t, tt.message, answer["message"])
			require.Equal(t, tt.numbers, phones.Numbers())
			require.Equal(t, "db-01 disk full", phones.Calls()[0].Text)
			require.Equal(t, tt.request.Header.Get("X-Bkapi-Request-Id"), answer["data"].(map[string]any)["msg_id"])
			leaktest.Check(t, []string{numberA}, fmt.Sprint(answer))
		})
	}
}

// Our answers have the shape of the fixtures.
func TestAnswerShape(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	h := newHandler(t, phones, voice.HandlerOptions{})
	for name, request := range map[string]string{
		"desturl_response_ok.json":      body("x", "alice:"+numberA),
		"desturl_response_partial.json": body("x", "alice:"+numberA, "bob:"),
	} {
		got, want := serve(t, h, posting(request)), decoded(t, fixture(t, name))
		for _, m := range []map[string]any{got, want} {
			data := m["data"].(map[string]any)
			require.NotEmpty(t, data["msg_id"])
			delete(data, "msg_id")
			delete(m, "message")
			for _, d := range data["details"].([]any) {
				delete(d.(map[string]any), "call_id")
				delete(d.(map[string]any), "code")
			}
		}
		require.Equal(t, want, got)
	}
}

// The text is cleaned and bounded for a voice.
func TestHandlerText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts voice.HandlerOptions
		text string
		want string
	}{
		{"plain", voice.HandlerOptions{}, "磁盘满", "磁盘满"},
		{"links, markup, lines", voice.HandlerOptions{}, "**db**\n见 https://example.com/x?y=1 {{z}}", "db 见 z"},
		{"address in English", voice.HandlerOptions{Locale: alert.English}, "10.0.0.1 > 90%", "10 dot 0 dot 0 dot 1 above 90%"},
		{"nothing to read", voice.HandlerOptions{}, "https://example.com", "告警通知"},
		{"cut", voice.HandlerOptions{MaxRunes: 40}, strings.Repeat("长", 300), strings.Repeat("长", 34) + "…（已截断）"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phones := &voicetest.Phones{}
			serve(t, newHandler(t, phones, tt.opts), posting(body(tt.text, "alice:"+numberA)))
			require.Equal(t, tt.want, phones.Calls()[0].Text)
		})
	}
}

// A body that does not arrive is given up in time, over a real socket, where a
// request is served as the component sends it.
func TestHandlerOverSocket(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	server := httptest.NewServer(newHandler(t, phones, voice.HandlerOptions{Answer: 300 * time.Millisecond}))
	defer server.Close()
	send := func(raw string) map[string]any {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, raw)
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Empty(t, checkAnswer(resp.StatusCode, answer))
		return decoded(t, answer)
	}
	head, text, _ := strings.Cut(string(fixture(t, "desturl_request.http")), "\n\n")
	head = strings.ReplaceAll(head, "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(text))
	require.Equal(t, true, send(head + text)["result"])
	require.Equal(t, true, send(head + text)["result"], "the same identity")
	require.Len(t, phones.Calls(), 1)
	slow := strings.Replace(head, fixedID, "slow", 1)
	require.Contains(t, send(slow + text[:20])["message"], "did not arrive in time")
	require.Len(t, phones.Calls(), 1)
}

// The whole way: a client asks the component, the component asks the handler.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	phones := &voicetest.Phones{}
	c, esb := newClient(t, voice.ClientOptions{})
	esb.Dest, esb.DestPath = newHandler(t, phones, voice.HandlerOptions{}), "/voice/"+token
	phones.Script(numberB, voicetest.Wrong())
	report, err := c.Call(t.Context(), voice.Request{Callees: three(), Text: "db-01 disk full"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, permanent, accepted}, states(report))
	require.Equal(t, "empty number", report.Results[1].Reason)
	require.NotEmpty(t, report.Results[0].ProviderID)
	require.Equal(t, []string{numberA, numberB, numberC}, phones.Numbers())

	// A wrong token shows in the component's answer, and is no doubt about calls.
	esb.DestPath = "/voice/wrong"
	_, err = c.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
	require.ErrorIs(t, err, voice.CodeGeneral)
	require.ErrorContains(t, err, "wrong token in the path of dest_url")
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Len(t, phones.Calls(), 3)
}

// FuzzHandler sends hostile bodies through the whole handler.
func FuzzHandler(f *testing.F) {
	files, err := filepath.Glob("testdata/desturl_request*.json")
	require.NoError(f, err)
	for _, name := range files {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add([]byte(`{"auto_read_message":1,"user_list_information":[{"username":"\u0000\ud800","mobile_phone":"+86 13800000001"},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		phones := &voicetest.Phones{}
		h := newHandler(t, phones, voice.HandlerOptions{Form: voice.International})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, voicetest.DestRequest("/voice/"+token, body))
		require.Empty(t, checkAnswer(w.Code, w.Body.Bytes()))
		require.NoError(t, h.Shutdown(t.Context()))
		seen := map[string]bool{}
		for _, c := range phones.Calls() {
			require.False(t, seen[c.Number], "rung twice")
			seen[c.Number] = true
			require.NotEmpty(t, c.Text)
			require.Regexp(t, `^\+[1-9][0-9]{6,14}$`, c.Number)
		}
		answer := decoded(t, bytes.TrimSpace(w.Body.Bytes()))
		require.NotContains(t, answer["message"], "\n")
	})
}

// FuzzDestURL reads hostile bodies.
func FuzzDestURL(f *testing.F) {
	files, err := filepath.Glob("testdata/desturl_request*.json")
	require.NoError(f, err)
	for _, name := range files {
		f.Add(fixture(f, filepath.Base(name)))
	}
	f.Add([]byte(`{"auto_read_message":1,"user_list_information":[{"username":"a","mobile_phone":"+86 13800000001","nation_code":81},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for form, pattern := range map[voice.Form]string{
			voice.National: `^[0-9]{3,15}$`, voice.International: `^\+[1-9][0-9]{6,14}$`,
		} {
			numbers, problem := voice.ReadRequest(body, form)
			require.NotEqual(t, problem == "", len(numbers) == 0)
			for _, n := range numbers {
				if n != "" {
					require.Regexp(t, pattern, n)
				}
			}
		}
	})
}
