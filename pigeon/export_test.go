package pigeon

import "github.com/tocsin-go/tocsin/internal/httpcall"

// What the fuzz targets and the golden tests reach without a server.

func ParseResult(id string, body []byte) (Result, error) { return parseResult(id, body) }

func ParseCalls(body []byte) ([]Listed, error) { return parseCalls(body) }

func VendorText(body []byte) string { return vendorText(body) }

func Placeholders(field, text string) ([]string, error) { return placeholders(field, text) }

// RequestJSON returns what Invoke sends.
func RequestJSON(r Request) ([]byte, error) { return r.json() }

// CheckRequest returns what Invoke finds before it sends.
func CheckRequest(r Request) ([]string, error) { return r.check() }

// JudgeInvocation reads an answer with HTTP 200 to an invocation.
func JudgeInvocation(body []byte) (Invocation, error) {
	var i Invocation
	err := i.judge(&httpcall.Response{Status: 200, Body: body})
	return i, err
}

// ParameterNames returns the names of all parameters of a Sender.
func ParameterNames() []string { return parameterNames() }
