package voicetest

import (
	"encoding/json"
	"fmt"
)

// CheckAnswer reads the answer of a handler behind dest_url as BlueKing's
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
func CheckAnswer(status int, body []byte) []string {
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

// StoredAsSent reports what bk-monitor stores of an answer of the ESB: true for
// a notice that was sent. It fails on answers that trip it, which counts as
// not sent.
func StoredAsSent(body []byte) bool {
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
