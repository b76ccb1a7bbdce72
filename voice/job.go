package voice

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/speech"
)

// A job is one request to a Handler: who is to be called, and the outcome of
// them.
type job struct {
	id      string
	extra   string // what the component says of users it did not find
	request Request
	at      []int // places of the request's callees among all
	done    chan struct{}

	mu      sync.Mutex
	results []Result // of all entries, in their order
}

// prepare sorts the entries of a request into those to call and those of whom
// it is known already that nobody will be.
func (h *Handler) prepare(p posted, id string) *job {
	j := &job{id: id, extra: p.extra, done: make(chan struct{}), results: make([]Result, len(p.users))}
	var good []Callee
	var places []int
	for i, u := range p.users {
		n, problem := u.number(h.opts.Form, h.opts.Country)
		c := Callee{User: markup.OneLine(u.name, maxName), Number: n}
		if problem != "" {
			j.results[i] = Result{Callee: c, State: RejectedPermanent, Code: codeNumber, Reason: problem}
			continue
		}
		good, places = append(good, c), append(places, i)
		j.results[i] = Result{Callee: c, State: Accepted} // until we know better
	}
	unique, of := distinct(good)
	held := make([]error, len(unique))
	for k, c := range unique {
		held[k] = h.opts.Ring.Allow(h.opts.Severity, false, c.Number.Reveal(), c.User)
	}
	all := make([]error, len(good))
	for k := range good {
		all[k] = held[of[k]]
	}
	report, allowed, at := withhold(good, all)
	for k, r := range report.Results {
		if r.State == Withheld {
			j.results[places[k]] = r
		}
	}
	for _, k := range at {
		j.at = append(j.at, places[k])
	}
	j.request = Request{Callees: allowed, Serial: h.opts.Serial, ID: id, Text: h.text(p.text)}
	return j
}

// text returns what the voice reads. A text of which nothing can be read, such
// as a mere link, still announces itself.
func (h *Handler) text(s string) string {
	v := speech.Voice{Locale: h.opts.Locale}
	return cmp.Or(v.Clean(s, h.opts.MaxRunes), h.opts.Locale.Title(alert.Firing))
}

// work places the calls of a job.
func (h *Handler) work(ctx context.Context, j *job) {
	defer close(j.done)
	defer func() { // of Report: nobody else would keep the process alive
		if v := recover(); v != nil {
			h.panicked(ctx, v)
		}
	}()
	if h.opts.Work > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.opts.Work)
		defer cancel()
	}
	placed, err := place(ctx, h.gateway, j.request)
	report := j.finish(placed, err)
	h.record(ctx, j.id, report, err)
	if h.opts.Report != nil {
		h.opts.Report(report, err)
	}
}

// finish notes the outcome of the calls.
func (j *job) finish(placed Report, err error) Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	for k, i := range j.at {
		if err != nil {
			callee := j.results[i].Callee
			j.results[i] = resultOf(failureOf(err, placed.RequestID))
			j.results[i].Callee = callee
		} else {
			j.results[i] = placed.Results[k]
		}
	}
	return Report{RequestID: placed.RequestID, Results: append([]Result(nil), j.results...)}
}

// record logs the outcome of a request.
func (h *Handler) record(ctx context.Context, id string, report Report, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", id),
		slog.Int("callees", len(report.Results)),
		slog.Int("reached", report.count(State.isReached)),
	}
	if failed := cmp.Or(err, report.Err()); failed != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", failed.Error()))
	}
	h.opts.Logger.LogAttrs(ctx, level, "voice request", attrs...)
}

// panicked logs that something of the program's own panicked, but not with
// what: that may be anything.
func (h *Handler) panicked(ctx context.Context, v any) {
	h.opts.Logger.LogAttrs(ctx, slog.LevelError, "voice handler panicked", slog.String("panic", fmt.Sprintf("%T", v)))
}

// await waits for the end of the calls, until the deadline.
func (j *job) await(deadline time.Time) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-j.done:
	case <-timer.C:
	}
}

// A reply is the envelope of an answer.
type reply struct {
	Result  bool      `json:"result"`
	Code    Code      `json:"code"`
	Message string    `json:"message"`
	Data    replyData `json:"data"`
}

// replyData must be an object: callers look into it without asking.
type replyData struct {
	ID      string   `json:"msg_id"`
	Details []detail `json:"details"`
}

// codePartial is the code of an answer that reports a callee who was not
// reached. Any but 0 will do.
const codePartial Code = 1

// answer returns what is known of a job by now.
func (j *job) answer() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := reply{Result: true, Message: "OK", Data: replyData{ID: j.id, Details: []detail{}}}
	var failed []string
	for _, result := range j.results {
		d := detail{
			Username: result.Callee.User, State: result.State.String(), CallID: result.ProviderID,
			Code: result.Code, Reason: result.Reason,
		}
		r.Data.Details = append(r.Data.Details, d)
		if result.State.isFailure() {
			failed = append(failed, fmt.Sprintf("%s (%s)", (Callee{User: d.Username}).String(), cmp.Or(d.Reason, d.State)))
		}
	}
	if message := j.complaint(failed); message != "" {
		r.Result, r.Code, r.Message = false, codePartial, message
	}
	return r.json()
}

// complaint returns the message about those who were not reached, or "". Users
// whom the component did not find make the answer a failure too. It would make
// it one by itself, but leave the code at 0, which its callers take for a
// success.
func (j *job) complaint(failed []string) string {
	var parts []string
	if len(failed) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d failed: %s", len(failed), len(j.results), strings.Join(failed, ", ")))
	}
	if j.extra != "" {
		parts = append(parts, "not looked up: "+j.extra)
	}
	return markup.OneLine(strings.Join(parts, "; "), 2*maxReason)
}

// refusal returns the answer to a request that placed no call, and why.
func refusal(code Code, why string) (answer []byte, reason string) {
	r := reply{Code: code, Message: why, Data: replyData{Details: []detail{}}}
	return r.json(), why
}

// json encodes r.
func (r *reply) json() []byte {
	body, err := json.Marshal(r)
	if err != nil {
		panic("voice: " + err.Error()) // strings, numbers and booleans always encode
	}
	return append(body, '\n')
}
