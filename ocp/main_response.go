package ocp

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-go/tocsin/internal/markup"
)

// success is the answer to a delivery, which OCP's documentation compares for
// DingTalk and WeCom, and which a [Handler] gives too.
const success = `{"errcode":0,"errmsg":"ok"}`

type warnings struct {
	mu   sync.Mutex
	list []string
}

type warningsKey struct{}

// answer returns what the script prints after a delivery.
func (n *warnings) answer() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.list) == 0 {
		return success
	}
	warning := markup.OneLine(strings.Join(n.list, "; "), maxReason)
	return strings.TrimSuffix(success, "}") + `,"warning":` + string(encodeJSON(warning)) + "}"
}

// warn adds trouble with a state file, if there is any, to the answer of the
// script that ctx is of.
func warn(ctx context.Context, trouble error) {
	if n, ok := ctx.Value(warningsKey{}).(*warnings); ok && trouble != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		if text := footOf(trouble); !slices.Contains(n.list, text) {
			n.list = append(n.list, text)
		}
	}
}

// maxReason bounds the reason of a failure in bytes.
const maxReason = 2000

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
