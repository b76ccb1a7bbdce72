package ocptest

import (
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// A Failure is one way in which OCP fails. The functions of this package make
// them; the zero value answers HTTP 200 with nothing.
type Failure = standin.Failure

// Refuse refuses a request with an HTTP status and an envelope that holds a
// code, as a number if it is one, and a text.
func Refuse(status int, code, text string) Failure {
	return Answer(status, (&refusal{status, code, text}).body(time.Now()))
}

// TooMany answers 429 with the vendor's envelope and RateLimit-Reset, unless
// that is empty.
func TooMany(reset string) Failure {
	header := http.Header{}
	if reset != "" {
		header.Set("RateLimit-Reset", reset)
	}
	r := refusal{http.StatusTooManyRequests, "", "请求次数过多，你已经超过当前流控窗口内的请求上限"}
	return standin.Give(standin.Answer{Status: r.status, Header: header, Body: r.body(time.Now())})
}

// Answer answers with a status and a body and ignores the request: a page of
// a proxy, an empty body, JSON of somebody else.
func Answer(status int, body string) Failure { return standin.Reply(status, body) }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure { return standin.HTML(status) }

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure { return standin.Hang(begun) }

// ResetAfter works the request off and then resets the connection instead of
// answering.
func ResetAfter() Failure { return standin.ResetAfter() }
