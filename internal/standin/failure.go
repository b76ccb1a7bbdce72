package standin

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
	faultInstead
	faultHangAfter
)

// A Failure is one way in which a webhook fails. The zero value answers HTTP
// 200 with nothing.
type Failure struct {
	fault  fault
	answer Answer
	begun  func() // called once the request was read
}

// Reply answers with a status and a body and ignores the request.
func Reply(status int, body string) Failure {
	return Failure{answer: Answer{Status: status, Body: body}}
}

// Give answers in any way, header included, and ignores the request.
func Give(a Answer) Failure { return Failure{answer: a} }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure {
	return Reply(status, "<html><head><title>"+http.StatusText(status)+"</title></head></html>\n")
}

// RetryAfter answers with a status and the header Retry-After.
func RetryAfter(status int, value string) Failure {
	f := HTML(status)
	f.answer.Header = http.Header{"Retry-After": {value}}
	return f
}

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure {
	f := Failure{fault: faultHang, begun: func() {}}
	if begun != nil {
		f.begun = sync.OnceFunc(func() { close(begun) })
	}
	return f
}

// Unreachable is a server that takes no connection: nothing is sent. Behind a
// listener, which has taken the connection already, it is a Reset.
func Unreachable() Failure { return Failure{fault: faultUnreachable} }

// Reset resets the connection before the request was read.
func Reset() Failure { return Failure{fault: faultReset} }

// ResetAfter works the request off and then resets the connection instead of
// answering.
func ResetAfter() Failure { return Failure{fault: faultResetAfter} }

// Cut works the request off and breaks off in the middle of the answer.
func Cut() Failure { return Failure{fault: faultCut} }

// Instead works the request off and then gives the answer of f, which comes
// from Reply, HTML or RetryAfter: a gateway that gave up on its backend.
func Instead(f Failure) Failure {
	f.fault = faultInstead
	return f
}

// HangAfter is Hang, but works the request off.
func HangAfter(begun chan<- struct{}) Failure {
	f := Hang(begun)
	f.fault = faultHangAfter
	return f
}
