package pigeon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// A Kind is what a webhook was registered for. The vendor's bodies do not say
// which event they are about, so that each kind has a path of its own.
type Kind string

// The kinds, which are also the last elements of the paths.
const (
	Started   Kind = "started"
	Completed Kind = "completed"
	Cancelled Kind = "cancelled"
	Failure   Kind = "failed"
)

// confirmedBy reports whether the state of a chain bears out the claim that
// the event has happened. Words that are unknown contradict nothing: the chain
// is over, and Result.Outcome says what can be said.
func (k Kind) confirmedBy(r Result) bool {
	if k == Started {
		return true // there is such a chain
	}
	if r.State != StateOver {
		return false
	}
	switch r.Status.class() {
	case classSucceeded:
		return k == Completed
	case classFailed, classRejected:
		return k == Failure
	case classAborted:
		return k == Cancelled
	}
	return true
}

// isKind reports whether there is such a kind.
func (k Kind) isKind() bool {
	return k == Started || k == Completed || k == Cancelled || k == Failure
}

// An Event is a webhook that was borne out by the vendor. Result and Outcome
// are what the vendor said when it was asked; decide by them.
type Event struct {
	Kind    Kind
	Result  Result
	Outcome Outcome

	// Claim is what stood in the body of the webhook. It was not confirmed:
	// show it to people, and decide nothing by it.
	Claim Claim
}

// String returns the kind, the chain and the outcome.
func (e Event) String() string {
	return fmt.Sprintf("%s: chain %s: %s", string(e.Kind), e.Result.ID, e.Outcome)
}

// Format prints what String returns for every verb.
func (e Event) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// LogValue returns what String returns.
func (e Event) LogValue() slog.Value { return slog.StringValue(e.String()) }

// A Claim is the body of a webhook. Each text is one clean line of at most 256
// bytes, and empty if it is missing.
type Claim struct {
	ResultID     string
	CallFlowID   string
	CallFlowName string
	GuidanceID   string
	GuidanceName string
	ContactName  string // who pressed the key
	Key          string
}

// parseClaim reads the body of a webhook. Nothing but the id is required.
func parseClaim(body []byte) (Claim, error) {
	var w *struct {
		ResultID     loose `json:"resultId"`
		CallFlowID   loose `json:"callflowId"`
		CallFlowName loose `json:"callflowName"`
		GuidanceID   loose `json:"guidanceId"`
		GuidanceName loose `json:"guidanceName"`
		ContactName  loose `json:"receivedContactName"`
		Key          loose `json:"keyInput"`
	}
	if err := json.Unmarshal(body, &w); err != nil || w == nil {
		return Claim{}, errors.New("the body is no JSON object") // the cause quotes it
	}
	if err := checkID(string(w.ResultID)); err != nil {
		return Claim{}, err
	}
	return Claim{
		ResultID:     string(w.ResultID),
		CallFlowID:   w.CallFlowID.line(maxName),
		CallFlowName: w.CallFlowName.line(maxName),
		GuidanceID:   w.GuidanceID.line(maxName),
		GuidanceName: w.GuidanceName.line(maxName),
		ContactName:  w.ContactName.line(maxName),
		Key:          w.Key.key(),
	}, nil
}
