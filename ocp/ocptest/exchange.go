package ocptest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	if !strings.HasPrefix(r.URL.Path, root+"/") {
		// Outside of the API there is the console, whose login page comes by a
		// redirect.
		return standin.Answer{Status: http.StatusFound, Header: http.Header{"Location": {"/login"}}}
	}
	var data any
	refused := s.admit(r, body)
	if refused == nil {
		data, refused = s.serve(r, body)
	}
	if refused != nil {
		return standin.Answer{Status: refused.status, Body: refused.body(s.now())}
	}
	return standin.Answer{Body: encode(map[string]any{
		"data": data, "duration": 4, "server": "192.0.2.1", "status": http.StatusOK, "successful": true,
		"timestamp": s.now().Format(wireTime), "traceId": "0000000000000001",
	})}
}

func (s *Server) serve(r *http.Request, body []byte) (data any, refused *refusal) {
	path := strings.TrimPrefix(r.URL.Path, root+"/")
	id, single := strings.CutPrefix(path, "alarms/")
	switch {
	case r.Method == http.MethodPost && path == "alarms":
		return nil, s.push(r, body)
	case r.Method != http.MethodGet:
		return nil, &refusal{http.StatusMethodNotAllowed, "", "Request method '" + r.Method + "' not supported"}
	case path == "alarms":
		return s.list(r.URL.Query())
	case single:
		return s.get(id)
	}
	return nil, &refusal{http.StatusNotFound, "", "not found"}
}

type refusal struct {
	status  int
	code    string // digits stand as a number; empty: the number 0
	message string
}

func (r *refusal) body(now time.Time) string {
	var code any = r.code
	if number, err := strconv.Atoi(r.code); err == nil || r.code == "" {
		code = number
	}
	return encode(map[string]any{
		"duration": 0, "error": map[string]any{"code": code, "message": r.message}, "server": "192.0.2.1",
		"status": r.status, "successful": false, "timestamp": now.Format(wireTime), "traceId": "",
	})
}

// wireTime is how the envelope writes times.
const wireTime = "2006-01-02T15:04:05.000Z07:00"

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("ocptest: " + err.Error()) // maps of texts and numbers always encode
	}
	return string(text)
}
