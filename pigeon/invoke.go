package pigeon

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// An Invocation is a chain that the vendor has accepted. Nobody has answered
// yet: [Client.Wait] tells whether somebody does.
type Invocation struct {
	ResultID string
	Status   ChainStatus // StatusRequested

	// Warnings are oddities of the request that did not keep it from being
	// sent, such as a value without a placeholder.
	Warnings []string
}

// Invoke starts a chain: phones ring soon after. It returns when the vendor
// has accepted the request, not when somebody has answered.
//
// A request is attempted again only if certainly nothing was placed: no
// connection came about, the TLS handshake failed, or the answer was HTTP 429
// or 425, whose Retry-After of at most 30 s is waited for. After everything
// else that is neither a yes nor a no - a broken connection, a timeout, HTTP
// 503 or another 5xx, a page of a proxy with HTTP 200 - the error matches
// [alert.ErrUncertain] and is not retryable, since phones may be ringing.
//
// A [*FieldError] within the error was found before anything was sent.
//
// Vendor page: https://blog.cloud.kompira.jp/entry/manual/chain-api.
func (c *Client) Invoke(ctx context.Context, r Request) (Invocation, error) {
	warnings, err := r.check()
	if err != nil {
		return Invocation{}, &Error{Op: opInvoke, Err: err}
	}
	body, err := r.json()
	if err != nil {
		return Invocation{}, &Error{Op: opInvoke, Err: err}
	}
	placed := Invocation{Warnings: warnings}
	err = c.do(ctx, &exchange{
		op: opInvoke, path: "/chain/invoke", body: body, hide: r.numbers(),
		judge: func(resp *httpcall.Response) error { return placed.judge(resp) },
	})
	if err != nil {
		return Invocation{}, err
	}
	return placed, nil
}

// judge reads the answer to an invocation. Only the word "requested" together
// with an id is a yes, and only another word without an id a no; the vendor
// says that the id is there only if the request was accepted. Whatever is
// neither leaves open whether phones ring.
func (i *Invocation) judge(resp *httpcall.Response) error {
	var a *struct {
		ID     loose `json:"resultId"`
		Status loose `json:"status"`
	}
	err := json.Unmarshal(resp.Body, &a)
	if err != nil || a == nil {
		return i.doubt(resp, fmt.Sprintf("HTTP %d with %d bytes that are not the vendor's answer", resp.Status, len(resp.Body)), "")
	}
	id, status := string(a.ID), ChainStatus(a.Status.line(maxWord))
	known := id
	if idFault(id) != "" {
		known = ""
	}
	switch {
	case status == StatusRequested && known != "":
		i.ResultID, i.Status = id, status
		return nil
	case status != StatusRequested && status != "" && id == "":
		return &Error{Op: opInvoke, HTTPStatus: resp.Status, Status: status, Err: notAccepted(status)}
	}
	return i.doubt(resp, fmt.Sprintf("status %q together with resultId %q", string(status), known), known)
}

// doubt returns the error of an answer that cannot be understood.
func (i *Invocation) doubt(resp *httpcall.Response, what, id string) error {
	return &Error{Op: opInvoke, ResultID: id, HTTPStatus: resp.Status, Err: doubtful(what)}
}
