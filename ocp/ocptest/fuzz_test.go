package ocptest_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// FuzzServer makes any request: the server never panics, always answers in an
// envelope, and takes no push that it cannot show.
func FuzzServer(f *testing.F) {
	f.Add("POST", "/alarms", pushBody, "")
	f.Add("GET", "/alarms?page=2&size=1&status=Active&keyword=%ff", "", "Basic x")
	f.Add("GET", "/notifications?alarmId=1", "", "OCP-ACCESS-KEY-HMACSHA1 a:b")
	f.Add("GET", "/alarms/1000001", `{"alarmType":"","target":null}`, "")
	f.Fuzz(func(t *testing.T, method, path, body, authorization string) {
		server := ocptest.NewServer(t)
		server.Raise(ocptest.Event{Type: "t", Target: "x", Labels: map[string]string{"a": body}})
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL()+"/api/v2/alarm"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(r.URL.Path, "/api/v2/alarm/") {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		if r.SetBasicAuth(server.User, server.Password); authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		resp, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "application/json; charset=UTF-8", resp.Header.Get("Content-Type"))
		for _, p := range server.Pushes() {
			require.NotEmpty(t, p.Type)
			require.NotEmpty(t, p.Target)
			require.Equal(t, http.StatusOK, resp.StatusCode)
		}
	})
}

// FuzzValidate compares any answer with any demand: an answer always passes a
// demand that is itself, and one that is empty.
func FuzzValidate(f *testing.F) {
	f.Add(`{"errcode":0,"errmsg":"ok"}`, `{"errmsg":"ok","errcode":0,"x":[1,{}]}`, "")
	f.Add("success.*", "success: 1\n", "log")
	f.Add("a(b", "{x}", "{}")
	f.Fuzz(func(t *testing.T, demand, stdout, stderr string) {
		_ = ocptest.Validate(demand, stdout, stderr)
		require.Empty(t, ocptest.Validate("", stdout, stderr))
		require.Empty(t, ocptest.Validate("{}", stdout, stderr))
		if !strings.HasPrefix(strings.TrimSpace(demand), "{") {
			require.Empty(t, ocptest.Validate(demand, demand, ""))
		}
		require.Equal(t, ocptest.Validate(demand, "", stdout), ocptest.Validate(demand, stdout, ""))
	})
}

// FuzzEnvironment makes the variables of any alarm: all can be handed to a
// program, and no label takes the place of one of OCP's own.
func FuzzEnvironment(f *testing.F) {
	f.Add("a", "b", "${x}")
	f.Add("PATH", "a\x00b=c\n", "alarm_id")
	f.Add("=", "\xff", "")
	f.Fuzz(func(t *testing.T, name, value, target string) {
		seen := map[string]bool{}
		for _, pair := range ocptest.Environment(ocptest.Event{ID: 7, Target: target, Labels: map[string]string{name: value, "alarm_id": value}}) {
			key, text, ok := strings.Cut(pair, "=")
			require.True(t, ok)
			require.Regexp(t, `^[A-Za-z_][A-Za-z0-9_]*$`, key)
			require.NotContains(t, pair, "\x00")
			require.False(t, seen[key])
			seen[key] = true
			require.True(t, key != "alarm_id" || text == "7")
			require.True(t, key != "message_json" || utf8.ValidString(text))
		}
		require.True(t, seen["PATH"])
	})
}
