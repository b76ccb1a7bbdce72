package ocptest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// pushBody is a push as the vendor documents it.
const pushBody = `{"alarmType":"your_alarm_type","labels":{"key":"value"},"target":"alarm_target"}`

// An answer is what a test looks at of one.
type answer struct {
	Status     int
	Header     http.Header
	Text       string
	Successful bool
	Data       json.RawMessage
	Error      struct {
		Code    json.RawMessage
		Message string
	}
}

// request makes a request, with user and password unless it has a login.
func request(tb testing.TB, server *ocptest.Server, method, path, body string, header ...string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, server.URL()+path, strings.NewReader(body))
	require.NoError(tb, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(server.User+":"+server.Password)))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// call makes a request and reads the answer.
func call(tb testing.TB, server *ocptest.Server, method, path, body string, header ...string) answer {
	tb.Helper()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(request(tb, server, method, path, body, header...))
	require.NoError(tb, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	a := answer{Text: string(text)}
	if strings.HasPrefix(a.Text, "{") {
		require.NoError(tb, json.Unmarshal(text, &a))
	}
	a.Status, a.Header = resp.StatusCode, resp.Header
	return a
}

// push pushes an alarm that must be taken.
func push(tb testing.TB, server *ocptest.Server, alarmType, target string, labels map[string]string) {
	tb.Helper()
	if labels == nil {
		labels = map[string]string{}
	}
	body, err := json.Marshal(map[string]any{"alarmType": alarmType, "target": target, "labels": labels})
	require.NoError(tb, err)
	a := call(tb, server, http.MethodPost, "/api/v2/alarm/alarms", string(body))
	require.True(tb, a.Successful, a.Text)
}
