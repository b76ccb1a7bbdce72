package ocp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// A Response is what a script prints after a success: one JSON object, which
// OCP compares with the response validation (Response 校验信息) of the channel.
// There each key and value that the channel names must be in it. The empty
// Response means ResponseOK.
type Response string

// ResponseOK is the Response that OCP's documentation uses for DingTalk and
// WeCom, and the answer of a [Handler].
const ResponseOK Response = `{"errcode":0,"errmsg":"ok"}`

// errResponse tells of a mistake in the script. The alert was delivered.
var errResponse = errors.New("ocp: the script delivered, but its response is not a JSON object")

// complete checks a response, adds the warnings and removes blanks and line feeds:
// around it, OCP would not take it for JSON.
func (r Response) complete(n *warnings) (Response, error) {
	text := strings.TrimSpace(string(r))
	if text == "" {
		text = string(ResponseOK)
	}
	var line bytes.Buffer
	if text[0] != '{' || json.Compact(&line, []byte(text)) != nil {
		return "", errResponse
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.list) == 0 {
		return Response(line.String()), nil
	}
	begin := strings.TrimSuffix(line.String(), "}")
	if begin != "{" {
		begin += ","
	}
	warning := markup.OneLine(strings.Join(n.list, "; "), maxReason)
	return Response(begin + `"warning":` + string(encodeJSON(warning)) + "}"), nil
}

type warnings struct {
	mu   sync.Mutex
	list []string
}

type warningsKey struct{}

// warn adds a warning to the answer of the script that ctx is of, if there is
// one and it has none like it.
func warn(ctx context.Context, text string) {
	if n, ok := ctx.Value(warningsKey{}).(*warnings); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		if !slices.Contains(n.list, text) {
			n.list = append(n.list, text)
		}
	}
}

// maxReason bounds the reason of a failure in bytes.
const maxReason = 2000

func failureText(err error) string {
	return failureAnswer(1, markup.OneLine(hideURLs(err.Error()), maxReason))
}

// failureAnswer returns a JSON object that is not what OCP waits for.
func failureAnswer(code int, text string) string {
	return string(encodeJSON(struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}{code, text}))
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
