package voice

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// An envelope is an answer of BlueKing. Only the verdict must be readable;
// whatever the types of the rest, it counts.
type envelope struct {
	Result    json.RawMessage `json:"result"`
	Code      json.RawMessage `json:"code"`
	Message   json.RawMessage `json:"message"`
	Data      json.RawMessage `json:"data"`
	RequestID json.RawMessage `json:"request_id"`
	Error     json.RawMessage `json:"error"` // of the API gateway
}

// verdict is the sense of an envelope.
type verdict struct {
	ok, known bool // known: there was a verdict at all
	code      Code
	message   string
	requestID string
	data      data

	// Of an error of the API gateway: its code, a word, and who was not called. The
	// others were, if there is anybody.
	errorCode string
	failed    []string
}

// data is what is understood of the member of that name, in all its shapes.
type data struct {
	Successed []tencentUser // so spelled
	Failed    []tencentUser
	Details   map[string]detail // of our Handler, by user name; names that occur twice left out
	Summary   *summary
	Message   json.RawMessage
	Invalid   []string // username_check.invalid
}

// tencentUser is an entry of the built-in branch for Tencent Cloud: the user
// and the provider's answer in one.
type tencentUser struct {
	Username json.RawMessage `json:"username"`
	Mobile   json.RawMessage `json:"mobile_phone"`
	Result   json.RawMessage `json:"result"`
	Errmsg   json.RawMessage `json:"errmsg"`
	CallID   json.RawMessage `json:"callid"`
}

// detail is an entry of our Handler.
type detail struct {
	Username string `json:"username"`
	State    string `json:"state"`
	CallID   string `json:"call_id,omitempty"`
	Code     string `json:"code,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// summary counts the callees of the API gateway.
type summary struct{ Total, Succeeded, Failed int }

// readAnswer returns the sense of an answer. It reports false for what is not
// a JSON object. The API gateway says no by {"error": …} and yes by {"data": …},
// whatever that is; what it said before 2025, in the words of the ESB, counts too.
func readAnswer(body []byte, mode Mode) (v verdict, ok bool) {
	var e envelope
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(body, []byte("{")) || json.Unmarshal(body, &e) != nil {
		return verdict{}, false
	}
	v.message, v.requestID = scalar(e.Message), scalar(e.RequestID)
	v.data.read(e.Data)
	code, hasCode := readCode(e.Code)
	v.code = code
	said := truth(e.Result)
	if mode == APIGateway && said == "" && !hasCode {
		v.readGateway(e)
		return v, true
	}
	switch said {
	case "true":
		v.ok, v.known = true, true
	case "false":
		v.known = true
	default:
		v.ok, v.known = hasCode && code == codeOK || !hasCode && v.data.Summary != nil, hasCode || v.data.Summary != nil
	}
	return v, true
}

// readGateway reads an answer without the words of the ESB. A summary of counts is
// what one class of bk-ci reads.
func (v *verdict) readGateway(e envelope) {
	var failure struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
		Details json.RawMessage `json:"details"`
	}
	if len(e.Error) == 0 || string(e.Error) == "null" {
		v.ok, v.known = true, e.Data != nil
		return
	}
	v.known = true
	if json.Unmarshal(e.Error, &failure) != nil {
		v.message = scalar(e.Error)
		return
	}
	v.errorCode = scalar(failure.Code)
	v.message = strings.Trim(v.errorCode+": "+scalar(failure.Message), ": ")
	type detail struct {
		Failed []json.RawMessage `json:"failed"`
	}
	var details []detail
	if json.Unmarshal(failure.Details, &details) != nil {
		details = make([]detail, 1)
		_ = json.Unmarshal(failure.Details, &details[0])
	}
	for _, d := range details {
		for _, raw := range d.Failed {
			v.failed = append(v.failed, failedName(raw))
		}
	}
}

// failedName returns the name or the number of an entry, which may be an object.
func failedName(raw json.RawMessage) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return scalar(raw)
	}
	for _, key := range [...]string{"username", "receiver__username", "receiver", "mobile_phone", "phone", "name"} {
		if name := scalar(fields[key]); name != "" {
			return name
		}
	}
	return ""
}

// read reads each member of data by itself, so that one of an unknown type
// does not cost the others.
func (d *data) read(raw json.RawMessage) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return
	}
	_ = json.Unmarshal(members["successed"], &d.Successed)
	_ = json.Unmarshal(members["failed"], &d.Failed)
	_ = json.Unmarshal(members["summary"], &d.Summary)
	var check struct {
		Invalid []string `json:"invalid"`
	}
	_ = json.Unmarshal(members["username_check"], &check)
	d.Invalid, d.Message = check.Invalid, members["message"]
	d.readDetails(members["details"])
}

// readDetails reads the list of our Handler; another's is left alone. Who has
// the same name as another cannot be told from them.
func (d *data) readDetails(raw json.RawMessage) {
	var list []detail
	if json.Unmarshal(raw, &list) != nil {
		return
	}
	times := make(map[string]int, len(list))
	d.Details = make(map[string]detail, len(list))
	for _, entry := range list {
		times[entry.Username]++
		d.Details[entry.Username] = entry
	}
	for name, n := range times {
		if n > 1 {
			delete(d.Details, name)
		}
	}
}

// scalar returns a string as it is and a number in digits; all else is "".
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// readCode reads a code that is a number, a string of digits such as "00", or
// missing.
func readCode(raw json.RawMessage) (code Code, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(scalar(raw)))
	return Code(n), err == nil
}

// truth returns "true", "false", or "" for what is neither.
func truth(raw json.RawMessage) string {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true", "1":
		return "true"
	case "false", "0":
		return "false"
	}
	return ""
}
