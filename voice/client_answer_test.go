package voice_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/leaktest"
	"github.com/tocsin-go/tocsin/voice"
	"github.com/tocsin-go/tocsin/voice/voicetest"
)

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
		"esb_response_app_no_permission":       {code: voice.Code(1306403)},
		"esb_response_channel_inactive":        {code: voice.Code(1306405)},
		"esb_response_rate_limited":            {code: voice.CodeRateLimited, again: true},
		"esb_response_third_party_timeout":     {code: voice.CodeThirdParty, uncertain: true},
		"esb_response_trap_data_null":          {states: both},
		"esb_response_trap_data_string":        {states: both},
		"esb_response_trap_false_code0":        {code: voice.Code(0)},
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
		{"summary beside one name", `{"data":{"summary":{"total":2,"succeeded":1,"failed":1},"failed":[{"username":"bob","result":1004}]}}`, "unknown rejected", false},
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
		{1306203, "no secure connection", true, false},
		{1306206, "not configured", false, false},
		{1306207, "blocked", false, false},
		{1306208, "unknown format", false, true},
		{1306209, "method", false, false},
		{1306401, "no operator", false, false},
		{1306402, "user may not", false, false},
		{1306403, "app may not", false, false},
		{1306404, "no such component", false, false},
		{1306405, "switched off", false, false},
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
