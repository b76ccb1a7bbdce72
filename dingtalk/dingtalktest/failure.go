package dingtalktest

import (
	"fmt"
	"net/http"

	"github.com/tocsin-go/tocsin/internal/standin"
)

// A Failure is one way in which a webhook fails. The functions of this
// package make them; the zero value answers HTTP 200 with nothing.
type Failure = standin.Failure

// Errcode refuses a message with a code of the vendor and its text. That of
// 310000 is about the signature; for its other variants set up the [Server],
// or use [Errmsg].
func Errcode(code int) Failure { return Answer(http.StatusOK, refuse(code).answer()) }

// Errmsg refuses a message with a code and a text of the caller's choice.
func Errmsg(code int, text string) Failure {
	return Answer(http.StatusOK, refusal{code, text}.answer())
}

// Deny refuses a message as the anti-abuse layer before the vendor's server
// does: with 130101 and fields of its own, among them how long to wait. The
// unit of that is not known.
func Deny(wait int) Failure {
	return Answer(http.StatusOK, fmt.Sprintf(`{"status":1111,"wait":%d,"source":"x5","punish":"deny",`+
		`"uuid":"00000000000000000000000000000000","errcode":130101,"errmsg":%q}`, wait, wording(130101)))
}

// Answer answers with a status and a body and ignores the message: a page of
// a proxy, an empty body, JSON without errcode.
func Answer(status int, body string) Failure { return standin.Reply(status, body) }

// HTML answers with a status and a page such as gateways show.
func HTML(status int) Failure { return standin.HTML(status) }

// RetryAfter answers with a status and the header Retry-After.
func RetryAfter(status int, value string) Failure { return standin.RetryAfter(status, value) }

// Hang reads the message, ignores it and does not answer before the client
// gives up or the test ends. It closes begun, unless that is nil, when it has
// read the first message.
func Hang(begun chan<- struct{}) Failure { return standin.Hang(begun) }

// Unreachable is a webhook that takes no connection: nothing is sent. Behind
// a listener, which has taken the connection already, it is a Reset.
func Unreachable() Failure { return standin.Unreachable() }

// Reset resets the connection before the message was read. Whether anything
// arrived is unknown to the client, but nothing did.
func Reset() Failure { return standin.Reset() }

// ResetAfter accepts the message and then resets the connection instead of
// answering: a client that repeats the message with another msgUuid, or
// without one, shows it twice.
func ResetAfter() Failure { return standin.ResetAfter() }

// Cut accepts the message and breaks off in the middle of the answer.
func Cut() Failure { return standin.Cut() }
