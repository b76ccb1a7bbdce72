package voicetest

import (
	"encoding/json"
	"net/http"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// A Failure is one way in which BlueKing fails. The functions of this package
// make them; the zero value answers HTTP 200 with nothing.
type Failure struct{ way standin.Failure }

// Code refuses a request with a code of the ESB and a text.
func Code(code int, message string) Failure {
	body, err := json.Marshal(*refuse(code, message).finish("0f3c2b1a00000000000000000000abcd"))
	if err != nil {
		panic("voicetest: " + err.Error()) // strings and numbers always encode
	}
	return Answer(http.StatusOK, string(body))
}

// RateLimited refuses a request with code 1306429.
func RateLimited() Failure { return Code(1306429, "access frequency limit") }

// ThirdPartyTimeout is the answer when the gateway behind the component did
// not answer in time: code 1306201, and a phone may ring.
func ThirdPartyTimeout() Failure {
	return Code(1306201, "third-party response time exceeds 30 seconds")
}

// Answer answers with a status and a body and ignores the request: a page of a
// proxy, an empty body, an envelope of the caller's choice.
func Answer(status int, body string) Failure { return Failure{standin.Reply(status, body)} }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure { return Failure{standin.HTML(status)} }

// RetryAfter answers with a status and the header Retry-After.
func RetryAfter(status int, value string) Failure { return Failure{standin.RetryAfter(status, value)} }

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure { return Failure{standin.Hang(begun)} }

// Unreachable takes no connection: nothing is sent. Behind a listener, which
// has taken the connection already, it is a Reset.
func Unreachable() Failure { return Failure{standin.Unreachable()} }

// Reset resets the connection before the request was read. Whether anything
// arrived is unknown to the client, but nothing did.
func Reset() Failure { return Failure{standin.Reset()} }

// ResetAfter places the calls and then resets the connection instead of
// answering: a client that repeats the request rings every phone twice.
func ResetAfter() Failure { return Failure{standin.ResetAfter()} }

// Cut places the calls and breaks off in the middle of the answer.
func Cut() Failure { return Failure{standin.Cut()} }
