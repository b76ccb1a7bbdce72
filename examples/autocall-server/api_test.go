package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	s := launch(t)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no JSON", "POST", "/calls", `phones`, 400, "the body is not a call in JSON"},
		{"nothing", "POST", "/calls", ``, 400, "the body is not a call in JSON"},
		{"unknown field", "POST", "/calls", `{"phone":["18700000001"]}`, 400, `unknown field \"phone\"`},
		{"two objects", "POST", "/calls", `{"phones":["18700000001"]}{}`, 400, "something stands behind"},
		{"nobody", "POST", "/calls", `{}`, 400, "nobody to ring"},
		{"a code", "POST", "/calls", `{"phones":["*7218700000001"]}`, 400, "person 1: not a telephone number"},
		{"number as a number", "POST", "/calls", `{"phones":[18700000001]}`, 400, "cannot unmarshal number"},
		{"phones and people", "POST", "/calls", `{"phones":["18700000001"],"people":[{"phone":"18700000001"}]}`, 400, "not both"},
		{"rounds", "POST", "/calls", `{"phones":["18700000001"],"rounds":11}`, 400, "11 rounds, want 1 to 10"},
		{"severity", "POST", "/calls", `{"phones":["18700000001"],"severity":"loud"}`, 400, "severity: want critical"},
		{"interval", "POST", "/calls", `{"phones":["18700000001"],"interval":"5"}`, 400, "interval: not a time"},
		{"expiry", "POST", "/calls", `{"phones":["18700000001"],"expiry":"48h"}`, 400, "expiry 48h0m0s"},
		{"long body", "POST", "/calls", `{"message":"` + strings.Repeat("x", 70000) + `"}`, 413, "more than 65536 bytes"},
		{"long message", "POST", "/calls", `{"phones":["18700000001"],"message":"` + strings.Repeat("x", 5000) + `"}`, 400, "message of 5000 bytes"},
		{"unknown call", "GET", "/calls/x", ``, 404, "no such call"},
		{"limit", "GET", "/calls?limit=x", ``, 400, "limit: not a number"},
		{"method", "PUT", "/calls", ``, 405, "want GET, POST"},
		{"method of a call", "POST", "/calls/x", ``, 405, "want GET, DELETE"},
		{"path", "GET", "/call", ``, 404, "no such path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.api(t, tt.method, tt.path, tt.body)
			require.Equal(t, tt.status, a.status, a.text)
			require.Contains(t, a.text, tt.want)
			require.Contains(t, a.object(t), "error")
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
		})
	}
}

func TestAPIWantsTheToken(t *testing.T) {
	t.Parallel()
	s := launch(t)
	id := s.post(t, `{"phones":["`+numberA+`"]}`)
	for _, header := range []string{"", "Bearer", "Bearer wrong", "Basic " + adminToken, "Bearer " + phoneToken, "Bearer " + adminToken + "x"} {
		for _, request := range [][2]string{{"POST", "/calls"}, {"GET", "/calls"}, {"GET", "/calls/" + id}, {"DELETE", "/calls/" + id}, {"GET", "/phones"}} {
			a := s.do(t, request[0], request[1], `{"phones":["`+numberB+`"]}`, map[string]string{"Authorization": header})
			require.Equal(t, 401, a.status, "%s %v", header, request)
			require.NotEmpty(t, a.header.Get("WWW-Authenticate"))
		}
	}
	require.Equal(t, "queued", s.api(t, http.MethodGet, "/calls/"+id, "").object(t)["state"])
}

func TestListOfCalls(t *testing.T) {
	t.Parallel()
	s := launch(t, "-rounds", "4")
	first := s.post(t, `{"people":[{"name":"`+numberA+`","phone":"`+numberA+`"}],"key":"k-`+numberA+`"}`)
	second := s.post(t, `{"phones":["`+numberB+`"],"rounds":2,"severity":"major"}`)
	require.Equal(t, 200, s.api(t, http.MethodDelete, "/calls/"+first, "").status)
	for query, want := range map[string][]string{"": {second, first}, "?limit=1": {second}, "?open=1": {second}} {
		a := s.api(t, http.MethodGet, "/calls"+query, "")
		calls, _ := a.object(t)["calls"].([]any)
		var ids []string
		for _, c := range calls {
			call, _ := c.(map[string]any)
			id, _ := call["id"].(string)
			ids = append(ids, id)
			require.NotContains(t, call, "audit")
		}
		require.Equal(t, want, ids, query)
		require.NotContains(t, a.text, numberA)
		require.NotContains(t, a.text, numberB)
	}
	call := s.api(t, http.MethodGet, "/calls/"+first, "").object(t)
	require.EqualValues(t, 4, call["rounds"])
	require.Equal(t, "k-187******01", call["key"])
	call = s.api(t, http.MethodGet, "/calls/"+second, "").object(t)
	require.EqualValues(t, 2, call["rounds"])
	require.Equal(t, "major", call["severity"])
}
