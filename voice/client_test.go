package voice_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

// appSecret takes the place of SECRET, which is in words like "app secret".
const appSecret = "Zq7-hush-hush-app"

// A spy answers every request with a text and remembers them.
type spy struct {
	status  int
	answer  string
	header  http.Header
	request *http.Request
	bodies  []string
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.request = r.Clone(context.WithoutCancel(r.Context()))
	s.bodies = append(s.bodies, string(body))
	return &http.Response{StatusCode: max(s.status, 200), Header: s.header.Clone(), Body: io.NopCloser(strings.NewReader(s.answer))}, nil
}

// spied returns a client whose requests a spy answers.
func spied(tb testing.TB, s *spy, address string, mode voice.Mode) *voice.Client {
	tb.Helper()
	c, err := voice.NewClient(address, voice.Credentials{AppCode: "tocsin_test", AppSecret: appSecret, Username: "admin"},
		&voice.ClientOptions{HTTPClient: &http.Client{Transport: s}, Mode: mode})
	require.NoError(tb, err)
	return c
}

// The requests are those of the fixtures, with the credentials in the header.
func TestClientRequest(t *testing.T) {
	t.Parallel()
	withNumbers := three()[:2]
	names := []voice.Callee{{User: "alice"}, {User: "bob"}}
	tests := []struct {
		name    string
		mode    voice.Mode
		address string
		callees []voice.Callee
		url     string
		fixture string
	}{
		{"numbers", voice.ESB, "http://paas.example.com", withNumbers,
			"http://paas.example.com/api/c/compapi/cmsi/send_voice_msg/", "esb_request_user_list.json"},
		{"names", voice.ESB, "https://paas.example.com/o/", names,
			"https://paas.example.com/o/api/c/compapi/cmsi/send_voice_msg/", "esb_request_receiver_username.json"},
		{"names, path of v2", voice.ESB, " https://paas.example.com/api/c/compapi/v2/cmsi/send_voice_msg ", names,
			"https://paas.example.com/api/c/compapi/v2/cmsi/send_voice_msg/", "esb_request_receiver_username.json"},
		{"gateway", voice.APIGateway, "https://bkapi.example.com", names,
			"https://bkapi.example.com/api/bk-cmsi/prod/v1/send_voice/", "apigw_request_send_voice.json"},
		{"gateway with a stage", voice.APIGateway, "https://bkapi.example.com/api/bk-cmsi/stag/", names,
			"https://bkapi.example.com/api/bk-cmsi/stag/v1/send_voice/", "apigw_request_send_voice.json"},
		{"gateway, whole", voice.APIGateway, "https://bkapi.example.com/x/v1/send_voice/", names,
			"https://bkapi.example.com/x/v1/send_voice/", "apigw_request_send_voice.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &spy{answer: `{"result":true,"code":0}`}
			_, err := spied(t, s, tt.address, tt.mode).Call(t.Context(), voice.Request{Callees: tt.callees, Text: "db-01 disk full"})
			require.NoError(t, err)
			require.Equal(t, tt.url, s.request.URL.String())
			require.Equal(t, "application/json", s.request.Header.Get("Content-Type"))
			want := decoded(t, fixture(t, tt.fixture))
			for _, secret := range []string{"bk_app_code", "bk_app_secret", "bk_token", "bk_username"} {
				delete(want, secret)
			}
			require.Equal(t, want, decoded(t, []byte(s.bodies[0])))
			require.NotContains(t, s.bodies[0], appSecret)
			header := httpFixture(t, "esb_request_header_auth.http").Header.Get("X-Bkapi-Authorization")
			require.JSONEq(t, strings.Replace(header, "SECRET", appSecret, 1), s.request.Header.Get("X-Bkapi-Authorization"))
		})
	}
}

// The rest of the body: who has no name, who is not asked for, text as it is.
func TestClientBody(t *testing.T) {
	t.Parallel()
	s := &spy{answer: `{"result":true,"code":0}`}
	c := spied(t, s, "http://paas.example.com", voice.ESB)
	report, err := c.Call(t.Context(), voice.Request{Text: `磁盘 <b> & "x"`, Callees: []voice.Callee{
		callee("", numberA), callee("twin", numberA), callee("intl", "+8613800000002"), callee("a,b", ""), callee(" ", ""),
		callee("carol", ""), callee("carol", ""),
	}})
	require.NoError(t, err)
	require.Equal(t, []string{
		`{"auto_read_message":"磁盘 <b> & \"x\"","user_list_information":[{"username":"callee-1","mobile_phone":"13800000001"}]}`,
		`{"auto_read_message":"磁盘 <b> & \"x\"","receiver__username":"carol"}`,
	}, s.bodies, "the component takes one list only")
	require.Equal(t, []voice.State{accepted, accepted, permanent, permanent, permanent, accepted, accepted}, states(report))
	_, err = c.Call(t.Context(), voice.Request{Callees: three()})
	require.ErrorContains(t, err, "no text")
	require.False(t, alert.Retryable(err))
	require.Len(t, s.bodies, 2)
}

// One of two requests fails: its callees bear the failure, the others not.
func TestClientOneOfTwoRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fail  voicetest.Failure
		state voice.State
	}{
		{"refused", voicetest.Code(1306403, "no"), permanent},
		{"unknown", voicetest.ThirdPartyTimeout(), unknown},
		{"lost", voicetest.ResetAfter(), unknown},
		{"not sent", voicetest.Unreachable(), temporary},
		{"rate", voicetest.RateLimited(), voice.Throttled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, esb := newClient(t, voice.ClientOptions{MaxAttempts: -1})
			esb.Fail(tt.fail)
			report, err := c.Call(t.Context(), voice.Request{Text: "x", Callees: []voice.Callee{{User: "alice"}, callee("bob", numberB)}})
			require.NoError(t, err)
			require.Equal(t, []voice.State{accepted, tt.state}, states(report))
			require.NotEmpty(t, report.Results[1].Reason)
			require.Equal(t, numberA, esb.Calls()[len(esb.Calls())-1].Number)
			leaktest.Check(t, []string{numberB, esb.AppSecret}, report)
		})
	}
}

// The HTTP status of the API gateway is the verdict, and the body explains it.
func TestAPIGateway(t *testing.T) {
	t.Parallel()
	c, esb := newClient(t, voice.ClientOptions{Mode: voice.APIGateway})
	report, err := c.Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "alice"}, {User: "bob"}}, Text: "x"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, accepted}, states(report))
	require.Len(t, esb.Calls(), 2)
	report, err = c.Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "alice"}, {User: "nobody"}}, Text: "x"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, permanent}, states(report), "who failed is named")
	require.Equal(t, "SEND_FAILED", report.Results[1].Code)
	require.Equal(t, "SEND_FAILED: some receivers failed", report.Results[1].Reason)
	require.Len(t, report.RequestID, 32)
	esb.Busy = []string{numberB}
	report, err = c.Call(t.Context(), voice.Request{Callees: append(three(), voice.Callee{User: "dave"}), Text: "x"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, permanent, accepted, accepted}, states(report))

	wrong, err := voice.NewClient(esb.URL(), voice.Credentials{AppCode: esb.AppCode, AppSecret: "wrong-secret"},
		&voice.ClientOptions{Mode: voice.APIGateway, HTTPClient: esb.Client()})
	require.NoError(t, err)
	_, err = wrong.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
	e := asError(t, err)
	require.Equal(t, http.StatusUnauthorized, e.HTTPStatus)
	require.Equal(t, "UNAUTHENTICATED: app secret does not match", e.Message)
	require.Len(t, e.RequestID, 32)
	require.False(t, alert.Retryable(err))
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Contains(t, err.Error(), "HTTP 401")
	require.Contains(t, err.Error(), `"UNAUTHENTICATED: app secret does not match"`)

	esb.Fail(voicetest.Answer(http.StatusForbidden, `{"message":"no\n`+esb.AppSecret+` for `+numberA+`","request_id":"id-1"}`))
	_, err = c.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
	require.Equal(t, "no [redacted] for 138******01", asError(t, err).Message)
	require.Equal(t, "id-1", asError(t, err).RequestID)
	leaktest.Check(t, []string{esb.AppSecret, numberA}, err)
}

// The answers of the API gateway as BlueKing's own clients read them, and those of
// older ones.
func TestAPIGatewayAnswers(t *testing.T) {
	t.Parallel()
	const failed = `{"error":{"code":"SEND_FAILED","message":"m","details":[{"failed":%s}]}}`
	for _, tt := range []struct {
		name   string
		status int
		body   string
		states string
		again  bool
		says   string // the error, if there are no states
	}{
		{name: "data null", body: `{"data":null}`, states: "[accepted accepted]"},
		{name: "data empty", body: `{"data":{}}`, states: "[accepted accepted]"},
		{name: "data a text", body: `{"data":"OK"}`, states: "[accepted accepted]"},
		{name: "data a list, 201", status: 201, body: `{"data":[1]}`, states: "[accepted accepted]"},
		{name: "with a message id", body: `{"data":{"msg_id":"m-1"},"error":null}`, states: "[accepted accepted]"},
		{name: "as the ESB", body: `{"result":true,"code":0,"data":null}`, states: "[accepted accepted]"},
		{name: "as the ESB, no", body: `{"result":false,"code":1306403,"data":null}`, says: "1306403"},
		{name: "counts", body: `{"data":{"summary":{"total":2,"succeeded":0,"failed":2}}}`, states: "[rejected rejected]"},
		{name: "nothing said", body: `{}`, says: "no verdict"},
		{name: "one failed", status: 400, body: fmt.Sprintf(failed, `["13800000002"]`), states: "[accepted rejected]"},
		{name: "one failed, by another status", status: 500, body: fmt.Sprintf(failed, `["+8613800000002"]`), states: "[accepted rejected]"},
		{name: "one failed, 200", body: fmt.Sprintf(failed, `["13800000002"]`), states: "[accepted rejected]"},
		{name: "one failed, an object", status: 400, body: fmt.Sprintf(failed, `[{"username":"bob","reason":"x"}]`), states: "[accepted rejected]"},
		{name: "both failed", status: 400, body: fmt.Sprintf(failed, `["alice","bob"]`), states: "[rejected rejected]"},
		{name: "somebody else failed", status: 400, body: fmt.Sprintf(failed, `["eve"]`), states: "[unknown unknown]"},
		{name: "nobody knows who failed", status: 400, body: fmt.Sprintf(failed, `[]`), states: "[unknown unknown]"},
		{name: "details an object", status: 400, body: `{"error":{"code":"SEND_FAILED","details":{"failed":["bob"]}}}`, states: "[accepted rejected]"},
		{name: "refused", status: 403, body: `{"error":{"code":"FORBIDDEN","message":"no","details":[]}}`, says: "FORBIDDEN: no"},
		{name: "refused with 200", body: `{"error":{"code":"FORBIDDEN","message":"no"}}`, says: "FORBIDDEN: no"},
		{name: "refused, a text", body: `{"error":"no"}`, says: `"no"`},
		{name: "too many", status: 429, body: `{"error":{"code":"RATE","message":"later"}}`, says: "RATE: later", again: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, esb := newClient(t, voice.ClientOptions{Mode: voice.APIGateway, MaxAttempts: -1})
				esb.FailAlways(voicetest.Answer(cmp.Or(tt.status, 200), tt.body))
				report, err := c.Call(t.Context(), voice.Request{Callees: three()[:2], Text: "x"})
				if tt.says != "" {
					require.ErrorContains(t, err, tt.says)
					require.Equal(t, tt.again, alert.Retryable(err))
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.states, fmt.Sprintf("%v", states(report)))
			})
		})
	}
}

// What is sent to the API gateway.
func TestAPIGatewayRequest(t *testing.T) {
	t.Parallel()
	s := &spy{answer: `{"data":null}`}
	_, err := spied(t, s, "https://bkapi.example.com", voice.APIGateway).Call(t.Context(), voice.Request{Callees: three()[:2], Text: "x"})
	require.NoError(t, err)
	require.JSONEq(t, `{"receiver":["13800000001","13800000002"],"auto_read_message":"x"}`, s.bodies[0])
	require.Equal(t, "default", s.request.Header.Get("X-Bk-Tenant-Id"))
	_, err = voice.NewClient("https://bkapi.example.com", voice.Credentials{AppCode: "a", AppSecret: "b"}, &voice.ClientOptions{Tenant: "a\nb"})
	require.ErrorContains(t, err, "Tenant")
}

// A callee whom nobody asked for does not go without a result because the
// request for the others failed.
func TestClientRefusedBesideObjection(t *testing.T) {
	t.Parallel()
	c, esb := newClient(t, voice.ClientOptions{})
	esb.Fail(voicetest.Code(1306403, "no"))
	report, err := c.Call(t.Context(), voice.Request{Text: "x", Callees: []voice.Callee{callee("intl", "+8613800000003"), callee("bob", numberB)}})
	require.NoError(t, err)
	require.Equal(t, []voice.State{permanent, permanent}, states(report))
	require.Equal(t, "number", report.Results[0].Code)
	require.Contains(t, report.Results[1].Reason, "1306403")
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	good := voice.Credentials{AppCode: "app-code", AppSecret: "hush-hush"}
	for _, address := range []string{
		"", "paas.example.com", "ftp://paas.example.com", "https://", "https://user:hush-hush@paas.example.com",
		"https://paas.example.com?bk_app_secret=hush-hush", "https://paas.example.com/#x", "https:paas", "https://[::1", "https://x/?",
	} {
		_, err := voice.NewClient(address, good, nil)
		require.ErrorContains(t, err, "address", address)
		leaktest.Check(t, []string{"hush-hush"}, err)
	}
	for name, c := range map[string]voice.Credentials{
		"bk_app_code":   {AppSecret: "hush-hush"},
		"bk_app_secret": {AppCode: "a", AppSecret: " "},
		"bk_username":   {AppCode: "a", AppSecret: "hush-hush", Username: "x\r\nHost: y"},
		"bk_token":      {AppCode: "a", AppSecret: "hush-hush", Token: "令牌"},
	} {
		_, err := voice.NewClient("https://paas.example.com", c, nil)
		require.ErrorContains(t, err, name)
		leaktest.Check(t, []string{"hush-hush"}, err)
	}
	full := voice.Credentials{AppCode: "app-code", AppSecret: "hush-hush", Username: "admin", Token: "bk-token-hush"}
	c, err := voice.NewClient("https://paas.example.com", full, nil)
	require.NoError(t, err)
	leaktest.Check(t, []string{"hush-hush", "bk-token-hush"}, c, *c, struct{ c *voice.Client }{c})
	printed := fmt.Sprintf("%v %+v %#v %s %x", full, full, &full, full, full)
	encoded, err := json.Marshal(full)
	require.NoError(t, err)
	leaktest.Check(t, []string{"hush-hush", "bk-token-hush"}, printed, encoded, full.LogValue().String())
	require.Equal(t, "voice.Client(paas.example.com)", fmt.Sprint(c))
	require.Equal(t, "voice.Client(nil)", fmt.Sprint((*voice.Client)(nil)))
}
