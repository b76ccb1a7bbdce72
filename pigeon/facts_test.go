package pigeon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/pigeon"
	"github.com/tocsin-go/tocsin/pigeon/pigeontest"
)

// parsed reads a result that must be readable.
func parsed(t *testing.T, body string) pigeon.Result {
	t.Helper()
	r, err := pigeon.ParseResult(chainID, []byte(body))
	require.NoError(t, err)
	return r
}

// TestFactsOfResults has one subtest for each thing that is known, or known to
// be unknown, of a result.
func TestFactsOfResults(t *testing.T) {
	t.Parallel()
	t.Run("isActive is the only sign of the end", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, pigeon.Pending, parsed(t, `{"isActive":true,"status":"failed"}`).Outcome(nil).Verdict)
		require.Equal(t, pigeon.Unanswered, parsed(t, `{"isActive":false,"status":"failed"}`).Outcome(nil).Verdict)
	})
	t.Run("isActive of another type", func(t *testing.T) {
		t.Parallel()
		for literal, want := range map[string]pigeon.State{
			"true": pigeon.StateActive, "false": pigeon.StateOver, `"true"`: pigeon.StateActive, `"false"`: pigeon.StateOver,
			"null": pigeon.StateUnknown, "0": pigeon.StateUnknown, "1": pigeon.StateUnknown, `""`: pigeon.StateUnknown, "{}": pigeon.StateUnknown, "[]": pigeon.StateUnknown,
		} {
			require.Equal(t, want, parsed(t, `{"isActive":`+literal+`}`).State, literal)
		}
	})
	t.Run("isActive missing is unknown, not false", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, `{"status":"succeeded","keyInput":"1"}`)
		require.Equal(t, pigeon.StateUnknown, r.State)
		require.Equal(t, pigeon.Unknown, r.Outcome(nil).Verdict)
	})
	t.Run("keyInput is a string, a number, null or missing", func(t *testing.T) {
		t.Parallel()
		for literal, want := range map[string]string{
			`"1"`: "1", "1": "1", "1.0": "1", "9": "9", "null": "", `""`: "", "true": "", "{}": "", "[]": "", `" 2 "`: "2", `"12"`: "12", "12.0": "12.0",
			"-1": "-1", "1.5": "1.5", "1e400": "1e400", `"\u0000"`: "", `"NaN"`: "NaN", `"*"`: "*",
		} {
			require.Equal(t, want, parsed(t, `{"keyInput":`+literal+`}`).Key, literal)
		}
		require.Empty(t, parsed(t, `{}`).Key)
	})
	t.Run("the words of calls and chains do not mix", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, `{"isActive":false,"status":"failed","keyInput":"2","calls":[{"status":"succeeded","keyInput":"2"}]}`)
		require.Equal(t, pigeon.CallSucceeded, r.Calls[0].Status)
		require.Equal(t, pigeon.Unanswered, r.Outcome(nil).Verdict)
	})
	t.Run("continue is not taken", func(t *testing.T) {
		t.Parallel()
		r, err := pigeon.ParseResult(chainID, fixture(t, "result_failed_after_continue_synthetic.json"))
		require.NoError(t, err)
		require.Equal(t, pigeon.Outcome{Verdict: pigeon.Unanswered, Key: "2", Status: "failed"}, r.Outcome(nil))
	})
	t.Run("a voicemail is not taken", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, `{"isActive":false,"status":"succeeded","keyInput":null,"calls":[{"status":"ignored"}]}`)
		require.NotEqual(t, pigeon.Acknowledged, r.Outcome(nil).Verdict)
	})
	t.Run("several keys end a chain", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, `{"isActive":false,"status":"succeeded","keyInput":"4"}`)
		require.Equal(t, pigeon.Acknowledged, r.Outcome(pigeon.Keys{"1": true, "4": true}).Verdict)
		require.Equal(t, pigeon.Unanswered, r.Outcome(pigeon.Keys{"1": true, "4": false}).Verdict)
	})
}

// TestFactsOfDecoding has one subtest for each rule of tolerant reading.
func TestFactsOfDecoding(t *testing.T) {
	t.Parallel()
	t.Run("unknown fields", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "1", parsed(t, string(fixture(t, "result_tolerance_synthetic.json"))).Key)
	})
	t.Run("unknown words pass through", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, pigeon.ChainStatus("some-future-word"), parsed(t, string(fixture(t, "result_tolerance_synthetic.json"))).Status)
		require.Equal(t, pigeon.ChainStatus("7"), parsed(t, `{"status":7}`).Status)
		long := parsed(t, `{"status":"`+strings.Repeat("w", 100)+`\n"}`).Status
		require.Len(t, long, 64)
	})
	t.Run("ids are opaque", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.FailAlways(pigeontest.Reply(200, `{"isActive":true,"resultId":"chain:7~ü"}`))
		r, err := client.Result(t.Context(), "chain:7~ü")
		require.NoError(t, err)
		require.Equal(t, "chain:7~ü", r.ID)
		r, err = pigeon.ParseResult("7", []byte(`{"resultId":7}`))
		require.NoError(t, err)
		require.Equal(t, "7", r.ID)
	})
	t.Run("times in two formats", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, string(fixture(t, "result_tolerance_synthetic.json")))
		want := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
		require.True(t, want.Equal(r.Started))
		require.True(t, want.Equal(r.Ended))
		for _, literal := range []string{`"yesterday"`, "-1", "0", "1e99", "99999999999999999", "null", "{}"} {
			require.Zero(t, parsed(t, `{"startedAt":`+literal+`}`).Started, literal)
		}
	})
	t.Run("the raw answer is kept", func(t *testing.T) {
		t.Parallel()
		body := fixture(t, "result_tolerance_synthetic.json")
		r := parsed(t, string(body))
		require.Equal(t, string(body), string(r.Raw()))
		r.Raw()[0] = 'x'
		require.Equal(t, string(body), string(r.Raw()), "by copies")
		require.Nil(t, pigeon.Result{}.Raw())
	})
	t.Run("odd calls hide nothing else", func(t *testing.T) {
		t.Parallel()
		r := parsed(t, `{"isActive":false,"status":"failed","calls":[null,7,"x",{"status":null,"loop":"2","contactName":["x"]},{"loop":-1}]}`)
		require.Equal(t, []pigeon.Call{{Loop: 2}, {}}, r.Calls)
		require.Empty(t, parsed(t, `{"calls":{"a":1}}`).Calls)
	})
	t.Run("very many calls", func(t *testing.T) {
		t.Parallel()
		require.Len(t, parsed(t, `{"calls":[`+strings.Repeat("{},", 20000)+`{}]}`).Calls, 10000)
	})
	t.Run("a body over 1 MiB", func(t *testing.T) {
		t.Parallel()
		client, server := newClient(t, nil)
		server.FailAlways(pigeontest.Reply(200, `{"isActive":false,"x":"`+strings.Repeat("x", 1<<20)+`"}`))
		_, err := client.Result(alert.Once(t.Context()), chainID)
		require.ErrorContains(t, err, "answer over 1 MiB")
		require.True(t, alert.Retryable(err))
	})
}

// TestFactsOfErrors has one subtest for each rule about refusals.
func TestFactsOfErrors(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, f pigeontest.Failure) (*pigeon.Error, int) {
		t.Helper()
		client, server := newClient(t, nil)
		server.FailAlways(f)
		_, err := client.Result(t.Context(), chainID)
		return asError(t, err), server.Attempts()
	}
	t.Run("shapes of refusals", func(t *testing.T) {
		t.Parallel()
		for body, want := range map[string]string{
			string(fixture(t, "error_401_synthetic.json")): "invalid token", string(fixture(t, "error_400_synthetic.json")): "params.callflowId: not found",
			string(fixture(t, "error_502_synthetic.html")): "", `{"error":"a"}`: "a", `{"detail":"b\nc"}`: "b c", `{"message":"a","detail":"b"}`: "a; b",
			`{"errors":[{"message":"m"},{"field":"f"},{}]}`: "m; f", "plain text\x00": "plain text", "": "", "[1]": "", `{"message":{"a":1}}`: "", `{"message":`: "",
		} {
			e, _ := refused(t, pigeontest.Reply(400, body))
			require.Equal(t, want, e.Message, body)
			require.Equal(t, want != "", strings.Contains(e.Error(), "the vendor says"), body)
			require.NotContains(t, e.Error(), "<html")
		}
		e, _ := refused(t, pigeontest.Reply(400, strings.Repeat("word ", 1000)))
		require.LessOrEqual(t, len(e.Message), 512)
		require.True(t, strings.HasSuffix(e.Message, "…"))
	})
	for status, says := range map[int]string{
		401: "the token is wrong or has expired", 403: "the address of this host, is not allowed", 404: "there is no such chain",
		400: "an id is unknown", 422: "an id is unknown",
	} {
		t.Run(fmt.Sprint(status, " is final"), func(t *testing.T) {
			t.Parallel()
			e, attempts := refused(t, pigeontest.HTML(status))
			require.False(t, e.Retryable())
			require.Contains(t, e.Error(), says)
			require.Equal(t, 1, attempts)
			require.Equal(t, chainID, e.ResultID)
		})
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(fmt.Sprint(status, " says when"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				e, attempts := refused(t, pigeontest.RetryAfter(status, "20"))
				require.True(t, e.Retryable())
				require.Equal(t, 20*time.Second, e.RetryAfter())
				require.Equal(t, 3, attempts)
				require.GreaterOrEqual(t, time.Since(began), 40*time.Second)
			})
		})
	}
	t.Run("5xx on a question is repeated", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			e, attempts := refused(t, pigeontest.HTML(500))
			require.True(t, e.Retryable())
			require.Equal(t, 3, attempts)
		})
	})
	t.Run("an invocation that failed for good says what", func(t *testing.T) {
		t.Parallel()
		client, _ := newClient(t, nil)
		r := prepared()
		r.CallFlowID = "unknown"
		_, err := client.Invoke(t.Context(), r)
		require.ErrorContains(t, err, "refused: HTTP 400")
		require.ErrorContains(t, err, `the vendor says "params.callflow: not found`)
		other, err := pigeon.New("https://pigeon.invalid", "wrong-token", &pigeon.Options{HTTPClient: pigeontest.NewServer(t).Client()})
		require.NoError(t, err)
		_, err = other.Invoke(t.Context(), prepared())
		require.ErrorContains(t, err, `the token is wrong or has expired; the vendor says "invalid token"`)
	})
}
