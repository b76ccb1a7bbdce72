package aliyun

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tocsin-go/tocsin/alert"
)

// handle reads the request in c, unless that has failed, delivers what it says, and returns the
// answer.
func (h *Handler) handle(ctx context.Context, r *http.Request, from *account, c Received) (status int, text string) {
	defer func() {
		if v := recover(); v != nil {
			h.panicked(ctx, "callback handler panicked", c, v)
			status, text = http.StatusServiceUnavailable, "not delivered, call again"
		}
	}()
	var alerts []alert.Alert
	if c.Err == nil {
		c.Callback, c.Err = Parse(c.Query, c.Body)
	}
	if c.Err == nil {
		alerts = c.Callback.Alerts()
		h.attribute(from, alerts)
	}
	h.show(ctx, c)
	switch {
	case isProbe(c.Err):
		h.warn(r, c.Caller, "callback without an alert", c.Err)
		return http.StatusOK, "ok"
	case c.Err != nil:
		return h.unreadable(ctx, r, from, c)
	}
	err := h.sender.Send(ctx, alerts...)
	h.report(ctx, c, alerts, err)
	if err != nil {
		return http.StatusServiceUnavailable, "not delivered, call again"
	}
	for _, e := range c.Callback.Unread { // elements of an array: alerts that would be lost
		c.Err = e
		if status, text := h.unreadable(ctx, r, from, c); status != http.StatusOK {
			return status, text
		}
	}
	return http.StatusOK, "ok"
}

// show gives the request to OnCallback. Its panics cost no alert.
func (h *Handler) show(ctx context.Context, c Received) {
	if h.opts.OnCallback == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			h.panicked(ctx, "OnCallback panicked", c, v)
		}
	}()
	h.opts.OnCallback(ctx, c)
}

// report logs the fate of each alert.
func (h *Handler) report(ctx context.Context, c Received, alerts []alert.Alert, err error) {
	for i := range alerts {
		level, message := slog.LevelInfo, "alert accepted"
		e := alert.ErrorAt(err, i, len(alerts))
		if e != nil {
			level, message = slog.LevelError, "alert not accepted"
		}
		if !h.opts.Logger.Enabled(ctx, level) {
			continue
		}
		attrs := append(make([]slog.Attr, 0, 6),
			callerAttr(c.Caller),
			slog.Attr{Key: "alert", Value: alerts[i].LogValue()}, // Any would copy the alert
			slog.Duration("elapsed", time.Since(c.Time)),
		)
		if c.Account != "" {
			attrs = append(attrs, slog.String("account", c.Account))
		}
		if c.Callback != nil && len(c.Callback.Problems) > 0 {
			attrs = append(attrs, slog.Any("problems", c.Callback.Problems))
		}
		if e != nil {
			attrs = append(attrs, slog.String("error", e.Error()))
		}
		h.opts.Logger.LogAttrs(ctx, level, message, attrs...)
	}
}

// warn logs a request that led to no alert. The path holds the secret, or an
// attempt at it, and is left out.
func (h *Handler) warn(r *http.Request, caller netip.Addr, message string, err error) {
	attrs := []slog.Attr{callerAttr(caller), slog.String("method", r.Method)}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	h.opts.Logger.LogAttrs(r.Context(), slog.LevelWarn, message, attrs...)
}

// panicked logs a recovered value.
func (h *Handler) panicked(ctx context.Context, message string, c Received, v any) {
	h.opts.Logger.LogAttrs(ctx, slog.LevelError, message,
		callerAttr(c.Caller), panicAttr(v), slog.String("stack", string(debug.Stack())))
}

// callerAttr returns the log attribute for the address of the caller.
func callerAttr(addr netip.Addr) slog.Attr {
	if !addr.IsValid() {
		return slog.String("caller", "unknown")
	}
	return slog.String("caller", addr.String())
}

// panicAttr describes a recovered value by its type, and in full only if the
// runtime made it: a value of somebody else may hold a URL or a body.
func panicAttr(v any) slog.Attr {
	if e, ok := v.(runtime.Error); ok {
		return slog.String("panic", e.Error())
	}
	return slog.String("panic", fmt.Sprintf("%T", v))
}
