package ocp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// seed adds every answer of the vendor's documents.
func seed(f *testing.F, add func(body string)) {
	f.Helper()
	files, err := filepath.Glob("testdata/api/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		add(string(body))
	}
}

// FuzzAnswer judges any answer: it never panics, takes nothing for a yes that
// encoding/json does not read as one, and keeps errors short.
func FuzzAnswer(f *testing.F) {
	seed(f, func(body string) { f.Add(200, body) })
	f.Add(401, "")
	f.Add(429, `{"successful":false,"error":{"code":1e400,"message":"\ud800`+"\x00"+`"}}`)
	f.Add(500, `{"successful":false,"status":"-1","error":{"code":"ALM20001"},"traceId":{}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		client, server := newClient(t, nil)
		status = 200 + (status%400+400)%400
		server.Fail(ocptest.Answer(status, body))
		err := client.Push(alert.Once(t.Context()), someAlarm())
		if err == nil {
			var answer map[string]any
			require.Less(t, status, 300)
			require.NoError(t, json.Unmarshal([]byte(body), &answer))
			require.Equal(t, true, answer["successful"])
			return
		}
		e := asError(t, err)
		require.False(t, status == 401 && alert.Retryable(err))
		require.NotZero(t, e.HTTPStatus)
		require.Less(t, len(err.Error()), 3500) // quoting may multiply the text
		require.NotContains(t, err.Error(), "\n")
		require.True(t, utf8.ValidString(err.Error()))
	})
}

// FuzzList reads any data as lists and as one event: it never panics and never
// goes on for ever.
func FuzzList(f *testing.F) {
	seed(f, func(body string) { f.Add(body) })
	f.Add(`{"successful":true,"data":{"contents":[{"id":"1","labels":{"a":[1]},"level":"9"}],"totalPage":"2"}}`)
	f.Add(`{"successful":true,"data":[{"id":1},{"id":1}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		ctx := alert.Once(t.Context())
		client, server := newClient(t, nil)
		server.FailAlways(ocptest.Answer(200, body))
		seen := map[string]bool{}
		for a, err := range client.Alarms(ctx, nil) {
			if err == nil {
				require.False(t, seen[a.Key])
				seen[a.Key] = true
				require.Regexp(t, `^alarm/[A-Za-z0-9_-]{1,64}$`, a.Key)
				require.NotEmpty(t, a.ID)
			}
		}
		require.LessOrEqual(t, server.Attempts(), 2, "the same page again is an end")
		if a, err := client.Alarm(ctx, "7"); err == nil {
			require.Equal(t, "alarm/7", a.Key)
		}
	})
}

// FuzzSign signs any request, which the stand-in checks by code of its own.
func FuzzSign(f *testing.F) {
	f.Add("key", "a b+c", "x y", testKey, testSecret)
	f.Add("", "&=?#%2F", "\xff\x00", "k", "告警")
	f.Fuzz(func(t *testing.T, name, value, keyword, accessKey, secretKey string) {
		server := ocptest.NewServer(t)
		server.AccessKey, server.SecretKey = strings.TrimSpace(accessKey), strings.TrimSpace(secretKey)
		client, err := ocp.NewClient(server.URL(), ocp.AccessKey(accessKey, secretKey), &ocp.Options{HTTPClient: server.Client()})
		if err != nil {
			return
		}
		if name == "page" || name == "size" || name == "status" {
			name = "x"
		}
		for _, err := range client.Alarms(t.Context(), url.Values{"keyword": {keyword}, name: {value}}) {
			require.NoError(t, err)
		}
		alarm := ocp.Alarm{Type: "t", Target: "x", Labels: map[string]string{"a": value}}
		if alarm.Validate() == nil {
			require.NoError(t, client.Push(t.Context(), alarm))
		}
	})
}

// FuzzMessage signs any parts: the text always has the parts of the vendor's
// rule, and a query holds nothing that it would have to escape.
func FuzzMessage(f *testing.F) {
	for _, v := range readVectors(f).Vectors {
		f.Add(v.Method, v.ContentType, v.Body, "size", "100")
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9._~%&=-]*$`)
	f.Fuzz(func(t *testing.T, method, contentType, body, name, value string) {
		query := url.Values{name: {value, "x"}, "a": nil}
		target, header := &url.URL{Host: "h", Path: "/", RawQuery: ocp.CanonicalQuery(query)}, http.Header{"Content-Type": {contentType}}
		text := ocp.SignedText(method, target, header, []byte(body))
		require.Equal(t, 6+strings.Count(method+contentType, "\n"), strings.Count(text, "\n"))
		require.Regexp(t, plain, target.RawQuery)
		require.Len(t, ocp.Signature("k", method, target, header, []byte(body)), 28)
	})
}

// FuzzNewClient reads any address and credentials: no error holds them, and
// what it takes can be called.
func FuzzNewClient(f *testing.F) {
	f.Add("https://ocp.example.com", testUser, testPassword, false)
	f.Add("http://[::1%25"+testSecret+"]:8080/a%2fb", testKey, testSecret, true)
	f.Add("https://"+testUser+":"+testPassword+"@x", "a:b", "\x00", false)
	f.Fuzz(func(t *testing.T, base, name, key string, signed bool) {
		far := &spy{}
		credentials := ocp.Basic(name, key)
		if signed {
			credentials = ocp.AccessKey(name, key)
		}
		client, err := ocp.NewClient(base, credentials, &ocp.Options{HTTPClient: far.client()})
		if err != nil {
			require.Nil(t, client)
			require.Less(t, len(err.Error()), 300)
			if len(key) > 24 {
				require.NotContains(t, err.Error(), key)
			}
			return
		}
		require.NoError(t, client.Push(t.Context(), someAlarm()))
		require.Len(t, far.requests, 1)
		require.True(t, strings.HasSuffix(far.requests[0].URL.Path, "/api/v2/alarm/alarms"), far.requests[0].URL.Path)
	})
}

// FuzzAlarm makes an alarm of any alert: the client takes it, and its target
// is that of the problem.
func FuzzAlarm(f *testing.F) {
	f.Add("aliyun", "rule/i-1", "disk full", "91%", "user", "x")
	f.Add("a:b", "\xff", "=\n\x00", strings.Repeat("告", 2000), "alarm_id", "\u202e")
	form := regexp.MustCompile(`^[a-z]+=[^:=\s]+(:[a-z]+=[^:=\s]+)*$`)
	f.Fuzz(func(t *testing.T, source, key, name, summary, label, value string) {
		sender, server := newSender(t, nil)
		a := alert.Alert{Source: source, Key: key, Name: name, Summary: summary, Labels: map[string]string{label: value}}
		alarm := sender.Alarm(a)
		require.NoError(t, alarm.Validate())
		require.Regexp(t, form, alarm.Target)
		require.NoError(t, sender.Send(t.Context(), a))
		require.Equal(t, alarm.Target, server.Pushes()[0].Target)
		other := a
		other.Key = key + "x"
		require.NotEqual(t, alarm.Target, sender.Alarm(other).Target)
		other.Key, other.Source = key, source+"x"
		require.NotEqual(t, alarm.Target, sender.Alarm(other).Target)
	})
}
