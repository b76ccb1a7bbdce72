package pigeontest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// root is in front of all paths.
const root = "/api/apps/pigeon"

// answer works off a request that was read whole and does not fail.
func (s *Server) answer(r *http.Request, body []byte) standin.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.knows(r) {
		return message(http.StatusUnauthorized, "invalid token")
	}
	path, ours := strings.CutPrefix(r.URL.EscapedPath(), root)
	method, serve := http.MethodPost, (func() standin.Answer)(nil)
	id, isResult := strings.CutPrefix(path, "/results/")
	switch {
	case !ours:
	case path == "/chain/invoke":
		serve = func() standin.Answer { return s.invoke(body) }
	case path == "/chain/abort":
		serve = func() standin.Answer { return s.abort(body) }
	case path == "/calls":
		method, serve = http.MethodGet, func() standin.Answer { return s.list(r) }
	case isResult && !strings.Contains(id, "/"):
		method, serve = http.MethodGet, func() standin.Answer { return s.result(id) }
	}
	switch {
	case serve == nil:
		return message(http.StatusNotFound, "not found")
	case r.Method != method:
		return message(http.StatusMethodNotAllowed, "method not allowed")
	case method == http.MethodPost && !isJSON(r.Header.Get("Content-Type")):
		return message(http.StatusUnsupportedMediaType, "not JSON")
	}
	return serve()
}

// knows checks who asks.
func (s *Server) knows(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return r.Header.Get("X-Authorization") == "Token "+s.Token &&
		(s.User == "" || user == s.User && subtle.ConstantTimeCompare([]byte(password), []byte(s.Password)) == 1)
}

// isJSON reports whether a Content-Type is that of JSON.
func isJSON(header string) bool {
	media, _, err := mime.ParseMediaType(header)
	return err == nil && media == "application/json"
}

// message answers with a text.
func message(status int, text string) standin.Answer {
	return answerJSON(status, map[string]any{"message": text})
}

// fault answers what is wrong with a field.
func fault(field, text string) standin.Answer {
	return answerJSON(http.StatusBadRequest, map[string]any{"errors": []any{map[string]string{"field": field, "message": text}}})
}

// answerJSON answers with an object of strings and the like.
func answerJSON(status int, v any) standin.Answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // of this package's own making
	}
	return standin.Answer{Status: status, Body: string(body)}
}

// invoke places a chain.
func (s *Server) invoke(body []byte) standin.Answer {
	p, flow, g, problem := s.read(body)
	if problem != nil {
		return *problem
	}
	text, missing := fill(g.template, p.Parameters)
	if len(missing) > 0 {
		return fault("params.parameters", "no value for "+strings.Join(missing, ", "))
	}
	c := &chain{Chain: Chain{
		ResultID: newID(), Placed: s.clock(), CallFlowID: p.CallFlowID, GuidanceID: p.GuidanceID,
		Parameters: p.Parameters, Text: text, Body: body,
	}, flow: flow, guidance: g, notified: map[string]bool{}}
	s.plan(c, nil)
	s.chains = append(s.chains, c)
	var echo map[string]any
	_ = json.Unmarshal(body, &echo) // read has read it
	echo["resultId"], echo["status"] = c.ResultID, "requested"
	return answerJSON(http.StatusOK, echo)
}

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])  // never fails
	b[6] = b[6]&0x0F | 0x40 // version 4
	b[8] = b[8]&0x3F | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// abort stops a chain. One that is over stays as it is.
func (s *Server) abort(body []byte) standin.Answer {
	var a struct {
		ID string `json:"resultId"`
	}
	if json.Unmarshal(body, &a) != nil || a.ID == "" {
		return fault("resultId", "missing")
	}
	c := s.find(a.ID)
	if c == nil {
		return message(http.StatusNotFound, "not found")
	}
	c.abort(s.clock())
	return answerJSON(http.StatusCreated, map[string]any{})
}

// result tells how a chain stands.
func (s *Server) result(id string) standin.Answer {
	c := s.find(id)
	if c == nil {
		return message(http.StatusNotFound, "not found")
	}
	v := c.at(s.clock())
	calls := []map[string]any{}
	for _, k := range v.calls {
		calls = append(calls, map[string]any{
			"contactName": k.Contact, "status": k.status, "keyInput": orNull(k.key), "loop": k.Loop,
		})
	}
	object := map[string]any{
		"resultId": id, "isActive": v.active, "status": v.status, "keyInput": orNull(v.key), "calls": calls,
	}
	if s.Flagless {
		delete(object, "isActive")
	}
	return answerJSON(http.StatusOK, object)
}

func orNull(key string) any {
	if key == "" {
		return nil
	}
	return key
}

// list returns a page of the chains, the newest first.
func (s *Server) list(r *http.Request) standin.Answer {
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, err2 := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || err2 != nil || offset < 0 || limit < 1 {
		return fault("limit", "want an offset and a limit")
	}
	items := []map[string]any{}
	for _, c := range slices.Backward(s.chains) {
		if s.find(c.ResultID) == nil {
			continue
		}
		if offset--; offset < 0 && len(items) < limit {
			items = append(items, map[string]any{"resultId": c.ResultID, "status": c.at(s.clock()).status})
		}
	}
	return answerJSON(http.StatusOK, map[string]any{"items": items})
}
