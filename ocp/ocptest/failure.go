package ocptest

import (
	"net/http"
	"time"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// A Failure is one way in which OCP fails. The functions of this package make
// them; the zero value answers HTTP 200 with nothing.
type Failure struct {
	refused *refusal
	way     standin.Failure
}

// way returns how a failure is acted out by this server.
func (s *Server) way(f Failure) standin.Failure {
	if f.refused != nil {
		return standin.Reply(f.refused.status, f.refused.body(s.TextCodes, time.Now()))
	}
	return f.way
}

// Fail makes the next requests fail, one after the other, before the server
// works on.
func (s *Server) Fail(failures ...Failure) {
	ways := make([]standin.Failure, len(failures))
	for i, f := range failures {
		ways[i] = s.way(f)
	}
	s.web.Fail(ways...)
}

// FailAlways makes all requests fail that no call of [Server.Fail] provides
// for.
func (s *Server) FailAlways(f Failure) { s.web.FailAlways(s.way(f)) }

// Refuse refuses a request with an HTTP status and an envelope that holds a
// code such as ALM20001 and a text.
func Refuse(status int, code, text string) Failure {
	return Failure{refused: &refusal{status, code, text}}
}

// TooMany answers 429 with the vendor's envelope and RateLimit-Reset, unless
// that is empty.
func TooMany(reset string) Failure {
	header := http.Header{}
	if reset != "" {
		header.Set("RateLimit-Reset", reset)
	}
	r := refusal{status: http.StatusTooManyRequests, message: tooMany}
	return Failure{way: standin.Give(standin.Answer{Status: r.status, Header: header, Body: r.body(false, time.Now())})}
}

// Answer answers with a status and a body and ignores the request: a page of
// a proxy, an empty body, JSON of somebody else.
func Answer(status int, body string) Failure { return Failure{way: standin.Reply(status, body)} }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure { return Failure{way: standin.HTML(status)} }

// Hang reads the request, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first request.
func Hang(begun chan<- struct{}) Failure { return Failure{way: standin.Hang(begun)} }

// Unreachable is a server that takes no connection: nothing is sent. Behind a
// listener, which has taken the connection already, it is a Reset.
func Unreachable() Failure { return Failure{way: standin.Unreachable()} }

// Reset resets the connection before the request was read.
func Reset() Failure { return Failure{way: standin.Reset()} }

// ResetAfter works the request off and then resets the connection instead of
// answering.
func ResetAfter() Failure { return Failure{way: standin.ResetAfter()} }

// Cut works the request off and breaks off in the middle of the answer.
func Cut() Failure { return Failure{way: standin.Cut()} }
