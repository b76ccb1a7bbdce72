package autocall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// Bounds of a request, in bytes.
const (
	maxQuery = 1024
	maxMid   = 128
	maxResp  = 32
	maxModel = 64
)

// poll answers a phone that asks what to ring.
func (h *Handler) poll(r *http.Request, c *caller) (int, reply) {
	if !c.polls.take() {
		return http.StatusTooManyRequests, reply{Code: codeNothing, Msg: "too many requests"}
	}
	out, err := h.next(r, c)
	switch {
	case err != nil:
		h.log(r, "queue not available to a phone", slog.String("phone", c.name), slog.Any("error", err))
		return http.StatusServiceUnavailable, reply{Code: codeNothing, Msg: "queue not available"}
	case out.IsZero():
		return http.StatusOK, reply{Code: codeNothing, Msg: "no alert"}
	}
	return http.StatusOK, reply{Phone: []string{out.Number}, Code: codeRing, Mid: out.Mid}
}

// next asks the queue. A hand-out that would kill or stall the app is an error.
func (h *Handler) next(r *http.Request, c *caller) (out HandOut, err error) {
	defer contain(&err)
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	out, err = h.queue.Next(ctx, Phone{Name: c.name, Model: markup.OneLine(r.Header.Get("model"), maxModel)})
	if err != nil || out.IsZero() {
		return HandOut{}, err
	}
	if !callable(out.Number) || len(out.Mid) > maxMid || !inbound.FitsPath(out.Mid) {
		return HandOut{}, errors.New("the hand-out has no number or an unfit mid")
	}
	return out, nil
}

// outcome takes what a phone tells.
func (h *Handler) outcome(r *http.Request, c *caller) (int, reply) {
	if !c.posts.take() {
		return http.StatusTooManyRequests, reply{Code: codeNothing, Msg: "too many requests"}
	}
	mid, number, err := parseOutcome(r.URL.RawQuery)
	if err != nil {
		h.log(r, "outcome not understood", slog.String("phone", c.name), slog.Any("error", err))
		return http.StatusBadRequest, refusal(err.Error())
	}
	receipt, err := h.tell(r, Outcome{Phone: Phone{Name: c.name}, Mid: mid, Number: number})
	switch {
	case err != nil:
		h.log(r, "outcome not kept, so that the phone repeats it", slog.String("phone", c.name), slog.Any("error", err))
		panic(http.ErrAbortHandler)
	case receipt.Call == "" || receipt.Event == EventSuspicious: // who guesses learns nothing
		if c.unknown.take() {
			h.log(r, "outcome of an unknown mid", slog.String("phone", c.name), slog.String("number", maskAny(number)))
		}
		return http.StatusOK, reply{Code: codeNothing, Msg: "unknown mid"}
	}
	return http.StatusOK, reply{Code: codeRing}
}

// tell gives an outcome to the queue. That the phone has hung up meanwhile
// makes it no less true.
func (h *Handler) tell(r *http.Request, o Outcome) (receipt Receipt, err error) {
	defer contain(&err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTime)
	defer cancel()
	return h.queue.Answer(ctx, o)
}

// contain turns a panic into an error.
func contain(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %s", panicText(v))
	}
}

// maskAny masks a number, if there is one.
func maskAny(number string) string {
	if number == "" {
		return "nobody"
	}
	return phone.Mask(number)
}

// parseOutcome reads the query of a POST. The app appends its own to the URL
// that was entered, with a question mark in any case, and escapes nothing: the
// plus of a number arrives as a blank.
func parseOutcome(query string) (mid, number string, err error) {
	if len(query) > maxQuery {
		return "", "", errors.New("query too long")
	}
	values, err := url.ParseQuery(strings.ReplaceAll(query, "?", "&"))
	if err != nil {
		return "", "", errors.New("query not readable")
	}
	mid, number = values.Get("mid"), values.Get("resp")
	switch {
	case mid == "":
		return "", "", errors.New("mid missing")
	case len(mid) > maxMid:
		return "", "", errors.New("mid too long")
	case len(number) > maxResp:
		return "", "", errors.New("resp too long")
	}
	if rest, ok := strings.CutPrefix(number, " "); ok {
		number = "+" + rest
	}
	return mid, number, nil
}
