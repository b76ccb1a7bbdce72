package pigeontest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// A caller speaks to a server by hand.
type caller struct {
	t      *testing.T
	server *pigeontest.Server
	base   string
	web    *http.Client
	change func(*http.Request)
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	server := pigeontest.NewServer(t)
	return &caller{t, server, server.URL(), server.Client(), func(*http.Request) {}}
}

// call returns the status and the object of an answer.
func (c *caller) call(method, path, body string) (int, map[string]any) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("X-Authorization", "Token "+c.server.Token)
	r.Header.Set("Content-Type", "application/json")
	c.change(r)
	resp, err := c.web.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	var object map[string]any
	_ = json.Unmarshal(text, &object)
	return resp.StatusCode, object
}

const api = "/api/apps/pigeon"

// ids is a request by prepared objects.
const ids = `{"params":{"callflowId":"` + pigeontest.CallFlowID + `","guidanceId":"` + pigeontest.GuidanceID + `","parameters":{"text":"x"}}}`

func TestStrict(t *testing.T) {
	t.Parallel()
	const (
		flow     = `"callflow":{"loopLimit":1,"contacts":[{"displayName":"a","phones":[{"phoneNumber":"09000000001"}]}]}`
		guidance = `"guidance":{"messageTemplate":"{{a}}","reactions":{"1":{"behavior":"terminate"}}}`
	)
	tests := []struct {
		name, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"ids", "POST", api + "/chain/invoke", ids, nil, 200},
		{"inline", "POST", api + "/chain/invoke", `{"params":{` + flow + `,` + guidance + `,"parameters":{"a":"b"}}}`, nil, 200},
		{"mixed", "POST", api + "/chain/invoke", `{"params":{` + flow + `,"guidanceId":"` + pigeontest.GuidanceID + `","parameters":{"text":"b"}}}`, nil, 200},
		{"the path of the vendor's list", "POST", "/api/apps/chain/invoke", ids, nil, 404},
		{"method", "GET", api + "/chain/invoke", "", nil, 405},
		{"method of a question", "POST", api + "/calls", "{}", nil, 405},
		{"no type", "POST", api + "/chain/invoke", ids, func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		{"no token", "POST", api + "/chain/invoke", ids, func(r *http.Request) { r.Header.Del("X-Authorization") }, 401},
		{"wrong token", "GET", api + "/calls?offset=0&limit=1", "", func(r *http.Request) { r.Header.Set("X-Authorization", "Token x") }, 401},
		{"token in the wrong header", "GET", api + "/calls?offset=0&limit=1", "", func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("X-Authorization"))
			r.Header.Del("X-Authorization")
		}, 401},
		{"no JSON", "POST", api + "/chain/invoke", "{", nil, 400},
		{"no params", "POST", api + "/chain/invoke", "{}", nil, 400},
		{"misspelt field", "POST", api + "/chain/invoke", `{"params":{"callFlowID2":"x"}}`, nil, 400},
		{"no halves", "POST", api + "/chain/invoke", `{"params":{}}`, nil, 400},
		{"both of a half", "POST", api + "/chain/invoke", `{"params":{"callflowId":"c",` + flow + `,` + guidance + `}}`, nil, 400},
		{"both of the other", "POST", api + "/chain/invoke", `{"params":{"guidanceId":"c",` + flow + `,` + guidance + `}}`, nil, 400},
		{"unknown call flow", "POST", api + "/chain/invoke", strings.Replace(ids, "049d", "0000", 1), nil, 400},
		{"unknown guidance", "POST", api + "/chain/invoke", strings.Replace(ids, "570e", "0000", 1), nil, 400},
		{"missing value", "POST", api + "/chain/invoke", strings.Replace(ids, `"text"`, `"other"`, 1), nil, 400},
		{"no loops", "POST", api + "/chain/invoke", `{"params":{` + strings.Replace(flow, ":1,", ":0,", 1) + `,` + guidance + `,"parameters":{"a":""}}}`, nil, 400},
		{"eleven loops", "POST", api + "/chain/invoke", `{"params":{` + strings.Replace(flow, ":1,", ":11,", 1) + `,` + guidance + `,"parameters":{"a":""}}}`, nil, 400},
		{"number with hyphens", "POST", api + "/chain/invoke", `{"params":{` + strings.Replace(flow, "0900", "090-0", 1) + `,` + guidance + `,"parameters":{"a":""}}}`, nil, 400},
		{"behavior", "POST", api + "/chain/invoke", `{"params":{` + flow + `,` + strings.Replace(guidance, "terminate", "end", 1) + `,"parameters":{"a":""}}}`, nil, 400},
		{"key 0", "POST", api + "/chain/invoke", `{"params":{` + flow + `,` + strings.Replace(guidance, `"1"`, `"0"`, 1) + `,"parameters":{"a":""}}}`, nil, 400},
		{"unknown result", "GET", api + "/results/x", "", nil, 404},
		{"nested result", "GET", api + "/results/x/y", "", nil, 404},
		{"abort unknown", "POST", api + "/chain/abort", `{"resultId":"x"}`, nil, 404},
		{"abort nothing", "POST", api + "/chain/abort", `{}`, nil, 400},
		{"list without a limit", "GET", api + "/calls", "", nil, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t)
			if tt.change != nil {
				c.change = tt.change
			}
			status, object := c.call(tt.method, tt.path, tt.body)
			require.Equal(t, tt.want, status)
			placed := 0
			if tt.want == 200 {
				placed = 1
				require.Equal(t, "requested", object["status"])
				require.NotNil(t, object["params"])
			}
			require.Equal(t, placed, c.server.Placed())
		})
	}
}

func TestBasic(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	c.server.User, c.server.Password = "hq", "secret"
	status, _ := c.call("POST", api+"/chain/invoke", ids)
	require.Equal(t, 401, status)
	for password, want := range map[string]int{"wrong": 401, "secret": 200} {
		c.change = func(r *http.Request) { r.SetBasicAuth("hq", password) }
		status, _ = c.call("POST", api+"/chain/invoke", ids)
		require.Equal(t, want, status)
	}
}

// TestLife looks at one chain as time goes by: a line, a missed call, one in
// which a key is pressed, a second round without who left.
func TestLife(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	s := c.server
	s.AddCallFlow(pigeontest.CallFlowID, 2, pigeontest.Contact{Name: "a", Numbers: []string{"1110", "1111"}}, pigeontest.Contact{Name: "b", Numbers: []string{"2222"}})
	s.Line, s.Late = time.Minute, 10*time.Second
	var dials []pigeontest.Dial
	s.Answer = func(d pigeontest.Dial) pigeontest.Pickup {
		dials = append(dials, d)
		switch d.Number {
		case "1110":
			return pigeontest.Broken()
		case "1111":
			return pigeontest.Pressed("3")
		}
		if d.Loop == 2 {
			return pigeontest.Pressed("1")
		}
		return pigeontest.Ignored()
	}
	_, object := c.call("POST", api+"/chain/invoke", ids)
	id, _ := object["resultId"].(string)
	require.Equal(t, []pigeontest.Dial{{"a", "1110", 1}, {"a", "1111", 1}, {"b", "2222", 1}, {"b", "2222", 2}}, dials, "a has left")
	look := func(after time.Duration, want ...any) {
		t.Helper()
		s.Advance(after)
		_, o := c.call("GET", api+"/results/"+id, "")
		calls, _ := o["calls"].([]any)
		last := any(nil)
		if len(calls) > 0 {
			k, _ := calls[len(calls)-1].(map[string]any)
			last = k["status"]
		}
		require.Equal(t, want, []any{o["isActive"], o["status"], o["keyInput"], len(calls), last})
		require.Equal(t, len(calls), s.Dialled())
	}
	status, _ := c.call("GET", api+"/results/"+id, "")
	require.Equal(t, 404, status)
	look(10*time.Second, true, "waiting", nil, 0, nil)
	look(50*time.Second, true, "calling", nil, 1, "calling")
	look(5*time.Second, true, "calling", nil, 2, "calling")
	look(40*time.Second, true, "calling", "3", 3, "calling")
	look(210*time.Second, true, "calling", "3", 4, "calling")
	look(39*time.Second, true, "calling", "3", 4, "calling")
	look(time.Second, false, "succeeded", "1", 4, "succeeded")
	status, _ = c.call("POST", api+"/chain/abort", `{"resultId":"`+id+`"}`)
	require.Equal(t, 201, status)
	look(0, false, "succeeded", "1", 4, "succeeded")
	s.Flagless = true
	look(0, nil, "succeeded", "1", 4, "succeeded")
	_, page := c.call("GET", api+"/calls?offset=0&limit=5", "")
	require.Len(t, page["items"], 1)
}

func TestAbort(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	place := func() string {
		_, object := c.call("POST", api+"/chain/invoke", ids)
		id, _ := object["resultId"].(string)
		return id
	}
	state := func(id string) []any {
		_, o := c.call("GET", api+"/results/"+id, "")
		calls, _ := o["calls"].([]any)
		k, _ := calls[len(calls)-1].(map[string]any)
		return []any{o["isActive"], o["status"], len(calls), k["status"]}
	}
	id := place()
	c.server.Advance(10 * time.Second)
	c.call("POST", api+"/chain/abort", `{"resultId":"`+id+`"}`)
	require.Equal(t, []any{true, "calling", 1, "aborting"}, state(id))
	c.server.Advance(5 * time.Second)
	require.Equal(t, []any{false, "aborted", 1, "aborted"}, state(id))
	c.server.Advance(time.Hour)
	require.Equal(t, []any{false, "aborted", 1, "aborted"}, state(id))
	require.Equal(t, 1, c.server.Dialled(), "the second was never called")
}

// TestFailures counts chains, for those that place one and those that do not.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failure pigeontest.Failure
		placed  int
		status  int // 0: no answer
	}{
		"reply": {pigeontest.Reply(400, "x"), 0, 400}, "page": {pigeontest.HTML(502), 0, 502}, "busy": {pigeontest.RetryAfter(429, "1"), 0, 429},
		"instead": {pigeontest.Instead(pigeontest.HTML(503)), 1, 503}, "unreachable": {pigeontest.Unreachable(), 0, 0},
		"reset": {pigeontest.Reset(), 0, 0}, "reset after": {pigeontest.ResetAfter(), 1, 0}, "cut": {pigeontest.Cut(), 1, 200},
	} {
		for _, socket := range []bool{false, true} {
			c := newCaller(t)
			if socket {
				c.base, c.web = c.server.Listen(t), &http.Client{}
			}
			c.server.Fail(tt.failure)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+api+"/chain/invoke", strings.NewReader(ids))
			require.NoError(t, err)
			r.Header.Set("X-Authorization", "Token "+c.server.Token)
			r.Header.Set("Content-Type", "application/json")
			resp, err := c.web.Do(r)
			if tt.status == 0 {
				require.Error(t, err, name)
			} else {
				require.NoError(t, err, name)
				require.Equal(t, tt.status, resp.StatusCode, name)
				require.NoError(t, resp.Body.Close())
			}
			require.Equal(t, tt.placed, c.server.Placed(), name)
			require.Equal(t, 1, c.server.Attempts())
		}
	}
	c := newCaller(t)
	c.server.FailAlways(pigeontest.HTML(500))
	status, _ := c.call("POST", api+"/chain/invoke", ids)
	require.Equal(t, 500, status)
}
