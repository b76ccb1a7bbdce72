package voice_test

import (
	"cmp"
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/voice"
)

// vendor is what the answers and events of other voice services hold, as far
// as a Result needs it.
type vendor struct {
	Code, Message, CallID string // Alibaba Cloud VMS
	Result                json.RawMessage
	Errmsg                string // Tencent Cloud, old API
	Response              struct {
		SendStatus *struct {
			CallID string `json:"CallId"`
		}
		Error *struct{ Code, Message string }
	} // Tencent Cloud VMS
	Prompt *struct {
		Result, CallID string
	} `json:"voiceprompt_callback"`
	Key *struct {
		Keypress, CallID string
	} `json:"voicekey_callback"`
	Failure *struct {
		Code   json.Number `json:"failure_code"`
		Reason string      `json:"failure_reason"`
		CallID string
	} `json:"voice_failure_callback"`
}

// result is what an adapter makes of it.
func (v *vendor) result() voice.Result {
	switch {
	case v.Key != nil:
		return voice.Result{State: voice.Acknowledged, Key: v.Key.Keypress, ProviderID: v.Key.CallID}
	case v.Prompt != nil && v.Prompt.Result == "0":
		return voice.Result{State: voice.Answered, ProviderID: v.Prompt.CallID}
	case v.Prompt != nil:
		return voice.Result{State: voice.NoAnswer, ProviderID: v.Prompt.CallID}
	case v.Failure != nil:
		return voice.Result{State: voice.RejectedPermanent, Code: v.Failure.Code.String(), Reason: v.Failure.Reason, ProviderID: v.Failure.CallID}
	case v.Response.SendStatus != nil:
		return voice.Result{State: voice.Accepted, ProviderID: v.Response.SendStatus.CallID}
	case v.Response.Error != nil:
		return voice.Result{State: voice.RejectedPermanent, Code: v.Response.Error.Code, Reason: v.Response.Error.Message}
	case v.Code == "isv.BUSINESS_LIMIT_CONTROL":
		return voice.Result{State: voice.Throttled, Code: v.Code, Reason: v.Message}
	case v.Code == "OK" || string(v.Result) == "0":
		return voice.Result{State: voice.Accepted, ProviderID: v.CallID}
	}
	return voice.Result{State: voice.RejectedPermanent, Code: cmp.Or(v.Code, string(v.Result)), Reason: cmp.Or(v.Message, v.Errmsg)}
}

// The answers and events of other services fit into a Result, and so their
// adapters into a Dialer.
func TestOtherServicesFit(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]voice.Result{
		"aliyun_singlecallbytts_ok":                 {State: voice.Accepted, ProviderID: "116000000001^102000000001"},
		"aliyun_singlecallbytts_limit":              {State: voice.Throttled, Code: "isv.BUSINESS_LIMIT_CONTROL", Reason: "per-minute limit"},
		"tencent_legacy_response_ok":                {State: voice.Accepted, ProviderID: "c-1"},
		"tencent_legacy_response_template_mismatch": {State: voice.RejectedPermanent, Code: "1014", Reason: "template mismatch"},
		"tencent_v3_response_ok":                    {State: voice.Accepted, ProviderID: "00000000-0000-11eb-0000-000000000001"},
		"tencent_v3_response_error":                 {State: voice.RejectedPermanent, Code: "AuthFailure.SignatureFailure", Reason: "signature does not match"},
		"tencent_callback_answered":                 {State: voice.Answered, ProviderID: "c-1"},
		"tencent_callback_key":                      {State: voice.Acknowledged, Key: "1", ProviderID: "c-1"},
		"tencent_callback_not_answered":             {State: voice.NoAnswer, ProviderID: "c-2"},
		"tencent_callback_failure":                  {State: voice.RejectedPermanent, Code: "8", Reason: "empty number", ProviderID: "c-3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialer, err := voice.NewDialer(func(context.Context, string, string) voice.Result {
				var v vendor
				if err := json.Unmarshal(fixture(t, name+".json"), &v); err != nil {
					return voice.Result{Reason: err.Error()}
				}
				return v.result()
			}, nil)
			require.NoError(t, err)
			report, err := dialer.Call(t.Context(), voice.Request{Callees: three()[:1]})
			require.NoError(t, err)
			got := report.Results[0]
			require.Equal(t, numberA, got.Callee.Number.Reveal())
			got.Callee = voice.Callee{}
			require.Equal(t, want.State, got.State)
			require.Equal(t, []string{want.Key, want.ProviderID, want.Code, want.Reason}, []string{got.Key, got.ProviderID, got.Code, got.Reason})
		})
	}
}
