package pigeontest

import (
	"github.com/tocsin-go/tocsin/internal/standin"
)

// A Failure is one way in which the API fails. The functions of this package
// make them; the zero value answers HTTP 200 with nothing.
type Failure struct{ way standin.Failure }

// ways returns how failures are acted out.
func ways(failures []Failure) []standin.Failure {
	out := make([]standin.Failure, len(failures))
	for i, f := range failures {
		out[i] = f.way
	}
	return out
}

// Reply answers with a status and a body and ignores the request.
func Reply(status int, body string) Failure { return Failure{standin.Reply(status, body)} }

// HTML answers with a status and a page such as gateways show, and ignores the
// request.
func HTML(status int) Failure { return Failure{standin.HTML(status)} }

// RetryAfter answers with a status and the header Retry-After, and ignores the
// request.
func RetryAfter(status int, value string) Failure {
	return Failure{standin.RetryAfter(status, value)}
}

// Instead works the request off, which may place a chain, and then gives the
// answer of f, which comes from [Reply], [HTML] or [RetryAfter].
func Instead(f Failure) Failure { return Failure{standin.Instead(f.way)} }

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure { return Failure{standin.Hang(begun)} }

// HangAfter is [Hang], but works the request off.
func HangAfter(begun chan<- struct{}) Failure { return Failure{standin.HangAfter(begun)} }

// Unreachable is a server that takes no connection: nothing is sent. Behind a
// listener, which has taken the connection already, it is a [Reset].
func Unreachable() Failure { return Failure{standin.Unreachable()} }

// Reset resets the connection before the request was read. Whether anything
// arrived is unknown to the client, but nothing did.
func Reset() Failure { return Failure{standin.Reset()} }

// ResetAfter works the request off and then resets the connection instead of
// answering.
func ResetAfter() Failure { return Failure{standin.ResetAfter()} }

// Cut works the request off and breaks off in the middle of the answer.
func Cut() Failure { return Failure{standin.Cut()} }
