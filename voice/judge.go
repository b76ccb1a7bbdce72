package voice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// An answering is one request to BlueKing and what is learned of it.
type answering struct {
	client  *Client
	callees []Callee
	id      string // request_id
	results []Result
}

// judge fills in the results if resp says something about the callees, even if
// it is that some failed: such a request must not be repeated as a whole. Else
// it returns an *Error.
func (a *answering) judge(resp *httpcall.Response) error {
	v, ok := readAnswer(resp.Body, a.client.mode)
	a.id = a.clean(cmp.Or(v.requestID, resp.Header.Get("X-Bkapi-Request-Id")), maxName)
	if !ok || !v.known {
		// A page of a proxy, a cut body: nobody knows what was done.
		return &Error{
			Op: opVoice, HTTPStatus: resp.Status, RequestID: a.id, fate: fateUnsure,
			Err: fmt.Errorf("HTTP %d with an answer that holds no verdict (%d bytes)", resp.Status, len(resp.Body)),
		}
	}
	a.results = a.read(&v)
	if a.results != nil {
		return nil
	}
	return a.refused(&v, resp.Status)
}

// names fills in the results if an answer that is no success says who was not
// called, and reports whether it does.
func (a *answering) names(resp *httpcall.Response) bool {
	if resp == nil || resp.Status >= 200 && resp.Status <= 299 {
		return false
	}
	v, ok := readAnswer(resp.Body, a.client.mode)
	if !ok || !v.tried() {
		return false
	}
	a.id = a.clean(cmp.Or(v.requestID, resp.Header.Get("X-Bkapi-Request-Id")), maxName)
	a.results = a.read(&v)
	return a.results != nil
}

// refused returns the error of a request that was turned down as a whole.
func (a *answering) refused(v *verdict, status int) *Error {
	if a.client.mode == APIGateway && v.errorCode != "" {
		return &Error{
			Op: opVoice, HTTPStatus: status, Message: a.clean(v.message, maxReason), RequestID: a.id, fate: fateFinal,
			Err: errors.New("refused by the API gateway"),
		}
	}
	return &Error{
		Op: opVoice, Refused: true, Code: v.code, HTTPStatus: status,
		Message: a.clean(v.message, maxReason), RequestID: a.id,
	}
}

// clean makes a text of BlueKing harmless.
func (a *answering) clean(s string, limit int) string {
	s = s[:min(len(s), 64*limit)]
	for _, text := range a.client.secrets() {
		s = text.Redact(s)
	}
	return censor(s, a.callees, limit)
}

// failure turns the error of a call into an *Error.
func (a *answering) failure(resp *httpcall.Response, err error) *Error {
	own, judged := errors.AsType[*Error](err)
	transport, below := errors.AsType[*httpcall.Error](err)
	switch {
	case judged && below: // another attempt was due, and something came between
		e := *own
		e.Err, e.after = err, transport.After
		return &e
	case judged:
		return own
	case !below:
		return &Error{Op: opVoice, Err: err, fate: fateUnsure}
	}
	e := &Error{Op: opVoice, Err: err, HTTPStatus: transport.Status}
	if resp != nil && (resp.Status < 200 || resp.Status > 299) {
		// The API gateway explains its 4xx in the body.
		a.id = a.clean(resp.Header.Get("X-Bkapi-Request-Id"), maxName)
		if v, ok := readAnswer(resp.Body, a.client.mode); ok {
			a.id = cmp.Or(a.clean(v.requestID, maxName), a.id)
			e.Message = a.clean(v.message, maxReason)
		}
	}
	e.RequestID = a.id
	return e
}

// read returns a result for each callee, or nil if the answer says nothing but
// that the request failed.
func (a *answering) read(v *verdict) []Result {
	results := make([]Result, len(a.callees))
	said := v.tried() // something about somebody
	named := slices.ContainsFunc(a.callees, v.hasFailed)
	for i, c := range a.callees {
		r, found := a.find(v, c, i)
		if !found {
			r = Result{State: Unknown, Reason: v.message}
			if v.ok && !v.countsFailures() || named {
				r = Result{State: Accepted}
			}
		}
		said = said || found
		r.clean(a.callees)
		r.Reason = a.clean(r.Reason, maxReason)
		results[i] = r
	}
	if !v.ok && !said {
		return nil
	}
	if r, whole := v.summarised(); whole && !said {
		for i := range results {
			results[i] = r
			results[i].Reason = a.clean(r.Reason, maxReason)
		}
	}
	return results
}

// tried reports whether an error of the API gateway says that calls were placed, and
// some of them, or all, have failed.
func (v *verdict) tried() bool { return len(v.failed) > 0 || v.errorCode == "SEND_FAILED" }

// hasFailed reports whether an error of the API gateway names a callee, by user or by
// number.
func (v *verdict) hasFailed(c Callee) bool {
	return slices.ContainsFunc(v.failed, func(name string) bool {
		number := strings.TrimPrefix(phone.Bare(name), "+"+defaultCountry)
		return name != "" && (name == strings.TrimSpace(c.User) || number != "" && number == c.Number.Reveal())
	})
}

// countsFailures reports whether an answer that is good on the whole counts
// callees that failed, without saying who.
func (v *verdict) countsFailures() bool {
	return v.data.Summary != nil && (v.data.Summary.Failed > 0 || v.data.Summary.Succeeded < v.data.Summary.Total)
}

// summarised returns the result that everybody has by a summary of counts. In
// a partial failure nobody can tell who it was.
func (v *verdict) summarised() (Result, bool) {
	s := v.data.Summary
	if !v.ok || s == nil || !v.countsFailures() {
		return Result{}, false
	}
	reason := fmt.Sprintf("%d of %d failed: %s", s.Failed, s.Total, scalar(v.data.Message))
	if s.Succeeded == 0 {
		return Result{State: RejectedPermanent, Reason: reason}, true
	}
	return Result{State: Unknown, Reason: reason}, true
}

// find returns what the answer says about one callee.
func (a *answering) find(v *verdict, c Callee, i int) (Result, bool) {
	name := cmp.Or(strings.TrimSpace(c.User), fmt.Sprintf("callee-%d", i+1))
	if v.hasFailed(c) {
		return Result{State: RejectedPermanent, Code: v.errorCode, Reason: v.message}, true
	}
	for _, u := range v.data.Failed {
		if u.is(name, c) {
			return u.failed(), true
		}
	}
	for _, u := range v.data.Successed {
		if u.is(name, c) {
			return Result{State: Accepted, ProviderID: scalar(u.CallID), Reason: scalar(u.Errmsg)}, true
		}
	}
	if d, ok := v.data.Details[name]; ok {
		state, _ := parseState(d.State)
		return Result{State: state, ProviderID: d.CallID, Code: d.Code, Reason: d.Reason}, true
	}
	if slices.Contains(v.data.Invalid, name) {
		return Result{State: RejectedPermanent, Code: "user", Reason: "not a user whom BlueKing can call"}, true
	}
	return Result{}, false
}

// is reports whether an entry is about a callee: by the number if both have
// one, else by the name.
func (u *tencentUser) is(name string, c Callee) bool {
	if mobile := scalar(u.Mobile); mobile != "" && !c.Number.IsZero() {
		return mobile == c.Number.Reveal()
	}
	return scalar(u.Username) == name
}

// failed returns the result for an entry of the failed ones. Of Tencent's
// codes four are worth another call, and one of these leaves it open whether
// the phone rings.
//
// Vendor page: https://cloud.tencent.com/document/api/1128/37531.
func (u *tencentUser) failed() Result {
	r := Result{State: RejectedPermanent, Code: scalar(u.Result), Reason: scalar(u.Errmsg), ProviderID: scalar(u.CallID)}
	switch r.Code {
	case "1013":
		r.State, r.RetryAfter = Throttled, rateWait
	case "3001", "3002":
		r.State = RejectedTemporary
	case "3011", "":
		r.State = Unknown
	}
	return r
}
