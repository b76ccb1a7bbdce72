package wecomtest

import (
	"net/http"
	"sync"
)

// fault is where an exchange breaks.
type fault uint8

const (
	faultNone fault = iota
	faultUnreachable
	faultReset
	faultResetAfter
	faultHang
	faultCut
)

// A Failure is one way in which a webhook fails. The functions of this
// package make them; the zero value answers HTTP 200 with nothing.
type Failure struct {
	fault  fault
	status int
	header http.Header
	body   string
	begun  func() // called once the request was read
}

// Errcode refuses a message with a code of the vendor and a text of its
// shape.
func Errcode(code int) Failure { return Answer(http.StatusOK, refusal(code)) }

// Answer answers with a status and a body and ignores the message: a page of
// a proxy, an empty body, JSON without errcode.
func Answer(status int, body string) Failure { return Failure{status: status, body: body} }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure {
	return Answer(status, "<html><head><title>"+http.StatusText(status)+"</title></head></html>\n")
}

// RetryAfter answers with a status and the header Retry-After.
func RetryAfter(status int, value string) Failure {
	f := HTML(status)
	f.header = http.Header{"Retry-After": {value}}
	return f
}

// Hang reads the message, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first message.
func Hang(begun chan<- struct{}) Failure {
	f := Failure{fault: faultHang, begun: func() {}}
	if begun != nil {
		f.begun = sync.OnceFunc(func() { close(begun) })
	}
	return f
}

// Unreachable is a webhook that takes no connection: nothing is sent. Behind
// a listener, which has taken the connection already, it is a Reset.
func Unreachable() Failure { return Failure{fault: faultUnreachable} }

// Reset resets the connection before the message was read. Whether anything
// arrived is unknown to the client, but nothing did.
func Reset() Failure { return Failure{fault: faultReset} }

// ResetAfter accepts the message and then resets the connection instead of
// answering: a client that repeats the message shows it twice.
func ResetAfter() Failure { return Failure{fault: faultResetAfter} }

// Cut accepts the message and breaks off in the middle of the answer.
func Cut() Failure { return Failure{fault: faultCut} }
