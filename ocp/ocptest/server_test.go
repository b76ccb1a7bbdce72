package ocptest_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/internal/standin"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

const alarms = "/api/v2/alarm/alarms"

// TestRefusals breaks each rule.
func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code                     string
	}{
		{"fine", "POST", alarms, pushBody, nil, 200, ""},
		{"no login", "POST", alarms, pushBody, []string{"Authorization", ""}, 401, "10000"},
		{"another scheme", "POST", alarms, pushBody, []string{"Authorization", "Bearer x"}, 401, "10000"},
		{"wrong password", "POST", alarms, pushBody, []string{"Authorization", "Basic YWRtaW46cm9vdA=="}, 401, "10004"},
		{"bad base64", "POST", alarms, pushBody, []string{"Authorization", "Basic %"}, 401, "10004"},
		{"signature without a date", "POST", alarms, pushBody, []string{"Authorization", "OCP-ACCESS-KEY-HMACSHA1 a:b"}, 401, "10000"},
		{"unknown rule", "POST", alarms, strings.Replace(pushBody, "your_alarm", "other", 1), nil, 400, "20001"},
		{"no type", "POST", alarms, `{"target":"x","labels":{}}`, nil, 400, "10001"},
		{"empty type", "POST", alarms, `{"alarmType":"","target":"x","labels":{}}`, nil, 400, "10001"},
		{"no target", "POST", alarms, `{"alarmType":"your_alarm_type","labels":{}}`, nil, 400, "10001"},
		{"empty target", "POST", alarms, `{"alarmType":"your_alarm_type","target":"","labels":{}}`, nil, 400, "10001"},
		{"no labels", "POST", alarms, `{"alarmType":"your_alarm_type","target":"x"}`, nil, 400, "10001"},
		{"label that is a number", "POST", alarms, `{"alarmType":"your_alarm_type","target":"x","labels":{"a":1}}`, nil, 400, "10001"},
		{"no JSON", "POST", alarms, `alarmType=x`, nil, 400, "10001"},
		{"another type", "POST", alarms, pushBody, []string{"Content-Type", "text/plain"}, 415, "0"},
		{"another method", "DELETE", alarms, "", nil, 405, "0"},
		{"another path", "GET", "/api/v2/alarm/rules", "", nil, 404, "0"},
		{"unknown alarm", "GET", alarms + "/7", "", nil, 404, "70001"},
		{"page 0", "GET", alarms + "?page=0", "", nil, 400, "10001"},
		{"size 201", "GET", alarms + "?size=201", "", nil, 400, "10001"},
		{"size that is no number", "GET", alarms + "?size=x", "", nil, 400, "10001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := ocptest.NewServer(t)
			server.Rules = map[string]ocptest.Rule{"your_alarm_type": {}}
			a := call(t, server, tt.method, tt.path, tt.body, tt.header...)
			require.Equal(t, tt.status, a.Status, a.Text)
			require.Equal(t, tt.status == 200, a.Successful)
			require.Equal(t, tt.code, string(a.Error.Code))
			require.Equal(t, tt.status == 200, len(server.Pushes()) == 1)
			require.Contains(t, a.Text, fmt.Sprintf(`"status":%d`, tt.status))
		})
	}
}

// Outside of the API there is a login page, to which one is redirected.
func TestConsole(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	a := call(t, server, http.MethodGet, "/login", "")
	require.Equal(t, http.StatusFound, a.Status)
	require.Equal(t, "/login", a.Header.Get("Location"))
}

// TestSignatureOfTheVendor has the server check a signature made by hand from
// the vendor's rule, with the key of its example.
func TestSignatureOfTheVendor(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	server.AccessKey, server.SecretKey = "cqammmxBpfGjFlto", "2fc0c299cc94c6be266f2ceece765d4d"
	server.Advance(time.Until(time.Date(2023, 1, 17, 4, 14, 2, 0, time.UTC)))
	const date = "Tue, 17 Jan 2023 04:14:02 GMT"
	mac := hmac.New(sha1.New, []byte(server.SecretKey))
	mac.Write([]byte("GET\n\napplication/json;charset=utf-8\n" + date + "\nocp.invalid:8443\n\n/api/v2/alarm/alarms?size=100"))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	a := call(t, server, http.MethodGet, alarms+"?size=100", "", "Content-Type", "application/json;charset=utf-8", "Date", date,
		"Authorization", "OCP-ACCESS-KEY-HMACSHA1 "+server.AccessKey+":"+signature)
	require.True(t, a.Successful, a.Text)
}

// changed is a transport that changes requests.
type changed struct {
	http.RoundTripper

	change func(*http.Request)
}

func (c changed) RoundTrip(r *http.Request) (*http.Response, error) {
	c.change(r)
	return c.RoundTripper.RoundTrip(r)
}

// TestSignatureCoversAll changes one part of a signed request after another.
func TestSignatureCoversAll(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"":       func(*http.Request) {},
		"method": func(r *http.Request) { r.Method = http.MethodPut },
		"body": func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"alarmType":"t","labels":{},"target":"y"}`))
		},
		"no body":      func(r *http.Request) { r.Body = http.NoBody },
		"content type": func(r *http.Request) { r.Header.Set("Content-Type", "application/json;charset=utf-8") },
		"date":         func(r *http.Request) { r.Header.Set("Date", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)) },
		"host":         func(r *http.Request) { r.Host = "ocp.invalid" },
		"path":         func(r *http.Request) { r.URL.Path += "/" },
		"query":        func(r *http.Request) { r.URL.RawQuery = "a=1" },
		"bad query":    func(r *http.Request) { r.URL.RawQuery = "a=%zz" },
		"key": func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), " ", " x", 1))
		},
		"signature":    func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+"=") },
		"no signature": func(r *http.Request) { r.Header.Set("Authorization", "OCP-ACCESS-KEY-HMACSHA1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := ocptest.NewServer(t)
			client, err := ocp.NewClient(server.URL(), ocp.AccessKey(server.AccessKey, server.SecretKey), &ocp.Options{
				HTTPClient: &http.Client{Transport: changed{server.Client().Transport, change}}, MaxAttempts: -1,
			})
			require.NoError(t, err)
			err = client.Push(t.Context(), ocp.Alarm{Type: "t", Target: "x"})
			require.Equal(t, name == "", err == nil, err)
			if name != "" {
				require.Equal(t, http.StatusUnauthorized, err.(*ocp.Error).HTTPStatus)
			}
			require.Equal(t, name == "", len(server.Pushes()) == 1)
		})
	}
}

// TestLockout locks a user after five failed logins in a row, for good.
func TestLockout(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	login := func(header ...string) answer { return call(t, server, http.MethodGet, alarms, "", header...) }
	bad := []string{"Authorization", "Basic eDp4"}
	for range 4 {
		require.Equal(t, "10004", string(login(bad...).Error.Code))
	}
	require.True(t, login().Successful, "which forgives the four")
	for range 5 {
		require.Equal(t, "10004", string(login(bad...).Error.Code))
	}
	a := login()
	require.Equal(t, http.StatusUnauthorized, a.Status)
	require.Equal(t, "10003", string(a.Error.Code))
	server.MaxLogins = 0
	require.True(t, login().Successful)
}

// TestEnvelopes compares what the server says with the vendor's examples.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	server.Fail(ocptest.Refuse(400, "ALM20001", "no"), ocptest.TooMany("7"), ocptest.TooMany(""))
	a := call(t, server, http.MethodPost, alarms, pushBody)
	require.Equal(t, `"ALM20001"`, string(a.Error.Code))
	a = call(t, server, http.MethodGet, alarms, "")
	require.Equal(t, "7", a.Header.Get("RateLimit-Reset"))
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(a.Text), &members))
	require.Len(t, members, 7, "as api-error-429.json")
	a = call(t, server, http.MethodGet, alarms, "")
	require.Equal(t, []string{"429", ""}, []string{fmt.Sprint(a.Status), a.Header.Get("RateLimit-Reset")})
}

// TestElimination ends alarms that are not pushed again.
func TestElimination(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	server.Rules = map[string]ocptest.Rule{"disk": {Title: "Disk full", Level: 2, Description: "${usage} on ${alarm_target}, ${unknown}"}}
	push(t, server, "disk", "host=a", map[string]string{"usage": "91%"})
	server.Advance(4 * time.Minute)
	push(t, server, "disk", "host=a", map[string]string{"usage": "92%"})
	server.Advance(4 * time.Minute)
	status := func() string {
		var data struct {
			Contents []struct {
				ID                                             int
				Status, ResolvedAt, Description, Summary, Name string
				Level                                          int
			}
		}
		require.NoError(t, json.Unmarshal(call(t, server, http.MethodGet, alarms, "").Data, &data))
		var words []string
		for _, e := range data.Contents {
			words = append(words, fmt.Sprint(e.ID, " ", e.Status, " ", e.Level, " ", e.Name, " ", e.Description, " ", e.ResolvedAt != ""))
		}
		return strings.Join(words, "; ")
	}
	require.Equal(t, "1000001 Active 2 Disk full 92% on host=a,  false", status())
	server.Advance(time.Minute + time.Second)
	require.Equal(t, "1000001 Inactive 2 Disk full 92% on host=a,  true", status())
	push(t, server, "disk", "host=a", nil)
	require.Equal(t, "1000002 Active 2 Disk full  on host=a,  false; 1000001 Inactive 2 Disk full 92% on host=a,  true", status())
	require.Len(t, server.Pushes(), 3)
	require.Equal(t, "91%", server.Pushes()[0].Labels["usage"])
}

// TestFaults shows what reaches the server and the client.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failure ocptest.Failure
		pushes  int
	}{
		"unreachable": {standin.Unreachable(), 0}, "reset": {standin.Reset(), 0}, "reset after": {ocptest.ResetAfter(), 1}, "cut": {standin.Cut(), 1},
	} {
		server := ocptest.NewServer(t)
		server.FailAlways(tt.failure)
		resp, err := server.Client().Do(request(t, server, http.MethodPost, alarms, pushBody))
		if name == "cut" {
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		} else {
			require.Error(t, err, name)
		}
		require.Len(t, server.Pushes(), tt.pushes, name)
		require.Equal(t, 1, server.Attempts())
	}
	server := ocptest.NewServer(t)
	server.Fail(ocptest.HTML(502), ocptest.Answer(200, "x"), ocptest.Refuse(400, "10001", "no"), ocptest.Failure{})
	for _, want := range []string{"<html>", "x", `"code":10001`, ""} {
		require.Contains(t, call(t, server, http.MethodGet, alarms, "").Text, want)
	}
	require.True(t, call(t, server, http.MethodGet, alarms, "").Successful)
}

// TestChannel has the messages of an alarm's life, as variables and as the body of
// an HTTP channel.
func TestChannel(t *testing.T) {
	t.Parallel()
	server := ocptest.NewServer(t)
	server.Rules = map[string]ocptest.Rule{"disk": {Title: "磁盘满", Level: 1, Description: "${usage}"}}
	var bodies []string
	server.Channel = func(environ []string) {
		require.IsIncreasing(t, environ)
		bodies = append(bodies, ocptest.Render("${alarm_status} ${alarm_level} ${alarm_name} ${usage}${nothing} ${alarm_resolved_at}|${message}", environ))
	}
	for range 4 { // minutes
		push(t, server, "disk", "host=a", map[string]string{"usage": "91% \"${x}\""})
		server.Advance(time.Minute)
	}
	server.Advance(10 * time.Minute)
	require.Len(t, bodies, 3, "begun, repeated after three minutes, ended")
	require.Equal(t, "告警中 停服 磁盘满 91% \"${x}\" |### OCP 告警通知 磁盘满\n- 级别：停服\n- 告警对象：host=a\n- 详情：91% \"${x}\"", bodies[0])
	require.Contains(t, bodies[2], "已消除 停服")
	require.Contains(t, bodies[2], "+08:00|### 【OCP 告警恢复通知】")
	var alarm struct{ Status string }
	require.NoError(t, json.Unmarshal(call(t, server, http.MethodGet, alarms+"/1000001", "").Data, &alarm))
	require.Equal(t, "Inactive", alarm.Status)
}
