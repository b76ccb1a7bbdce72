package pigeon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// confirmPause is the time before the vendor is asked once more: a webhook may
// overtake what the API knows.
const confirmPause = 2 * time.Second

// handle reads a webhook, confirms it, passes it on and returns the answer.
func (h *Handler) handle(ctx context.Context, kind Kind, w http.ResponseWriter, r *http.Request) (status int, text string) {
	deadline, _ := ctx.Deadline()
	body, err := inbound.ReadBody(w, r, deadline, MaxBody)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return h.refuse(ctx, kind, err, http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return h.refuse(ctx, kind, err, http.StatusBadRequest)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return http.StatusOK, "ok"
	}
	claim, err := parseClaim(body)
	if err != nil {
		return h.refuse(ctx, kind, err, http.StatusBadRequest)
	}
	fresh, err := h.memory.once(ctx, string(kind)+"/"+claim.ResultID, func() error {
		return h.confirm(ctx, kind, claim)
	})
	if err != nil {
		h.opts.Logger.LogAttrs(ctx, slog.LevelError, "webhook not accepted", slog.String("event", string(kind)),
			slog.String("resultId", claim.ResultID), slog.String("error", err.Error()))
		return http.StatusServiceUnavailable, "not accepted, call again"
	}
	h.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "webhook accepted", slog.String("event", string(kind)),
		slog.String("resultId", claim.ResultID), slog.Bool("repeated", !fresh))
	return http.StatusOK, "ok"
}

// refuse logs a webhook that cannot be read.
func (h *Handler) refuse(ctx context.Context, kind Kind, err error, status int) (int, string) {
	h.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "webhook refused",
		slog.String("event", string(kind)), slog.String("error", err.Error()))
	return status, "not a webhook of Pigeon"
}

// confirm asks the vendor for the chain, twice at most, and passes on what it
// bears out. A panic must not take the answer with it.
func (h *Handler) confirm(ctx context.Context, kind Kind, claim Claim) (err error) {
	defer func() {
		if v := recover(); v != nil {
			h.opts.Logger.LogAttrs(ctx, slog.LevelError, "webhook handler panicked",
				slog.String("panic", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
			err = errors.New("panic")
		}
	}()
	var result Result
	for again := true; ; again = false {
		result, err = h.client.Result(alert.Once(ctx), claim.ResultID)
		if err == nil && kind.confirmedBy(result) {
			break
		}
		if err == nil {
			err = fmt.Errorf("not confirmed: the vendor says %s", result)
		}
		if !again || !waitFor(ctx, confirmPause) {
			return err
		}
	}
	return h.accept(ctx, Event{Kind: kind, Result: result, Outcome: result.Outcome(h.opts.Keys), Claim: claim})
}

// waitFor waits and reports whether ctx allowed it.
func waitFor(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
