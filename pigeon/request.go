package pigeon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"github.com/tocsin-go/tocsin/internal/phone"
)

// A Request says whom to call and what to say. Each half, the call flow and
// the guidance, is either prepared at the vendor and given by its id, or given
// inline: exactly one of the two. Whether the vendor takes one half by id and
// the other inline is not documented; such a request is sent, and the vendor
// judges it.
type Request struct {
	CallFlowID string // from the page of the call flow
	CallFlow   *CallFlow

	GuidanceID string // from the page of the guidance
	Guidance   *Guidance

	// Parameters are the values of the {{name}} placeholders of the guidance.
	// They are sent as they are: clean what comes from outside of braces, as a
	// [Sender] does.
	Parameters map[string]string
}

// String says of what kind the halves are. It shows neither numbers nor
// values.
func (r Request) String() string {
	flow, guidance := r.CallFlowID, r.GuidanceID
	if r.CallFlow != nil {
		flow = fmt.Sprintf("inline, %d contacts", len(r.CallFlow.Contacts))
	}
	if r.Guidance != nil {
		guidance = "inline"
	}
	return fmt.Sprintf("call flow %s; guidance %s; %d parameters", flow, guidance, len(r.Parameters))
}

// Format prints what String returns for every verb: left to itself, fmt would
// show the numbers for a verb that does not fit.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns what String returns.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.String()) }

// A CallFlow is whom to call, in which order. Printing it masks the numbers.
type CallFlow struct {
	Loops    int // rounds over the contacts, 1 to 10; 0 means 1
	Contacts []Contact
}

// String returns the rounds and the contacts.
func (c CallFlow) String() string {
	return fmt.Sprintf("%d rounds over %v", max(c.Loops, 1), c.Contacts)
}

// Format prints what String returns for every verb.
func (c CallFlow) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String returns.
func (c CallFlow) LogValue() slog.Value { return slog.StringValue(c.String()) }

// A Contact is one person. Printing it masks the numbers.
type Contact struct {
	Name string // shown in the history, at most 256 bytes

	// Phones are numbers as they are dialled in Japan, 09000000001 for
	// example, or with + and the country, which the vendor does not document.
	// Blanks, hyphens and parentheses are dropped.
	Phones []string
}

// String returns the name, and the numbers masked.
func (c Contact) String() string {
	masked := make([]string, len(c.Phones))
	for i, number := range c.Phones {
		masked[i] = phone.Mask(number)
	}
	return fmt.Sprintf("%s %v", c.Name, masked)
}

// Format prints what String returns for every verb.
func (c Contact) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String returns.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.String()) }

// A Guidance is what is said, and what the keys do.
type Guidance struct {
	// Text is read aloud, twice in a set and up to four sets: half a minute of
	// text makes a call of minutes. {{name}} stands for a parameter.
	Text string

	// Reactions say what the keys "1" to "9" do.
	Reactions map[string]Reaction
}

// A Reaction is what a key does.
type Reaction struct {
	Behavior Behavior
	Text     string // read aloud after the key; may be empty
}

// A Behavior is what becomes of a chain after a key. The enumeration is open:
// the word for transferring the call is not documented.
type Behavior string

// The behaviors. Only Terminate makes a chain succeed.
const (
	Terminate Behavior = "terminate" // ends the chain
	Continue  Behavior = "continue"  // goes on to the next contact
	Leave     Behavior = "leave"     // goes on, and leaves the contact out of later rounds
)

// clone returns a copy of r that shares nothing with it.
func (r Request) clone() Request {
	r.Parameters = maps.Clone(r.Parameters)
	if r.CallFlow != nil {
		flow := *r.CallFlow
		flow.Contacts = slices.Clone(flow.Contacts)
		for i, c := range flow.Contacts {
			flow.Contacts[i].Phones = slices.Clone(c.Phones)
		}
		r.CallFlow = &flow
	}
	if r.Guidance != nil {
		guidance := *r.Guidance
		guidance.Reactions = maps.Clone(guidance.Reactions)
		r.Guidance = &guidance
	}
	return r
}

// wireRequest is the vendor's object.
type wireRequest struct {
	Params wireParams `json:"params"`
}

type wireParams struct {
	CallFlowID string            `json:"callflowId,omitempty"`
	CallFlow   *wireCallFlow     `json:"callflow,omitempty"`
	GuidanceID string            `json:"guidanceId,omitempty"`
	Guidance   *wireGuidance     `json:"guidance,omitempty"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

type wireCallFlow struct {
	Loops    int           `json:"loopLimit"`
	Contacts []wireContact `json:"contacts"`
}

type wireContact struct {
	Name   string      `json:"displayName"`
	Phones []wirePhone `json:"phones"`
}

type wirePhone struct {
	Number string `json:"phoneNumber"`
}

type wireGuidance struct {
	Text      string                  `json:"messageTemplate"`
	Reactions map[string]wireReaction `json:"reactions"`
}

type wireReaction struct {
	Behavior Behavior `json:"behavior"`
	Text     string   `json:"messageTemplate,omitempty"`
}

// json returns the body of a request that was checked.
func (r *Request) json() ([]byte, error) {
	p := wireParams{CallFlowID: r.CallFlowID, GuidanceID: r.GuidanceID, Parameters: r.Parameters}
	if r.CallFlow != nil {
		p.CallFlow = r.CallFlow.wire()
	}
	if g := r.Guidance; g != nil {
		p.Guidance = &wireGuidance{Text: g.Text, Reactions: make(map[string]wireReaction, len(g.Reactions))}
		for key, reaction := range g.Reactions {
			p.Guidance.Reactions[key] = wireReaction(reaction)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(wireRequest{p}); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (c *CallFlow) wire() *wireCallFlow {
	w := &wireCallFlow{Loops: max(c.Loops, 1), Contacts: make([]wireContact, len(c.Contacts))}
	for i, contact := range c.Contacts {
		phones := make([]wirePhone, len(contact.Phones))
		for j, number := range contact.Phones {
			phones[j] = wirePhone{phone.Bare(number)}
		}
		w.Contacts[i] = wireContact{contact.Name, phones}
	}
	return w
}

// numbers returns the telephone numbers, which a refusal may repeat.
func (r *Request) numbers() []string {
	var numbers []string
	if r.CallFlow != nil {
		for _, c := range r.CallFlow.Contacts {
			numbers = append(numbers, c.Phones...)
		}
	}
	return numbers
}
