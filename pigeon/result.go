package pigeon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A State says whether a chain goes on. It is the only sign of the end that
// the vendor documents.
type State uint8

// The states.
const (
	StateUnknown State = iota // the answer did not say
	StateActive               // it rings, or waits for a line
	StateOver
)

// String returns a lower-case English word.
func (s State) String() string {
	words := [...]string{"unknown", "active", "over"}
	if int(s) < len(words) {
		return words[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// A Result is what is known of a chain. It is not modified after it was
// returned. Printing it leaves out the raw answer, which may hold telephone
// numbers.
type Result struct {
	ID     string
	State  State
	Status ChainStatus
	Key    string // pressed last, by anybody; says nothing without [Result.Outcome]

	// Calls are the telephone calls so far, if the answer lists them; the first
	// 10000. The vendor does not publish the names of these fields: take Calls
	// as a help for people, and decide by Outcome.
	Calls []Call

	// Started and Ended are zero if the answer does not say, in a form that
	// can be read.
	Started, Ended time.Time

	raw secret.Text
}

// A Call is one telephone call of a chain.
type Call struct {
	Contact string // name in the call flow
	Status  CallStatus
	Key     string
	Loop    int // round over the contacts, from 1; 0: not said
}

// Raw returns the answer as it came, for fields that are not listed here; nil
// if there was none. It may hold telephone numbers.
func (r Result) Raw() json.RawMessage { return rawOf(r.raw) }

func rawOf(t secret.Text) json.RawMessage {
	if t.IsZero() {
		return nil
	}
	return json.RawMessage(t.Reveal())
}

// String returns id, state and status in one line.
func (r Result) String() string {
	return fmt.Sprintf("chain %s: %s, status %q, key %q, %d calls", r.ID, r.State, string(r.Status), r.Key, len(r.Calls))
}

// Format prints what String returns for every verb.
func (r Result) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns what String returns.
func (r Result) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Result asks how a chain stands. It is safe to repeat, and repeats failures
// that pass. An id that cannot be one is refused with a [*FieldError] before
// anything is sent; an unknown one is an HTTP 404.
func (c *Client) Result(ctx context.Context, id string) (Result, error) {
	if err := checkID(id); err != nil {
		return Result{}, &Error{Op: opResult, Err: err}
	}
	var result Result
	err := c.do(ctx, &exchange{
		op: opResult, method: http.MethodGet, path: "/results/" + url.PathEscape(id), repeat: true, id: id,
		judge: func(resp *httpcall.Response) error {
			r, err := parseResult(id, resp.Body)
			if err != nil {
				return &Error{Op: opResult, ResultID: id, HTTPStatus: resp.Status, Err: err}
			}
			result = r
			return nil
		},
	})
	return result, err
}

// wireResult is the vendor's object. Of its fields the first three are known.
type wireResult struct {
	Active  flag           `json:"isActive"`
	Key     loose          `json:"keyInput"`
	Status  loose          `json:"status"`
	ID      loose          `json:"resultId"`
	Calls   list[wireCall] `json:"calls"`
	Started loose          `json:"startedAt"`
	Ended   loose          `json:"endedAt"`
}

type wireCall struct {
	Contact loose `json:"contactName"`
	Status  loose `json:"status"`
	Key     loose `json:"keyInput"`
	Loop    loose `json:"loop"`
}

// parseResult reads the answer about a chain. An answer about another chain,
// of a cache for example, is none.
func parseResult(id string, body []byte) (Result, error) {
	var w *wireResult
	if err := json.Unmarshal(body, &w); err != nil || w == nil {
		return Result{}, unreadable(fmt.Sprintf("%d bytes that are not the vendor's answer", len(body)))
	}
	if w.ID != "" && string(w.ID) != id {
		return Result{}, unreadable("an answer about another chain")
	}
	r := Result{
		ID: id, Status: ChainStatus(w.Status.line(maxWord)), Key: w.Key.key(),
		Started: w.Started.time(), Ended: w.Ended.time(), raw: secret.New(string(body)),
	}
	if w.Active.known {
		r.State = StateOver
		if w.Active.set {
			r.State = StateActive
		}
	}
	for _, call := range w.Calls {
		r.Calls = append(r.Calls, Call{
			Contact: call.Contact.line(maxName), Status: CallStatus(call.Status.line(maxWord)),
			Key: call.Key.key(), Loop: call.Loop.count(),
		})
	}
	return r, nil
}
