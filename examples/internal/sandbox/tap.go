package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const (
	maxRequest = 24 << 20 // above the largest upload that a vendor takes
	maxAnswer  = 64 << 10 // looked at
)

// An exchange is a request to a stand-in and its answer.
type exchange struct {
	method, path string
	request      []byte
	status       int
	answer       []byte
}

// tap lets a function see what passes between a program and a stand-in.
func tap(next http.Handler, see func(exchange)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "the request cannot be read, or is too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		t := &tapped{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(t, r)
		see(exchange{r.Method, r.URL.Path, body, t.status, t.answer.Bytes()})
	})
}

// tapped keeps the beginning of an answer.
type tapped struct {
	http.ResponseWriter

	status int
	answer bytes.Buffer
}

func (t *tapped) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tapped) Write(b []byte) (int, error) {
	t.answer.Write(b[:min(len(b), maxAnswer-t.answer.Len())])
	return t.ResponseWriter.Write(b)
}

// verdict is what both chats say to a message.
func (e exchange) verdict() (code int, text string) {
	var v struct {
		Code *int   `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if json.Unmarshal(e.answer, &v) != nil || v.Code == nil {
		return e.status, http.StatusText(e.status)
	}
	return *v.Code, v.Text
}

// refused shows a message that a chat did not take.
func (s *Sandbox) refused(dest string, e exchange) bool {
	code, text := e.verdict()
	if code == 0 {
		return false
	}
	s.hub.count(dest, func(t *tally) { t.Refused++ })
	s.hub.add(item{Dest: dest, Kind: "refusal", Tone: "bad", Title: fmt.Sprint(code), Meta: []string{clip(text, 300)}})
	return true
}

// clip cuts a text to a number of runes.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n++; n > runes {
			return s[:i] + "…"
		}
	}
	return s
}

// size says how large something is.
func size(n int) string {
	if n < 10<<10 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%d KB", n>>10)
}
