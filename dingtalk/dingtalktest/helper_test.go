package dingtalktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/dingtalk/dingtalktest"
)

const okAnswer = `{"errcode":0,"errmsg":"ok"}`

// fixture returns a file of testdata.
func fixture(tb testing.TB, name string) string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return string(data)
}

// post posts a body as JSON and returns the answer.
func post(tb testing.TB, client *http.Client, url, body string) string {
	tb.Helper()
	resp, err := client.Post(url, "application/json", strings.NewReader(body))
	require.NoError(tb, err)
	return read(tb, resp)
}

// read returns the body of an answer, whose status must be 200.
func read(tb testing.TB, resp *http.Response) string {
	tb.Helper()
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusOK, resp.StatusCode)
	require.Equal(tb, "application/json; charset=UTF-8", resp.Header.Get("Content-Type"))
	return string(data)
}

// code returns the errcode of an answer.
func code(tb testing.TB, answer string) int {
	tb.Helper()
	var a struct{ Errcode *int }
	require.NoError(tb, json.Unmarshal([]byte(answer), &a), answer)
	require.NotNil(tb, a.Errcode, answer)
	return *a.Errcode
}

// text returns a text message.
func text(content string) string {
	body, err := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": content}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// signed adds a timestamp and a signature to a webhook URL.
func signed(webhook string, stamp time.Time, sign string) string {
	return webhook + "&" + url.Values{"timestamp": {strconv.FormatInt(stamp.UnixMilli(), 10)}, "sign": {sign}}.Encode()
}

// both calls f with a client in process and with one over a socket.
func both(t *testing.T, s *dingtalktest.Server, f func(t *testing.T, client *http.Client, url string)) {
	t.Helper()
	f(t, s.Client(), s.URL())
	f(t, &http.Client{}, s.Listen(t))
}
