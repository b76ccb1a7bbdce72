package ocp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// Bounds, in bytes, of what an error keeps of an answer.
const (
	maxVendorText = 512
	maxTrace      = 64
	maxCode       = 32
)

// Waits that an answer with 429 may ask for.
const (
	defaultReset = 5 * time.Second  // it does not say
	maxReset     = 10 * time.Minute // a wrong header must not silence anybody for longer
)

// fields is a JSON object whose members are read one by one, so that one that is
// missing, or of a type that nobody expects, costs no other.
type fields map[string]json.RawMessage

func (f fields) text(name string) string { return text(f[name]) }

func (f fields) object(name string) (o fields) {
	if json.Unmarshal(f[name], &o) != nil {
		return nil
	}
	return o
}

// open reads an answer, and what it says about its success. It reports false for
// anything that is not from OCP.
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

func text(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	var s string
	switch {
	case len(raw) == 0:
	case raw[0] == '"':
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		s = string(raw)
	}
	return s
}

// A judge decides about the answers to one call.
type judge struct {
	client *Client
	op     string
	proof  secret.Text // the Authorization of the attempt under way
	data   []byte      // of the answer that was accepted
}

func (j *judge) sign(h http.Header) http.Header {
	_, proof, _ := strings.Cut(h.Get("Authorization"), " ")
	if _, signature, signed := strings.Cut(proof, ":"); signed {
		proof = signature
	}
	j.proof = secret.New(proof)
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
		return &Error{Op: j.op, HTTPStatus: resp.Status, Err: unclear(fmt.Sprintf("HTTP %d with %s", resp.Status, describe(resp.Body)))}
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
		Op: j.op, Code: markup.OneLine(what.text("code"), maxCode), HTTPStatus: e.status(resp.Status),
		TraceID: markup.OneLine(j.hide(e.text("traceId")), maxTrace),
		// Clean first and cut last, lest half a secret stays.
		Message: markup.OneLine(j.hide(markup.OneLine(what.text("message"), len(resp.Body))), maxVendorText),
	}
	if strings.Trim(err.Code, "0") == "" {
		err.Code = "" // the number 0 says nothing
	}
	switch {
	case err.isLogin() && j.client.credentials.scheme == schemeAccessKey:
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

type unclear string

// Error says what came and what that means.
func (u unclear) Error() string {
	return string(u) + "; check the address; it may have been done, and doing it again is safe"
}

// Is makes it match alert.ErrUncertain.
func (u unclear) Is(target error) bool { return target == alert.ErrUncertain }

// describe says what came instead of an answer. It quotes nothing: such a
// page may well repeat what was sent.
func describe(body []byte) string {
	switch {
	case len(body) == 0:
		return "an empty answer"
	case json.Valid(body):
		return "JSON that does not say whether it was successful"
	}
	return fmt.Sprintf("%d bytes that are no answer of OCP", len(body))
}
