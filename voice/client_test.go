package voice_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// Every recorded answer and its meaning.
func TestFixtureAnswers(t *testing.T) {
	t.Parallel()
	type want struct {
		states    []voice.State // nil: an error
		code      voice.Code
		again     bool
		uncertain bool
		mode      voice.Mode
	}
	throttled := voice.Throttled
	both := []voice.State{accepted, accepted}
	wants := map[string]want{
		"esb_response_ok_tencent":              {states: both},
		"esb_response_ok_no_data":              {states: both},
		"esb_response_ok_string_code":          {states: both},
		"esb_response_partial_failed_tencent":  {states: []voice.State{accepted, throttled}},
		"esb_response_all_users_invalid":       {states: []voice.State{permanent}},
		"esb_response_auth_failed":             {code: voice.CodeGeneral},
		"esb_response_bad_argument":            {code: voice.CodeGeneral},
		"esb_response_unconfigured":            {code: voice.CodeGeneral},
		"esb_response_app_no_permission":       {code: voice.CodeAppForbidden},
		"esb_response_channel_inactive":        {code: voice.CodeInactive},
		"esb_response_rate_limited":            {code: voice.CodeRateLimited, again: true},
		"esb_response_third_party_timeout":     {code: voice.CodeThirdParty, uncertain: true},
		"esb_response_trap_data_null":          {states: both},
		"esb_response_trap_data_string":        {states: both},
		"esb_response_trap_false_code0":        {code: voice.CodeOK},
		"desturl_response_ok":                  {states: both},
		"desturl_response_partial":             {states: []voice.State{accepted, permanent}},
		"apigw_response_ok_reconstructed":      {states: both, mode: voice.APIGateway},
		"apigw_response_partial_reconstructed": {states: []voice.State{unknown, unknown}, mode: voice.APIGateway},
	}
	files, err := filepath.Glob("testdata/[ead]*_response_*.json")
	require.NoError(t, err)
	require.Len(t, files, len(wants))
	for name, tt := range wants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callees := three()[:2]
			if strings.Contains(name, "invalid") {
				callees = []voice.Callee{{User: "carol"}}
			}
			s := &spy{answer: string(fixture(t, name+".json"))}
			report, err := spied(t, s, "https://paas.example.com", tt.mode).Call(alert.Once(t.Context()), voice.Request{Callees: callees, Text: "x"})
			require.Len(t, s.bodies, 1)
			leaktest.Check(t, []string{numberA, numberB, appSecret}, report, err)
			if strings.HasPrefix(name, "esb_") {
				require.Equal(t, fixedID, report.RequestID)
			}
			if tt.states != nil {
				require.NoError(t, err)
				require.Equal(t, tt.states, states(report))
				return
			}
			e := asError(t, err)
			require.True(t, e.Refused)
			require.ErrorIs(t, err, tt.code)
			require.Equal(t, tt.again, alert.Retryable(err))
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain))
			require.Equal(t, fixedID, e.RequestID)
			require.Contains(t, e.Error(), "request_id "+fixedID)
			require.Contains(t, e.Error(), e.Message)
			require.Equal(t, 200, e.HTTPStatus)
		})
	}
}

func TestFixtureDetails(t *testing.T) {
	t.Parallel()
	call := func(name string) []voice.Result {
		s := &spy{answer: string(fixture(t, name))}
		report, err := spied(t, s, "https://paas.example.com", voice.ESB).Call(t.Context(), voice.Request{Callees: three()[:2], Text: "x"})
		require.NoError(t, err)
		return report.Results
	}
	results := call("esb_response_partial_failed_tencent.json")
	require.Equal(t, "c-1", results[0].ProviderID)
	require.Equal(t, "1013", results[1].Code)
	require.Equal(t, "frequency limit", results[1].Reason)
	require.Positive(t, results[1].RetryAfter)
	results = call("desturl_response_partial.json")
	require.Equal(t, "c-1", results[0].ProviderID)
	require.Equal(t, "no number", results[1].Reason)
}

// Answers in shapes that drift, lie or mean nothing.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		states       string // of alice and bob; empty: an error
		uncertain    bool
	}{
		{"code as a string", `{"result":true,"code":"0"}`, "accepted accepted", false},
		{"no code", `{"result":true}`, "accepted accepted", false},
		{"no result", `{"code":0}`, "accepted accepted", false},
		{"no result, code 00", `{"code":"00","data":[]}`, "accepted accepted", false},
		{"result null", `{"result":null,"code":0}`, "accepted accepted", false},
		{"result as a number", `{"result":1,"code":0}`, "accepted accepted", false},
		{"result as text", `{"result":"False","code":0}`, "", false},
		{"result beats the code", `{"result":true,"code":1306000}`, "accepted accepted", false},
		{"no result, bad code", `{"code":1306406,"message":"x"}`, "", false},
		{"unknown code", `{"result":false,"code":77}`, "", false},
		{"code that is no number", `{"result":false,"code":"E_FAIL"}`, "", false},
		{"unknown format behind", `{"result":false,"code":1306208}`, "", true},
		{"data of wrong types", `{"result":true,"data":{"successed":3,"failed":"x","details":{"a":1},"summary":[],"username_check":0}}`, "accepted accepted", false},
		{"failed one beside a good result", `{"result":true,"data":{"failed":[{"username":"bob","result":1004}]}}`, "accepted rejected", false},
		{"failed by number", `{"result":false,"data":{"failed":[{"username":"x","mobile_phone":"13800000002","result":"3001"}]}}`, "unknown rejected_temporary", false},
		{"upstream timeout", `{"result":false,"data":{"failed":[{"username":"bob","result":3011},{"username":"alice","result":3002}]}}`, "rejected_temporary unknown", false},
		{"failed without a code", `{"result":false,"data":{"failed":[{"username":"bob"}]}}`, "unknown unknown", false},
		{"a name for two", `{"result":false,"data":{"details":[{"username":"bob","state":"accepted"},{"username":"bob","state":"rejected"}]}}`, "", false},
		{"a state nobody knows", `{"result":false,"data":{"details":[{"username":"bob","state":"humming"}]}}`, "unknown unknown", false},
		{"summary of failures", `{"data":{"summary":{"total":2,"succeeded":0,"failed":2},"message":"all 13800000001 failed"}}`, "rejected rejected", false},
		{"empty", ``, "", true},
		{"object without a verdict", `{}`, "", true},
		{"message alone", `{"message":"ok"}`, "", true},
		{"list", `[]`, "", true},
		{"text", `"ok"`, "", true},
		{"page", `<html>log in</html>`, "", true},
		{"cut", `{"result":true,"code":0`, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &spy{answer: tt.answer}
			report, err := spied(t, s, "https://paas.example.com", voice.ESB).Call(t.Context(), voice.Request{Callees: three()[:2], Text: "x"})
			require.Len(t, s.bodies, 1)
			leaktest.Check(t, []string{numberA, numberB}, report, err)
			if tt.states != "" {
				require.NoError(t, err)
				require.Equal(t, tt.states, fmt.Sprintf("%v %v", report.Results[0].State, report.Results[1].State))
				return
			}
			require.Error(t, err)
			require.False(t, alert.Retryable(err))
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
		})
	}
}

// Each row of the table of codes: its meaning, and what is repeated.
func TestCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code             voice.Code
		meaning          string
		again, uncertain bool
	}{
		{voice.CodeGeneral, "general error", false, false},
		{voice.CodeThirdParty, "timed out", false, true},
		{voice.CodeThirdPartyTLS, "no secure connection", true, false},
		{1306206, "not configured", false, false},
		{1306207, "blocked", false, false},
		{voice.CodeBadResult, "unknown format", false, true},
		{1306209, "method", false, false},
		{voice.CodeNoOperator, "no operator", false, false},
		{voice.CodeUserForbidden, "user may not", false, false},
		{voice.CodeAppForbidden, "app may not", false, false},
		{voice.CodeNoComponent, "no such component", false, false},
		{voice.CodeInactive, "switched off", false, false},
		{voice.CodeBadArgument, "bad argument", false, false},
		{1306407, "bad path", false, false},
		{1306408, "token of the API gateway", false, false},
		{voice.CodeRateLimited, "too many requests", true, false},
		{1306999, "code 1306999", false, false},
		{1, "code 1", false, false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(int(tt.code)), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, esb := newClient(t, voice.ClientOptions{})
				esb.FailAlways(voicetest.Code(int(tt.code), "told to "+numberA+" with "+esb.AppSecret))
				_, err := c.Call(t.Context(), voice.Request{Callees: three()[:1], Text: "x"})
				require.ErrorIs(t, err, tt.code)
				require.ErrorContains(t, err, tt.meaning)
				require.Equal(t, tt.again, tt.code.Retryable())
				require.Equal(t, tt.uncertain, tt.code.IsUncertain())
				require.Equal(t, tt.again, alert.Retryable(err))
				require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain))
				want := 1
				if tt.again {
					want = 3
				}
				require.Equal(t, want, esb.Attempts())
				require.Empty(t, esb.Calls())
				require.Equal(t, tt.code == voice.CodeRateLimited, alert.RetryAfter(err) > 0)
				require.Equal(t, "told to 138******01 with [redacted]", asError(t, err).Message)
				leaktest.Check(t, []string{numberA, esb.AppSecret}, err)
			})
		})
	}
}

// What each fault costs: the phones that rang, never twice; the requests; and
// what the error says.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		fail             voicetest.Failure
		calls, attempts  int
		again, uncertain bool
		says             string
	}{
		{"refused", voicetest.Unreachable(), 0, 3, true, false, "not sent"},
		{"dies before the request is read", voicetest.Reset(), 0, 1, false, true, "it may have been done"},
		{"dies after the request", voicetest.ResetAfter(), 1, 1, false, true, "it may have been done"},
		{"dies in mid-answer", voicetest.Cut(), 1, 1, false, true, "unexpected EOF"},
		{"hangs", voicetest.Hang(nil), 0, 1, false, true, "no answer within 40s"},
		{"500 with a page", voicetest.HTML(500), 0, 1, false, true, "HTTP 500"},
		{"502 with a page", voicetest.HTML(502), 0, 1, false, true, "HTTP 502"},
		{"504 with a page", voicetest.HTML(504), 0, 1, false, true, "HTTP 504"},
		{"429 with Retry-After", voicetest.RetryAfter(429, "7"), 0, 3, true, false, "retry after 7s"},
		{"429 for long", voicetest.RetryAfter(429, "600"), 0, 1, true, false, "retry after 10m"},
		{"503 with Retry-After", voicetest.RetryAfter(503, "7"), 0, 1, false, true, "HTTP 503"},
		{"404", voicetest.HTML(404), 0, 1, false, false, "HTTP 404"},
		{"302", voicetest.HTML(302), 0, 1, false, false, "redirects are not followed"},
		{"200 with a page", voicetest.HTML(200), 0, 1, false, true, "no verdict"},
		{"200 with nothing", voicetest.Failure{}, 0, 1, false, true, "no verdict"},
		{"1306201", voicetest.ThirdPartyTimeout(), 0, 1, false, true, "1306201"},
		{"1306429", voicetest.RateLimited(), 0, 3, true, false, "1306429"},
		{"1306203", voicetest.Code(1306203, "ssl"), 0, 3, true, false, "1306203"},
	}
	for _, tt := range tests {
		for _, mode := range []voice.Mode{voice.ESB, voice.APIGateway} {
			t.Run(fmt.Sprint(tt.name, " ", mode), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					log := &journal{}
					logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
					c, esb := newClient(t, voice.ClientOptions{Logger: logger, Mode: mode})
					esb.FailAlways(tt.fail)
					s := newSender(t, c, three(), voice.SenderOptions{Logger: logger})
					err := s.Send(t.Context(), full())
					require.ErrorContains(t, err, tt.says)
					require.Equal(t, tt.again, alert.Retryable(err), "%v", err)
					require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
					require.Equal(t, tt.attempts, esb.Attempts())
					rang := map[string]int{}
					for _, call := range esb.Calls() {
						rang[call.Number]++
					}
					require.Len(t, rang, 3*tt.calls)
					for _, n := range rang {
						require.Equal(t, 1, n)
					}
					leaktest.Check(t, []string{numberA, numberB, numberC, esb.AppSecret}, err, log.String(), c, s)
				})
			})
		}
	}
}

// The faults that need a real connection.
func TestFaultTableOverSockets(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	tests := []struct {
		name             string
		serve            func(t *testing.T, esb *voicetest.ESB) (address string)
		calls            int
		again, uncertain bool
		says             string
	}{
		{"refused", func(*testing.T, *voicetest.ESB) string { return closed.URL }, 0, true, false, "connection refused"},
		{"certificate of a stranger", func(t *testing.T, esb *voicetest.ESB) string {
			server := httptest.NewUnstartedServer(esb)
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			return server.URL
		}, 0, true, false, "not sent"},
		{"no TLS where it is expected", func(t *testing.T, esb *voicetest.ESB) string {
			return strings.Replace(esb.Listen(t), "http:", "https:", 1)
		}, 0, true, false, "not sent"},
		{"dies before the request is read", failingWith(voicetest.Reset()), 0, false, true, "it may have been done"},
		{"dies after the request", failingWith(voicetest.ResetAfter()), 1, false, true, "it may have been done"},
		{"dies in mid-answer", failingWith(voicetest.Cut()), 1, false, true, "it may have been done"},
		{"hangs", failingWith(voicetest.Hang(nil)), 0, false, true, "no answer within 300ms"},
		{"slow body", func(t *testing.T, esb *voicetest.ESB) string {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				esb.ServeHTTP(httptest.NewRecorder(), r)
				w.Header().Set("Content-Length", "1000")
				_, _ = io.WriteString(w, `{"result":true,`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}))
			t.Cleanup(server.Close)
			return server.URL
		}, 1, false, true, "no answer within 300ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			esb := voicetest.NewESB(t)
			c := clientOf(t, esb, tt.serve(t, esb), voice.ClientOptions{MaxAttempts: -1, Timeout: 300 * time.Millisecond})
			err := newSender(t, c, three()[:1], voice.SenderOptions{}).Send(t.Context(), full())
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, tt.again, alert.Retryable(err), "%v", err)
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain), "%v", err)
			require.Len(t, esb.Calls(), tt.calls)
			leaktest.Check(t, []string{numberA, esb.AppSecret}, err)
		})
	}
}

// failingWith returns a function that listens and fails.
func failingWith(f voicetest.Failure) func(*testing.T, *voicetest.ESB) string {
	return func(t *testing.T, esb *voicetest.ESB) string {
		t.Helper()
		esb.FailAlways(f)
		return esb.Listen(t)
	}
}

// A connection that was kept and has died meanwhile does not lead to a second
// request by net/http itself.
func TestDeadIdleConnection(t *testing.T) {
	t.Parallel()
	esb := voicetest.NewESB(t)
	c := clientOf(t, esb, esb.Listen(t), voice.ClientOptions{})
	request := voice.Request{Callees: three()[:1], Text: "x"}
	_, err := c.Call(t.Context(), request)
	require.NoError(t, err)
	esb.Fail(voicetest.ResetAfter())
	_, err = c.Call(t.Context(), request)
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.Len(t, esb.Calls(), 2)
	require.Equal(t, 2, esb.Attempts())
}

// A fault that passes is repeated within the call, which then rings once.
func TestRepetitionThatHelps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, esb := newClient(t, voice.ClientOptions{})
		esb.Fail(voicetest.Unreachable(), voicetest.RateLimited())
		begin := time.Now()
		report, err := c.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Len(t, esb.Calls(), 3)
		require.Equal(t, 3, esb.Attempts())
		require.GreaterOrEqual(t, time.Since(begin), 10*time.Second, "the rate limit says later")
		// Under Once nothing is repeated.
		esb.Fail(voicetest.Unreachable())
		_, err = c.Call(alert.Once(t.Context()), voice.Request{Callees: three(), Text: "x"})
		require.True(t, alert.Retryable(err))
		require.Equal(t, 4, esb.Attempts())
	})
}

// A limit hit while a repetition was due, and the end of ctx, keep both facts.
func TestInterruptedRepetition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, esb := newClient(t, voice.ClientOptions{})
		esb.FailAlways(voicetest.RateLimited())
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			_, err := c.Call(ctx, voice.Request{Callees: three(), Text: "x"})
			result <- err
		}()
		synctest.Wait()
		cancel()
		err := <-result
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, voice.CodeRateLimited)
		require.True(t, alert.Retryable(err))
		require.NotErrorIs(t, err, alert.ErrUncertain)
		require.Contains(t, err.Error(), "1306429")
	})
}

// The API gateway explains its statuses in the body.
func TestAPIGateway(t *testing.T) {
	t.Parallel()
	c, esb := newClient(t, voice.ClientOptions{Mode: voice.APIGateway})
	report, err := c.Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "alice"}, {User: "bob"}}, Text: "x"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{accepted, accepted}, states(report))
	require.Len(t, esb.Calls(), 2)
	report, err = c.Call(t.Context(), voice.Request{Callees: []voice.Callee{{User: "alice"}, {User: "nobody"}}, Text: "x"})
	require.NoError(t, err)
	require.Equal(t, []voice.State{unknown, unknown}, states(report), "nobody can tell who failed")
	require.Contains(t, report.Results[0].Reason, "1 of 2 failed")

	wrong, err := voice.NewClient(esb.URL(), voice.Credentials{AppCode: esb.AppCode, AppSecret: "wrong-secret"},
		&voice.ClientOptions{Mode: voice.APIGateway, HTTPClient: esb.Client()})
	require.NoError(t, err)
	_, err = wrong.Call(t.Context(), voice.Request{Callees: three(), Text: "x"})
	e := asError(t, err)
	require.Equal(t, http.StatusUnauthorized, e.HTTPStatus)
	require.Equal(t, "app secret does not match", e.Message)
	require.Len(t, e.RequestID, 32)
	require.False(t, alert.Retryable(err))
	require.NotErrorIs(t, err, alert.ErrUncertain)
	require.Contains(t, err.Error(), "HTTP 401")
	require.Contains(t, err.Error(), `"app secret does not match"`)
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
	require.Equal(t, "voice.Client(paas.example.com)", c.String())
	require.Equal(t, "voice.Client(nil)", (*voice.Client)(nil).String())
}

func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/[ead]*_response_*.json")
	require.NoError(f, err)
	for _, name := range files {
		f.Add(string(fixture(f, filepath.Base(name))))
	}
	f.Add(`{"result":false,"data":{"failed":[null,{"username":13800000001}],"details":[null]}}`)
	f.Fuzz(func(t *testing.T, answer string) {
		s := &spy{answer: answer}
		report, err := spied(t, s, "https://paas.example.com", voice.ESB).Call(alert.Once(t.Context()), voice.Request{Callees: three(), Text: "x"})
		require.Len(t, s.bodies, 1)
		if err != nil {
			require.NotContains(t, err.Error(), numberA)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.Len(t, report.Results, 3)
		for _, r := range report.Results {
			require.LessOrEqual(t, len(r.Reason), 256)
			encoded, err := json.Marshal(r)
			require.NoError(t, err)
			require.NotContains(t, string(encoded), numberA)
		}
	})
}
