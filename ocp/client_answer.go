package ocp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// Waits after an answer with 429.
const (
	defaultReset = 5 * time.Second  // it does not say
	maxReset     = 10 * time.Minute // a wrong header must not silence anybody for longer
)

// fields is a JSON object whose members are read one by one, so that one that is
// missing, or of a type that nobody expects, costs no other.
type fields map[string]json.RawMessage

// text returns a text, or a number as it is written.
func (f fields) text(name string) (s string) {
	var number json.Number
	if json.Unmarshal(f[name], &s) != nil && json.Unmarshal(f[name], &number) == nil {
		return number.String()
	}
	return s
}

func (f fields) object(name string) (o fields) {
	_ = json.Unmarshal(f[name], &o) // what is no object has no members
	return o
}

// open reads an answer and whether it says that the call was successful. ok is false
// for anything that is not from OCP.
func open(body []byte) (e fields, successful, ok bool) {
	if json.Unmarshal(body, &e) != nil {
		return nil, false, false
	}
	word := string(e["successful"])
	return e, word == "true", word == "true" || word == "false"
}

// status returns the HTTP status that counts: that of the answer, or the one
// inside of an answer with 2xx.
func (f fields) status(outer int) int {
	inner, err := strconv.Atoi(f.text("status"))
	if outer >= 200 && outer <= 299 && err == nil && inner >= 300 && inner <= 599 {
		return inner
	}
	return outer
}

// A judge decides about the answers to one call.
type judge struct {
	client *Client
	op     string
	proof  secret.Text // the Authorization of the attempt under way
	data   []byte      // of the answer that was accepted
}

// sign keeps what in a header proves who asks: a signature, or name and password.
func (j *judge) sign(h http.Header) http.Header {
	given := h.Get("Authorization")
	j.proof = secret.New(given[strings.LastIndexAny(given, " :")+1:])
	return h
}

// accept judges an answer with HTTP 2xx: only one that says that it was
// successful is.
func (j *judge) accept(resp *httpcall.Response) error {
	e, successful, ok := open(resp.Body)
	switch {
	case !ok:
		// A login page, a proxy, a wrong path: whoever answered, nobody knows
		// whether the call was carried out.
		return &Error{Op: j.op, HTTPStatus: resp.Status, Err: unclear(resp)}
	case !successful || e.status(resp.Status) != resp.Status:
		return j.refusal(e, resp)
	}
	j.data = e["data"]
	return nil
}

// refuse judges an answer with any other status, unless that says it all.
func (j *judge) refuse(resp *httpcall.Response) error {
	e, _, ok := open(resp.Body)
	if !ok && resp.Status != http.StatusUnauthorized && resp.Status != http.StatusTooManyRequests {
		return nil
	}
	return j.refusal(e, resp)
}

func (j *judge) refusal(e fields, resp *httpcall.Response) *Error {
	what := e.object("error")
	err := &Error{
		Op: j.op, Code: markup.OneLine(what.text("code"), 32), HTTPStatus: e.status(resp.Status),
		TraceID: markup.OneLine(j.hide(e.text("traceId")), 64),
		// Clean first and cut last, lest half a secret stays.
		Message: markup.OneLine(j.hide(markup.OneLine(what.text("message"), len(resp.Body))), 512),
	}
	if strings.Trim(err.Code, "0") == "" {
		err.Code = "" // the number 0 says nothing
	}
	switch {
	case err.isLogin() && j.client.credentials.signs:
		err.Skew = httpcall.ClockSkew(resp.Header)
	case err.isWait():
		err.after = reset(resp.Header)
		j.client.limit.Pause(err.after) // for everybody: whoever comes sooner is refused too
	}
	return err
}

// hide removes credentials, and what was made of them, from a text of OCP.
func (j *judge) hide(s string) string {
	return robot.Redact(s, j.proof, j.client.credentials.secret, j.client.credentials.name)
}

// reset returns how long to wait after an answer with 429: the seconds of
// RateLimit-Reset, or of Retry-After, which OCP does not send but a gateway
// does.
func reset(h http.Header) time.Duration {
	for _, name := range [...]string{"RateLimit-Reset", "Retry-After"} {
		seconds, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
		if err == nil && seconds >= 0 {
			return time.Duration(max(1, min(seconds, int64(maxReset/time.Second)))) * time.Second
		}
	}
	return defaultReset
}

// unclear says what came instead of an answer. It quotes nothing: such a page may
// well repeat what was sent.
func unclear(resp *httpcall.Response) error {
	what := fmt.Sprintf("%d bytes that are no answer of OCP", len(resp.Body))
	switch {
	case len(resp.Body) == 0:
		what = "an empty answer"
	case json.Valid(resp.Body):
		what = "JSON that does not say whether it was successful"
	}
	return robot.Unclear(fmt.Sprintf("HTTP %d with %s; check the address", resp.Status, what))
}
