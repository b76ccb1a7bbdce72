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
	CodeOK            Code = 0       // also written "00"
	CodeGeneral       Code = 1306000 // refused: wrong app secret or token, missing parameter, nobody to call
	CodeThirdParty    Code = 1306201 // the gateway behind the component did not answer properly
	CodeThirdPartyTLS Code = 1306203 // no secure connection to the gateway behind the component
	CodeBadResult     Code = 1306208 // the gateway behind the component answered in an unknown format
	CodeNoOperator    Code = 1306401 // no operator
	CodeUserForbidden Code = 1306402 // the user may not call
	CodeAppForbidden  Code = 1306403 // the app may not call
	CodeNoComponent   Code = 1306404 // unknown component
	CodeInactive      Code = 1306405 // the channel is switched off
	CodeBadArgument   Code = 1306406 // bad argument
	CodeRateLimited   Code = 1306429 // too many requests
)

// Error returns the number and, for a known code, its meaning.
func (c Code) Error() string {
	if meaning := c.meaning(); meaning != "" {
		return fmt.Sprintf("code %d (%s)", int(c), meaning)
	}
	return fmt.Sprintf("code %d", int(c))
}

// meaning returns the words for a known code.
func (c Code) meaning() string {
	switch c {
	case CodeOK:
		return "the answer names no error"
	case CodeGeneral:
		return "general error, such as a wrong app secret or token, a missing parameter, or nobody to call"
	case CodeThirdParty:
		return "the gateway behind the component timed out or gave no proper answer"
	case CodeThirdPartyTLS:
		return "no secure connection to the gateway behind the component"
	case 1306206:
		return "the host of the gateway behind the component is not configured"
	case 1306207:
		return "the gateway behind the component is blocked"
	case CodeBadResult:
		return "the gateway behind the component answered in an unknown format"
	case 1306209:
		return "method not allowed for the gateway behind the component"
	}
	return c.refusal()
}

// refusal returns the words for the codes of a request that was turned away.
func (c Code) refusal() string {
	switch c {
	case CodeNoOperator:
		return "no operator"
	case CodeUserForbidden:
		return "the user may not call this component"
	case CodeAppForbidden:
		return "the app may not call this component"
	case CodeNoComponent:
		return "no such component"
	case CodeInactive:
		return "the channel is switched off"
	case CodeBadArgument:
		return "bad argument"
	case 1306407:
		return "bad path"
	case 1306408:
		return "bad token of the API gateway"
	case CodeRateLimited:
		return "too many requests"
	}
	return ""
}

// IsUncertain reports whether a phone may ring in spite of the code.
func (c Code) IsUncertain() bool { return c == CodeThirdParty || c == CodeBadResult }

// Retryable reports whether the same request can be made again: only after
// codes that say that it did not reach the gateway.
func (c Code) Retryable() bool { return c == CodeRateLimited || c == CodeThirdPartyTLS }
