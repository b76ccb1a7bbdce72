package ocptest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// answer works off a request that was read whole and does not fail.
func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	if !strings.HasPrefix(r.URL.Path, root+"/") {
		// Outside of the API there is the console, whose login page comes by a
		// redirect.
		return standin.Answer{Status: http.StatusFound, Header: http.Header{"Location": {"/login"}}}
	}
	header, refused := s.count()
	if refused != nil {
		return s.refuse(refused, header)
	}
	if refused := s.admit(r, body); refused != nil {
		return s.refuse(refused, header)
	}
	data, refused := s.serve(r, body)
	if refused != nil {
		return s.refuse(refused, header)
	}
	return standin.Answer{Header: header, Body: encode(map[string]any{
		"data": data, "duration": 4, "server": "192.0.2.1", "status": http.StatusOK, "successful": true,
		"timestamp": s.now().Format(wireTime), "traceId": "0000000000000001",
	})}
}

// serve works off a request of somebody who may make it.
func (s *Server) serve(r *http.Request, body []byte) (data any, refused *refusal) {
	path := strings.TrimPrefix(r.URL.Path, root+"/")
	id, single := strings.CutPrefix(path, "alarms/")
	switch {
	case r.Method == http.MethodPost && path == "alarms":
		return nil, s.push(r, body)
	case r.Method != http.MethodGet:
		return nil, &refusal{status: http.StatusMethodNotAllowed, message: "Request method '" + r.Method + "' not supported"}
	case path == "alarms":
		return s.listEvents(r.URL.Query())
	case path == "notifications":
		return s.listNotifications(r.URL.Query())
	case single:
		return s.event(id)
	}
	return nil, &refusal{status: http.StatusNotFound, message: "not found"}
}

// A refusal is an answer that says no.
type refusal struct {
	status  int
	code    string // as a text; empty: the number 0
	message string
}

// refuse returns the answer that says no.
func (s *Server) refuse(r *refusal, header http.Header) standin.Answer {
	return standin.Answer{Status: r.status, Header: header, Body: r.body(s.TextCodes, s.now())}
}

// body returns the envelope of an error.
func (r *refusal) body(textCodes bool, now time.Time) string {
	number, _ := strconv.Atoi(strings.TrimLeft(r.code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	var code any = number
	if textCodes && r.code != "" {
		code = r.code
	}
	return encode(map[string]any{
		"duration": 0, "error": map[string]any{"code": code, "message": r.message}, "server": "192.0.2.1",
		"status": r.status, "successful": false, "timestamp": now.Format(wireTime), "traceId": "",
	})
}

// wireTime is how the envelope writes times.
const wireTime = "2006-01-02T15:04:05.000Z07:00"

// encode returns v as JSON.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("ocptest: " + err.Error()) // maps of texts and numbers always encode
	}
	return string(text)
}

// count counts a request against the rate, and returns the headers that tell
// of it.
func (s *Server) count() (http.Header, *refusal) {
	if s.Rate <= 0 {
		return http.Header{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	for len(s.requests) > 0 && now.Sub(s.requests[0]) >= time.Minute {
		s.requests = s.requests[1:]
	}
	full := len(s.requests) >= s.Rate
	if !full {
		s.requests = append(s.requests, now)
	}
	header := http.Header{}
	if !s.Silent {
		wait := s.requests[0].Add(time.Minute).Sub(now)
		header.Set("RateLimit-Limit", strconv.Itoa(s.Rate))
		header.Set("RateLimit-Remaining", strconv.Itoa(s.Rate-len(s.requests)))
		header.Set("RateLimit-Reset", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	if full {
		return header, &refusal{status: http.StatusTooManyRequests, message: tooMany}
	}
	return header, nil
}

// tooMany is the vendor's text about the rate.
const tooMany = "请求次数过多，你已经超过当前流控窗口内的请求上限"
