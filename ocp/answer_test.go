package ocp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/internal/standin"
	"github.com/tocsin-go/tocsin/ocp"
	"github.com/tocsin-go/tocsin/ocp/ocptest"
)

// TestFixtures judges the answers of the vendor's documents.
func TestFixtures(t *testing.T) {
	t.Parallel()
	t.Run("push accepted", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(200, string(fixture(t, "push-response-synthesised.json"))))
		require.NoError(t, client.Push(t.Context(), someAlarm()))
	})
	t.Run("too many requests", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(429, string(fixture(t, "api-error-429.json"))))
		err := client.Push(alert.Once(t.Context()), someAlarm())
		require.Equal(t, &ocp.Error{Op: "push", HTTPStatus: 429, Message: "请求次数过多，你已经超过当前流控窗口内的请求上限"}, plain(t, err))
		require.EqualError(t, err, `ocp: push: HTTP 429 Too Many Requests; try again in 5s; OCP says "请求次数过多，你已经超过当前流控窗口内的请求上限"`)
		require.True(t, alert.Retryable(err))
	})
	t.Run("no such rule", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.Fail(ocptest.Answer(400, string(fixture(t, "api-error-rule-missing-synthesised.json"))))
		err := client.Push(t.Context(), someAlarm())
		require.Equal(t, &ocp.Error{
			Op: "push", Code: "20001", HTTPStatus: 400, TraceID: "0000000000000002", Message: "告警规则不存在，告警规则类型：your_alarm_type，请检查！",
		}, plain(t, err))
		require.False(t, alert.Retryable(err))
		require.EqualError(t, err, `ocp: push: HTTP 400 Bad Request: code 20001 (if that is ALM20001: no alarm rule has this name: create one without an expression); `+
			`trying the same again does not help; OCP says "告警规则不存在，告警规则类型：your_alarm_type，请检查！", trace 0000000000000002`)
	})
}

// plain returns what an error says in its exported fields.
func plain(t *testing.T, err error) *ocp.Error {
	t.Helper()
	e := asError(t, err)
	return &ocp.Error{Op: e.Op, Code: e.Code, Message: e.Message, HTTPStatus: e.HTTPStatus, TraceID: e.TraceID, Skew: e.Skew, Err: e.Err}
}

// TestAnswers is about what may stand in an answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		status    int
		body      string
		accepted  bool
		code      string
		counts    int // the status that counts
		retryable bool
		uncertain bool
		want      string
	}{
		{name: "plain", status: 200, body: accepted, accepted: true},
		{name: "created", status: 201, body: `{"successful":true}`, accepted: true},
		{name: "more members", status: 200, body: `{"successful":true,"data":{"id":1},"x":[],"error":null}`, accepted: true},
		{name: "members of other types", status: 200, body: `{"successful":true,"status":"200","traceId":7,"error":"none","data":[]}`, accepted: true},

		{name: "says no", status: 200, body: `{"successful":false,"status":200,"error":{"code":"ALM20001","message":"x"}}`, code: "ALM20001", counts: 200, want: "code ALM20001 (no alarm rule"},
		{name: "says no without a reason", status: 200, body: `{"successful":false}`, counts: 200, retryable: true, want: "HTTP 200 OK; trying again can help"},
		{name: "says yes with a status that says no", status: 200, body: `{"successful":true,"status":403}`, counts: 403, want: "HTTP 403 Forbidden; the login is good but not allowed"},
		{name: "status inside", status: 200, body: `{"successful":false,"status":401,"error":{"code":10004}}`, code: "10004", counts: 401, want: "may lock the account"},
		{name: "status inside as text", status: 200, body: `{"successful":false,"status":"429"}`, counts: 429, retryable: true, want: "try again in 5s"},
		{name: "status inside out of range", status: 200, body: `{"successful":false,"status":1000}`, counts: 200, retryable: true, want: "HTTP 200"},
		{name: "code in a text of digits", status: 400, body: `{"successful":false,"error":{"code":"20001"}}`, code: "20001", counts: 400, want: "if that is ALM20001"},
		{name: "unknown code", status: 400, body: `{"successful":false,"error":{"code":99999,"message":"huh"}}`, code: "99999", counts: 400, want: `HTTP 400 Bad Request: code 99999; trying the same again does not help; OCP says "huh"`},
		{name: "unknown text", status: 500, body: `{"successful":false,"error":{"code":"OBM1"}}`, code: "OBM1", counts: 500, retryable: true, want: "code OBM1; trying again can help"},
		{name: "code 0", status: 400, body: `{"successful":false,"error":{"code":0,"message":"x"}}`, counts: 400, want: "HTTP 400 Bad Request; trying"},
		{name: "code of another type", status: 400, body: `{"successful":false,"error":{"code":{"a":1},"message":["x"]}}`, counts: 400, want: "HTTP 400 Bad Request; trying"},
		{name: "error of another type", status: 400, body: `{"successful":false,"error":"x","traceId":"ab"}`, counts: 400, want: "trace ab"},
		{name: "endless code", status: 400, body: `{"successful":false,"error":{"code":"` + strings.Repeat("A", 500) + `"}}`, code: strings.Repeat("A", 29) + "…", counts: 400, want: "AAA…;"},
		{name: "forged lines and endless text", status: 400, body: `{"successful":false,"error":{"code":1,"message":"a\nb\u202e` + strings.Repeat("告", 400) + `"}}`, code: "1", counts: 400, want: `says "a b告`},
		{name: "timeout of OCP", status: 400, body: `{"successful":false,"error":{"code":"COM10004"}}`, code: "COM10004", counts: 400, retryable: true, want: "trying again can help"},
		{name: "wrong password as 500", status: 500, body: `{"successful":false,"error":{"code":"IAM10006"}}`, code: "IAM10006", counts: 500, want: "may lock the account"},
		{name: "bad argument as 500", status: 500, body: `{"successful":false,"error":{"code":"COM10001"}}`, code: "COM10001", counts: 500, want: "trying the same again does not help"},
		{name: "not allowed", status: 403, body: `{"successful":false,"error":{"code":"IAM10017"}}`, code: "IAM10017", counts: 403, want: "not allowed to do this"},
		{name: "bare 401", status: 401, body: "", counts: 401, want: "HTTP 401 Unauthorized; the credentials need mending"},
		{name: "login page with 401", status: 401, body: "<html>", counts: 401, want: "the credentials need mending"},
		{name: "conflict", status: 409, body: `{"successful":false}`, counts: 409, want: "trying the same again does not help"},
		{name: "early", status: 425, body: `{"successful":false}`, counts: 425, retryable: true, want: "trying again can help"},
		{name: "slow", status: 408, body: `{"successful":false}`, counts: 408, retryable: true, want: "trying again can help"},
		{name: "not implemented", status: 501, body: `{"successful":false}`, counts: 501, want: "trying the same again does not help"},

		{name: "empty", status: 200, uncertain: true, counts: 200, want: "an empty answer"},
		{name: "no content", status: 204, uncertain: true, counts: 204, want: "HTTP 204 with an empty answer"},
		{name: "page", status: 200, body: "<html>welcome</html>", uncertain: true, counts: 200, want: "20 bytes that are no answer of OCP; check the address"},
		{name: "other JSON", status: 200, body: `{"errcode":0}`, uncertain: true, counts: 200, want: "JSON that does not say"},
		{name: "null", status: 200, body: `{"successful":null}`, uncertain: true, counts: 200, want: "JSON that does not say"},
		{name: "text instead of a boolean", status: 200, body: `{"successful":"true"}`, uncertain: true, counts: 200, want: "JSON that does not say"},
		{name: "list", status: 200, body: `[{"successful":true}]`, uncertain: true, counts: 200, want: "JSON that does not say"},
		{name: "cut", status: 200, body: `{"successful":true,"da`, uncertain: true, counts: 200, want: "22 bytes"},
		{name: "two answers", status: 200, body: accepted + accepted, uncertain: true, counts: 200, want: "bytes that are no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := newClient(t, nil)
			server.Fail(ocptest.Answer(tt.status, tt.body))
			err := client.Push(alert.Once(t.Context()), someAlarm())
			if tt.accepted {
				require.NoError(t, err)
				return
			}
			e := asError(t, err)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.code, e.Code)
			require.Equal(t, tt.counts, e.HTTPStatus)
			require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain))
			require.Equal(t, tt.retryable || tt.uncertain, alert.Retryable(err))
			require.LessOrEqual(t, len(e.Message), 512)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"ALM20001": "code ALM20001 (no alarm rule has this name: create one without an expression)",
		"10001":    "code 10001 (if that is ALM10001: no permission for alarms)",
		"10003":    "code 10003 (if that is IAM10003: the user is locked)",
		"ALM99999": "code ALM99999;",
	} {
		require.ErrorContains(t, &ocp.Error{Op: "push", HTTPStatus: 500, Code: code}, want)
	}
	for code := range strings.FieldsSeq("IAM10003 IAM10000 IAM10004 IAM10006 IAM10014 IAM10017 ALM10001 ALM70001") {
		require.False(t, (&ocp.Error{HTTPStatus: 503, Code: code}).Retryable(), code)
	}
	for _, code := range []string{"COM10004", "ALM70002"} {
		require.True(t, (&ocp.Error{HTTPStatus: 400, Code: code}).Retryable(), code)
	}
}

// TestFaults shows each way in which a call fails: what the caller gets to
// know, how many requests reached the server, and how many pushes it took.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     ocptest.Failure
		status    int
		attempts  int // with three allowed
		pushes    int
		retryable bool
		uncertain bool
		after     time.Duration
	}{
		{"unreachable", standin.Unreachable(), 0, 3, 0, true, false, 0},
		{"dies before the request was read", standin.Reset(), 0, 3, 0, true, true, 0},
		{"dies after the request was read", ocptest.ResetAfter(), 0, 3, 3, true, true, 0},
		{"dies in the middle of the answer", standin.Cut(), 200, 3, 3, true, true, 0},
		{"hangs", ocptest.Hang(nil), 0, 3, 0, true, true, 0},
		{"page with 200", ocptest.HTML(200), 200, 3, 0, true, true, 0},
		{"gateway", ocptest.HTML(502), 502, 3, 0, true, false, 0},
		{"gateway times out", ocptest.HTML(504), 504, 3, 0, true, false, 0},
		{"error of OCP", ocptest.Refuse(500, "", "x"), 500, 3, 0, true, false, 0},
		{"OCP is slow", ocptest.Refuse(500, "COM10004", "x"), 500, 3, 0, true, false, 0},
		{"not created", ocptest.Refuse(500, "ALM70002", "x"), 500, 3, 0, true, false, 0},
		{"not found", ocptest.HTML(404), 404, 1, 0, false, false, 0},
		{"redirect", ocptest.HTML(302), 302, 1, 0, false, false, 0},
		{"login", ocptest.Refuse(401, "IAM10004", "x"), 401, 1, 0, false, false, 10 * time.Minute},
		{"login, as a page", ocptest.HTML(401), 401, 1, 0, false, false, 10 * time.Minute},
		{"denied", ocptest.Refuse(403, "IAM10017", "x"), 403, 1, 0, false, false, 0},
		{"no rule", ocptest.Refuse(400, "ALM20001", "x"), 400, 1, 0, false, false, 0},
		{"too many, for a while", ocptest.TooMany("7"), 429, 3, 0, true, false, 7 * time.Second},
		{"too many, for long", ocptest.TooMany("60"), 429, 1, 0, true, false, time.Minute},
		{"too many, for ever", ocptest.TooMany("1735689600"), 429, 1, 0, true, false, 10 * time.Minute},
		{"too many, until nobody knows", ocptest.TooMany(""), 429, 3, 0, true, false, 5 * time.Second},
		{"too many, by a gateway", ocptest.HTML(429), 429, 3, 0, true, false, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := &journal{}
				server := ocptest.NewServer(t)
				client := clientOf(t, server, ocp.Basic(server.User, server.Password), &ocp.Options{Logger: log.logger()})
				server.FailAlways(tt.fault)
				began := time.Now()
				err := client.Push(t.Context(), someAlarm())
				e := asError(t, err)
				require.Equal(t, tt.status, e.HTTPStatus, err)
				require.Equal(t, tt.attempts, server.Attempts())
				require.Len(t, server.Pushes(), tt.pushes)
				require.Equal(t, tt.retryable, alert.Retryable(err))
				require.Equal(t, tt.uncertain, errors.Is(err, alert.ErrUncertain))
				require.Equal(t, tt.after, alert.RetryAfter(err))
				if tt.after > 0 {
					require.GreaterOrEqual(t, time.Since(began), time.Duration(tt.attempts-1)*tt.after)
				}
				require.Equal(t, 1, strings.Count(err.Error(), "ocp: push: "), err.Error())
				leaktest.Check(t, []string{server.User, server.Password}, err, log.String())
				require.NotEmpty(t, log.String())
			})
		})
	}
}

// TestOnce shows that alert.Once means one request, whatever fails.
func TestOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []ocptest.Failure{ocptest.HTML(502), ocptest.TooMany("1"), ocptest.ResetAfter(), ocptest.Refuse(500, "", "")} {
		client, server := newClient(t, nil)
		server.FailAlways(fault)
		require.Error(t, client.Push(alert.Once(t.Context()), someAlarm()))
		require.Equal(t, 1, server.Attempts())
	}
}

// A server that begins to answer and never ends is given up, and asked again.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 8)
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		_, _ = fmt.Fprint(w, `{"successful":true`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer far.Close()
	client, err := ocp.NewClient(far.URL, ocp.Basic(testUser, testPassword), &ocp.Options{Timeout: 50 * time.Millisecond, MaxAttempts: 2})
	require.NoError(t, err)
	err = client.Push(t.Context(), someAlarm())
	require.ErrorIs(t, err, alert.ErrUncertain)
	require.ErrorContains(t, err, "no answer within 50ms")
	require.Len(t, asked, 2)
}

// TestReset reads the headers of an answer with 429.
// TestRateLimit works a client against the limit of the stand-in: whoever
// calls too soon waits for as long as the server says, and nobody else asks
// meanwhile.
// While the limit lasts, calls wait, or fail at once if they must not wait.
// slowly is a transport that takes a second, so that calls overlap.
// TestLoginIsNotRepeated shows that a wrong password is tried once, however
// many calls there are, and then once a pause.
// A client of which the pause is switched off asks each time, and never twice
// in a call. In the end the account is locked.
// Until the first call has shown that the login is good, the others wait for
// it; then they go side by side.
// TestInterruptedRetry has both a verdict and the reason why there was no
// further attempt.
func TestInterruptedRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newClient(t, nil)
		server.FailAlways(ocptest.Refuse(500, "COM10004", "慢"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		err := client.Push(ctx, someAlarm())
		require.ErrorIs(t, err, context.Canceled)
		e := asError(t, err)
		require.Equal(t, "COM10004", e.Code)
		require.Equal(t, "慢", e.Message)
		require.True(t, e.Retryable())
		require.Equal(t, 1, server.Attempts())
	})
}
