package pigeon_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-go/tocsin/pigeon"
)

// TestResultFixtures reads every recorded result.
func TestResultFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/result_*.json")
	require.NoError(t, err)
	require.Len(t, files, 8)
	var b strings.Builder
	for _, file := range files {
		body := fixture(t, filepath.Base(file))
		r, err := pigeon.ParseResult(chainID, body)
		require.NoError(t, err, file)
		require.Equal(t, string(body), string(r.Raw()))
		fmt.Fprintf(&b, "%s\n  %s\n  outcome: %s\n", filepath.Base(file), r, r.Outcome(nil))
		for _, c := range r.Calls {
			fmt.Fprintf(&b, "  call: %+v\n", c)
		}
		if !r.Started.IsZero() || !r.Ended.IsZero() {
			fmt.Fprintf(&b, "  from %v to %v\n", r.Started, r.Ended)
		}
	}
	golden(t, "results.golden", b.String())
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	keys := pigeon.Keys{"1": true, "2": false}
	failed := []pigeon.Call{{Status: pigeon.CallFailed}, {Status: pigeon.CallFailed}}
	rang := []pigeon.Call{{Status: pigeon.CallFailed}, {Status: pigeon.CallIgnored}}
	over, active := pigeon.StateOver, pigeon.StateActive
	tests := []struct {
		name   string
		result pigeon.Result
		keys   pigeon.Keys
		want   pigeon.Verdict
		text   string
	}{
		{"taken", pigeon.Result{State: over, Status: "succeeded", Key: "1"}, nil, pigeon.Acknowledged, "acknowledged with key 1"},
		{"the page's word", pigeon.Result{State: over, Status: "completed", Key: "3"}, nil, pigeon.Acknowledged, "acknowledged with key 3"},
		{"taken by meaning", pigeon.Result{State: over, Status: "succeeded", Key: "1"}, keys, pigeon.Acknowledged, "acknowledged with key 1"},
		{"ended, not taken", pigeon.Result{State: over, Status: "succeeded", Key: "2"}, keys, pigeon.Unanswered, "unanswered"},
		{"a key without a meaning", pigeon.Result{State: over, Status: "succeeded", Key: "3"}, keys, pigeon.Unanswered, "unanswered"},
		{"no key takes", pigeon.Result{State: over, Status: "succeeded", Key: "1"}, pigeon.Keys{}, pigeon.Unanswered, "unanswered"},
		{"ended without a key", pigeon.Result{State: over, Status: "succeeded"}, nil, pigeon.Unknown, `unknown (status "succeeded")`},
		{"ended with no key of a phone", pigeon.Result{State: over, Status: "succeeded", Key: "timeout"}, nil, pigeon.Unknown, ""},
		{"key 0", pigeon.Result{State: over, Status: "succeeded", Key: "0"}, nil, pigeon.Unknown, ""},
		{"next person, and nobody more", pigeon.Result{State: over, Status: "failed", Key: "2"}, nil, pigeon.Unanswered, ""},
		{"failed with the key that takes", pigeon.Result{State: over, Status: "failed", Key: "1"}, keys, pigeon.Unanswered, ""},
		{"nobody reached", pigeon.Result{State: over, Status: "failed", Calls: failed}, nil, pigeon.Failed, "failed"},
		{"somebody rang", pigeon.Result{State: over, Status: "failed", Calls: rang}, nil, pigeon.Unanswered, ""},
		{"no calls listed", pigeon.Result{State: over, Status: "failed"}, nil, pigeon.Unanswered, ""},
		{"aborted", pigeon.Result{State: over, Status: "aborted", Key: "1"}, nil, pigeon.Aborted, "aborted"},
		{"cancelled", pigeon.Result{State: over, Status: "cancelled"}, nil, pigeon.Aborted, ""},
		{"canceled", pigeon.Result{State: over, Status: "canceled"}, nil, pigeon.Aborted, ""},
		{"rejected", pigeon.Result{State: over, Status: "rejected"}, nil, pigeon.Failed, ""},
		{"future word with a key", pigeon.Result{State: over, Status: "some-future-word", Key: "1"}, nil, pigeon.Unknown, ""},
		{"no word", pigeon.Result{State: over, Key: "1"}, nil, pigeon.Unknown, ""},
		{"goes on though the word says else", pigeon.Result{State: active, Status: "succeeded", Key: "1"}, nil, pigeon.Pending, "pending"},
		{"not said", pigeon.Result{Status: "succeeded", Key: "1"}, nil, pigeon.Unknown, ""},
		{"a call's word", pigeon.Result{State: over, Status: "ignored"}, nil, pigeon.Unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := tt.result.Outcome(tt.keys)
			require.Equal(t, tt.want, o.Verdict)
			require.Equal(t, tt.result.Key, o.Key)
			require.Equal(t, tt.result.Status, o.Status)
			if tt.text != "" {
				require.Equal(t, tt.text, o.String())
			}
		})
	}
	require.Equal(t, "Verdict(9)", pigeon.Verdict(9).String())
	require.Equal(t, "State(9)", pigeon.State(9).String())
}

// TestStatusWords has every recorded word pass through, at its own level, and
// a constant for each.
func TestStatusWords(t *testing.T) {
	t.Parallel()
	var words struct {
		Calls     []pigeon.CallStatus  `json:"call"`
		Accepted  []pigeon.ChainStatus `json:"invoke_accepted"`
		Listed    []pigeon.ChainStatus `json:"calls_list_seen"`
		Records   []pigeon.ChainStatus `json:"alerthub_action_record"`
		Behaviors []pigeon.Behavior    `json:"reaction_behavior"`
	}
	require.NoError(t, json.Unmarshal(fixture(t, "status_words.json"), &words))
	require.Equal(t, []pigeon.CallStatus{
		pigeon.CallPreparing, pigeon.CallCalling, pigeon.CallAborting, pigeon.CallSucceeded,
		pigeon.CallIgnored, pigeon.CallMissed, pigeon.CallAborted, pigeon.CallFailed,
	}, words.Calls)
	require.Equal(t, []pigeon.ChainStatus{pigeon.StatusRequested}, words.Accepted)
	require.Equal(t, []pigeon.ChainStatus{pigeon.StatusWaiting}, words.Listed)
	require.Equal(t, []pigeon.ChainStatus{
		pigeon.StatusRejected, pigeon.StatusRequested, pigeon.StatusStarted, pigeon.StatusAborted, pigeon.StatusFailed, pigeon.StatusSucceeded,
	}, words.Records)
	require.Equal(t, []pigeon.Behavior{pigeon.Terminate, pigeon.Continue, pigeon.Leave}, words.Behaviors)
	for _, word := range words.Calls {
		r, err := pigeon.ParseResult(chainID, fmt.Appendf(nil, `{"isActive":false,"status":"x","calls":[{"status":%q}]}`, string(word)))
		require.NoError(t, err)
		require.Equal(t, []pigeon.Call{{Status: word}}, r.Calls)
		require.NotEqual(t, pigeon.Acknowledged, r.Outcome(nil).Verdict, "a word for a call decides nothing")
	}
	for _, word := range words.Records {
		r, err := pigeon.ParseResult(chainID, fmt.Appendf(nil, `{"isActive":false,"status":%q,"keyInput":"1"}`, string(word)))
		require.NoError(t, err)
		require.Equal(t, word, r.Status)
		require.Equal(t, word == pigeon.StatusSucceeded, r.Outcome(nil).Verdict == pigeon.Acknowledged, word)
	}
}
