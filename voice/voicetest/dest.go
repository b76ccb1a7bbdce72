package voicetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
)

// forward posts a cleaned form to dest_url and reads the answer as the
// component does: every status but 200, and every body that is not JSON, are
// code 1306201; an answer without result is a mistake inside the component.
func (e *ESB) forward(f form) *envelope {
	w := httptest.NewRecorder()
	e.Dest.ServeHTTP(w, DestRequest(e.DestPath, f.json()))
	if w.Code != http.StatusOK {
		return refuse(1306201, "third-party status code is not 200")
	}
	var answer map[string]any
	if json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer == nil {
		return refuse(1306201, "third-party response is not JSON")
	}
	result, ok := answer["result"].(bool)
	if !ok {
		return refuse(1306000, "component error: KeyError: 'result'")
	}
	answer["result"] = result
	forwarded := envelope(answer)
	return forwarded.check(f)
}

// json encodes a form. Its keys are the component's.
func (f *form) json() []byte {
	body, err := json.Marshal(f)
	if err != nil {
		panic("voicetest: " + err.Error()) // strings always encode
	}
	return body
}

// DestRequest returns a request as the component makes it to dest_url: a POST
// with X-Bkapi-Request-Id and without Content-Type and credentials. The target
// is the path of dest_url, with its query.
func DestRequest(target string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, bytes.NewReader(body)) //nolint:noctx // it is served, not sent
	r.Header.Set("X-Bkapi-Request-Id", newID())
	r.Header.Set("User-Agent", "python-requests/2.31.0")
	return r
}
