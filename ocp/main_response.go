package ocp

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// A Response is what a script prints after a success: one JSON object, which
// OCP compares with the response validation (Response 校验信息) of the channel.
// There each key and value that the channel names must be in it. The empty
// Response means ResponseOK.
type Response string

// Responses that OCP's documentation uses as response validation.
const (
	ResponseOK     Response = `{"errcode":0,"errmsg":"ok"}` // DingTalk and WeCom
	ResponseFeishu Response = `{"StatusCode":0,"StatusMessage":"success"}`
)

// errResponse tells of a mistake in the handler. The alert was delivered.
var errResponse = errors.New("ocp: the handler delivered, but its response is not a JSON object")

// complete checks a response and removes blanks and line feeds: around it, OCP
// would not take it for JSON.
func (r Response) complete() (Response, error) {
	text := strings.TrimSpace(string(r))
	if text == "" {
		return ResponseOK, nil
	}
	var line bytes.Buffer
	if text[0] != '{' || json.Compact(&line, []byte(text)) != nil {
		return "", errResponse
	}
	return Response(line.String()), nil
}

// maxReason bounds the reason of a failure in bytes.
const maxReason = 2000

// failureText returns the JSON object that reports a failure.
func failureText(err error) string {
	text, fault := json.Marshal(struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}{1, markup.OneLine(hideURLs(err.Error()), maxReason)})
	if fault != nil { // of a string and a number there is none
		return `{"errcode":1,"errmsg":"ocp: failed"}`
	}
	return string(text)
}

// hideURLs removes from each URL what stands behind the host, and a user in
// front of it. Errors of net/http repeat the URL that was called.
func hideURLs(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	urls := regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s"'<>/?#]*@)?([^\s"'<>/?#]*)[^\s"'<>]*`)
	return urls.ReplaceAllString(s, "$1$2")
}
