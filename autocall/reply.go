package autocall

import (
	"encoding/json"
	"net/http"
)

// The codes of an answer. The app knows the first and takes all others for
// "wait".
const (
	codeRing    = 0 // also: outcome taken
	codeNothing = 1
	codeRefused = 2
)

// A reply is what the app reads. A missing code kills it, and so does a code 0
// without a phone or mid when it has asked what to ring.
type reply struct {
	Phone []string `json:"phone,omitempty"`
	Code  int      `json:"code"`
	Mid   string   `json:"mid,omitempty"`
	Msg   string   `json:"msg,omitempty"`
}

// refusal is the answer to a request that is wrong.
func refusal(why string) reply { return reply{Code: codeRefused, Msg: why} }

// write answers.
func (a reply) write(w http.ResponseWriter, status int) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusMethodNotAllowed {
		header.Set("Allow", "GET, POST")
	}
	text, err := json.Marshal(a)
	if err != nil { // of strings and a number: cannot be
		text = []byte(`{"code":2,"msg":"internal error"}`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the phone may have hung up, and there is nobody to tell
}
