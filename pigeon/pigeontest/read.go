package pigeontest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// params is the object of an invocation. A misspelt field is refused.
type params struct {
	CallFlowID string            `json:"callflowId"`
	GuidanceID string            `json:"guidanceId"`
	CallFlow   *inlineCallFlow   `json:"callflow"`
	Guidance   *inlineGuidance   `json:"guidance"`
	Parameters map[string]string `json:"parameters"`
}

type inlineCallFlow struct {
	LoopLimit int `json:"loopLimit"`
	Contacts  []struct {
		DisplayName string `json:"displayName"`
		Phones      []struct {
			PhoneNumber string `json:"phoneNumber"`
		} `json:"phones"`
	} `json:"contacts"`
}

type inlineGuidance struct {
	MessageTemplate string `json:"messageTemplate"`
	Reactions       map[string]struct {
		Behavior        string `json:"behavior"`
		MessageTemplate string `json:"messageTemplate"`
	} `json:"reactions"`
}

// read judges the body of an invocation.
func (s *Server) read(body []byte) (p params, flow callFlow, g guidance, problem *standin.Answer) {
	var envelope struct {
		Params *params `json:"params"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&envelope) != nil || envelope.Params == nil {
		return p, flow, g, new(fault("params", "not readable, or with a field that does not exist"))
	}
	p = *envelope.Params
	if (p.CallFlowID == "") == (p.CallFlow == nil) {
		return p, flow, g, new(fault("params.callflowId", "want either callflowId or callflow"))
	}
	if (p.GuidanceID == "") == (p.Guidance == nil) {
		return p, flow, g, new(fault("params.guidanceId", "want either guidanceId or guidance"))
	}
	flow, found := s.callFlows[p.CallFlowID]
	if p.CallFlow != nil {
		flow, found = p.CallFlow.read()
	}
	if !found {
		return p, flow, g, new(fault("params.callflow", "not found, or not as it should be"))
	}
	g, found = s.guidances[p.GuidanceID]
	if p.Guidance != nil {
		g, found = p.Guidance.read()
	}
	if !found {
		return p, flow, g, new(fault("params.guidance", "not found, or not as it should be"))
	}
	return p, flow, g, nil
}

// read judges an inline call flow.
func (f *inlineCallFlow) read() (callFlow, bool) {
	flow := callFlow{loops: f.LoopLimit}
	for _, c := range f.Contacts {
		contact := Contact{Name: c.DisplayName}
		for _, p := range c.Phones {
			if !isNumber(p.PhoneNumber) {
				return flow, false
			}
			contact.Numbers = append(contact.Numbers, p.PhoneNumber)
		}
		if len(contact.Numbers) == 0 {
			return flow, false
		}
		flow.contacts = append(flow.contacts, contact)
	}
	return flow, len(flow.contacts) > 0 && 1 <= flow.loops && flow.loops <= 10
}

// isNumber takes digits, with or without a plus in front.
func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= 3 && strings.Trim(digits, "0123456789") == ""
}

// read judges an inline guidance.
func (g *inlineGuidance) read() (guidance, bool) {
	out := guidance{template: g.MessageTemplate, behaviors: map[string]string{}}
	for key, r := range g.Reactions {
		switch r.Behavior {
		case "terminate", "continue", "leave", "transfer":
		default:
			return out, false
		}
		if len(key) != 1 || key < "1" || key > "9" {
			return out, false
		}
		out.behaviors[key] = r.Behavior
	}
	return out, strings.TrimSpace(out.template) != ""
}
