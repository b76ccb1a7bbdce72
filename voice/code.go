package voice

import "fmt"

// A Code is the code in an answer of the component: the ESB's own from 1306000
// on, or one of the gateway behind it. It is an error, and [Error] unwraps to
// it, so that errors.Is(err, voice.CodeRateLimited) works.
//
// Source: the ESB's table of errors in github.com/TencentBlueKing/blueking-apigateway,
// src/esb/esb/common/errors.py, read in November 2026.
type Code int

// The codes that a program may want to tell apart.
const (
	CodeGeneral     Code = 1306000 // refused: wrong app secret or token, missing parameter, nobody to call
	CodeThirdParty  Code = 1306201 // the gateway behind the component did not answer properly
	CodeBadArgument Code = 1306406 // bad argument
	CodeRateLimited Code = 1306429 // too many requests
)

// Those that the rules here know besides.
const (
	codeOK            Code = 0 // also written "00"
	codeThirdPartyTLS Code = 1306203
	codeBadResult     Code = 1306208
)

// Error returns the number and, for a known code, its meaning.
func (c Code) Error() string {
	meaning := map[Code]string{
		codeOK:            "the answer names no error",
		CodeGeneral:       "general error, such as a wrong app secret or token, a missing parameter, or nobody to call",
		CodeThirdParty:    "the gateway behind the component timed out or gave no proper answer",
		codeThirdPartyTLS: "no secure connection to the gateway behind the component",
		1306206:           "the host of the gateway behind the component is not configured",
		1306207:           "the gateway behind the component is blocked",
		codeBadResult:     "the gateway behind the component answered in an unknown format",
		1306209:           "method not allowed for the gateway behind the component",
		1306401:           "no operator",
		1306402:           "the user may not call this component",
		1306403:           "the app may not call this component",
		1306404:           "no such component",
		1306405:           "the channel is switched off",
		CodeBadArgument:   "bad argument",
		1306407:           "bad path",
		1306408:           "bad token of the API gateway",
		CodeRateLimited:   "too many requests",
	}[c]
	if meaning != "" {
		return fmt.Sprintf("code %d (%s)", int(c), meaning)
	}
	return fmt.Sprintf("code %d", int(c))
}

// isUncertain reports whether a phone may ring in spite of the code.
func (c Code) isUncertain() bool { return c == CodeThirdParty || c == codeBadResult }

// isAgain reports whether the same request can be made again: only after codes that
// say that it did not reach the gateway.
func (c Code) isAgain() bool { return c == CodeRateLimited || c == codeThirdPartyTLS }
