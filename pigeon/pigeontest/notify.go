package pigeontest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Notify posts the webhooks that are due and were not answered with a 2xx yet
// to a handler, at prefix with the event behind it: started, completed,
// cancelled or failed. It returns the status of each answer. Whether the vendor
// repeats a webhook is not known; a test that wants it calls Notify again.
func (s *Server) Notify(h http.Handler, prefix string) []int {
	var statuses []int
	for _, e := range s.due() {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, prefix+"/"+e.name, strings.NewReader(e.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		statuses = append(statuses, w.Code)
		if w.Code/100 == 2 {
			s.mu.Lock()
			e.chain.notified[e.name] = true
			s.mu.Unlock()
		}
	}
	return statuses
}

// A notice is a webhook that is due.
type notice struct {
	chain      *chain
	name, body string
}

// due returns the webhooks to post now.
func (s *Server) due() []notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	var notices []notice
	add := func(c *chain, name string, more map[string]any) {
		if c.notified[name] {
			return
		}
		object := map[string]any{
			"resultId": c.ResultID, "callflowId": c.CallFlowID, "callflowName": "call flow",
			"guidanceId": c.GuidanceID, "guidanceName": "guidance",
		}
		maps.Copy(object, more)
		body, err := json.Marshal(object)
		if err != nil {
			panic(err) // strings
		}
		notices = append(notices, notice{c, name, string(body)})
	}
	for _, c := range s.chains {
		if now.Before(c.starts) {
			continue
		}
		add(c, "started", nil)
		if now.Before(c.ends) {
			continue
		}
		switch c.status {
		case "succeeded":
			last := c.calls[len(c.calls)-1]
			add(c, "completed", map[string]any{"receivedContactName": last.Contact, "keyInput": last.key})
		case "aborted":
			add(c, "cancelled", nil)
		default:
			add(c, "failed", nil)
		}
	}
	return notices
}
