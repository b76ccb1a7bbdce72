package aliyun

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsin-go/tocsin/internal/inbound"
)

// maxProbe is the number of keys in a query beyond which it is no probe of a
// console or a balancer, but a callback that nobody understands.
const maxProbe = 2

// unreadable tells that a callback holds no alert that this package can read,
// and returns the answer. It runs in the goroutine of the request: what was not
// accepted is answered 503, so that the caller repeats it.
func unreadable(ctx context.Context, g *inbound.Request, c Received) (status int, text string) {
	why := explain(c)
	g.Warn("callback not understood", why)
	err := g.ReportUnreadable(ctx, &inbound.Unreadable{
		Reason: why.reason(), Keys: why.Keys, Omit: why.Omitted, Size: cmp.Or(len(c.Body), len(c.Query)), Shape: shapeOf(why),
	})
	if err != nil {
		return http.StatusServiceUnavailable, "not delivered, call again"
	}
	if errors.Is(why, ErrAccount) {
		return http.StatusForbidden, "forbidden, which was reported"
	}
	return http.StatusOK, "not understood, which was reported"
}

// isProbe tells whether a request without an alert is one by which consoles and
// balancers look whether somebody answers.
func isProbe(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && errors.Is(e, ErrEmpty) && len(e.Keys) <= maxProbe
}

// explain returns why the callback cannot be read, for an array with the keys
// of its first element.
func explain(c Received) *Error {
	e, ok := errors.AsType[*Error](c.Err)
	if !ok {
		return &Error{Kind: ErrSyntax}
	}
	switch {
	case len(e.Keys) > 0 || c.Callback != nil: // an element, and not the body
		return e
	case e.Omitted > 0: // all of them prose
		return &Error{Kind: ErrSyntax, Detail: "neither JSON nor a form"}
	}
	text := trimBlank(string(c.Body))
	if text == "" {
		text = carried(new(reader).form(c.Query))
	}
	return refuse(e.Kind, e.Detail, firstFields(text))
}

// firstFields returns the fields of the first element of a JSON array, if that
// is what text is, and if the element is an object.
func firstFields(text string) []field {
	if !strings.HasPrefix(text, "[") || !json.Valid([]byte(text)) {
		return nil
	}
	text = text[blanks(text, 1):]
	if text[0] != '{' {
		return nil
	}
	return split(nil, text[:value(text, 0)])
}

// shapeOf identifies what callbacks that cannot be read have in common: why
// not, but for the place of a mistake, and the names of their keys.
func shapeOf(e *Error) string {
	why := strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, e.reason())
	return digest(append([]string{why}, slices.Sorted(slices.Values(e.Keys))...)...)
}
