package voice_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkAnswer reads the answer of a handler behind dest_url as BlueKing's
// component and bk-monitor read it, and returns what they would misunderstand,
// empty if nothing is. These are the rules:
//
//   - the status is 200: any other becomes code 1306201, a call that may ring
//   - the body is a JSON object: else the same
//   - it holds result, a boolean: else the component fails in itself
//   - data is an object: bk-monitor asks it for msg_id and fails on anything
//     else, also after a success
//   - result false does not come with code 0: bk-monitor takes that for a
//     success. Without a code the component puts 1306000
//   - result true comes with code 0 or without one
//   - message is a string
//
// Sources: github.com/TencentBlueKing/blueking-apigateway, src/esb, and
// github.com/TencentBlueKing/bk-monitor, bkmonitor/utils/send.py and
// core/drf_resource/contrib/api.py, read in November 2026.
func checkAnswer(status int, body []byte) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if status != 200 {
		add("status %d: the component makes code 1306201 of it", status)
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil || answer == nil {
		add("the body is not a JSON object: the component makes code 1306201 of it")
		return problems
	}
	var result bool
	if raw := string(answer["result"]); raw != "true" && raw != "false" {
		add("result is missing or no boolean: the component fails in itself")
	} else {
		result = raw == "true"
	}
	var data map[string]json.RawMessage
	if json.Unmarshal(answer["data"], &data) != nil || data == nil {
		add("data is no object: bk-monitor stores the notice as failed")
	}
	var code json.Number
	hasCode := json.Unmarshal(answer["code"], &code) == nil && code != ""
	n, err := code.Int64()
	switch {
	case hasCode && err != nil:
		add("code is no whole number")
	case hasCode && !result && n == 0:
		add("result false with code 0: bk-monitor takes it for a success")
	case hasCode && result && n != 0:
		add("result true with code %d", n)
	}
	var message string
	if answer["message"] != nil && json.Unmarshal(answer["message"], &message) != nil {
		add("message is no string")
	}
	return problems
}

// storedAsSent reports what bk-monitor stores of an answer of the ESB: true for
// a notice that was sent. It fails on answers that trip it, which counts as
// not sent.
func storedAsSent(body []byte) bool {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	code, isNumber := answer["code"].(float64)
	if result, ok := answer["result"].(bool); ok && !result && (!isNumber || code != 0) {
		return false
	}
	data, ok := answer["data"].(map[string]any)
	if !ok {
		return false
	}
	_ = data["msg_id"] // it may be missing
	return true
}

func TestCheckAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		status   int
		body     string
		problems int
		stored   bool
	}{
		{"ok", 200, `{"result":true,"code":0,"message":"OK","data":{"msg_id":"x"}}`, 0, true},
		{"ok without code and id", 200, `{"result":true,"data":{}}`, 0, true},
		{"failure", 200, `{"result":false,"code":1,"data":{}}`, 0, false},
		{"failure without code", 200, `{"result":false,"data":{}}`, 0, false},
		{"failure with code 0", 200, `{"result":false,"code":0,"data":{}}`, 1, true},
		{"data null", 200, `{"result":true,"code":0,"data":null}`, 1, false},
		{"data string", 200, `{"result":true,"code":0,"data":"sent"}`, 1, false},
		{"data list", 200, `{"result":true,"code":0,"data":[]}`, 1, false},
		{"no data", 200, `{"result":true,"code":0}`, 1, false},
		{"no result", 200, `{"code":0,"data":{}}`, 2, true},
		{"result as text", 200, `{"result":"true","data":{}}`, 1, true},
		{"result with a bad code", 200, `{"result":true,"code":5,"data":{}}`, 1, true},
		{"code as a fraction", 200, `{"result":true,"code":0.5,"data":{}}`, 1, true},
		{"message of a wrong type", 200, `{"result":true,"data":{},"message":{}}`, 1, true},
		{"status", 404, `{"result":true,"data":{}}`, 1, true},
		{"page", 500, `<html>`, 2, false},
		{"list", 200, `[]`, 1, false},
		{"null", 200, `null`, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Len(t, checkAnswer(tt.status, []byte(tt.body)), tt.problems)
			require.Equal(t, tt.stored, storedAsSent([]byte(tt.body)))
		})
	}
}
