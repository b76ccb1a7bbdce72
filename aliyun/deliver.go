package aliyun

import (
	"context"
	"net/http"
	"slices"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// handle reads the request in c, unless that has failed, delivers what it says, and returns the
// answer.
func (h *Handler) handle(ctx context.Context, g *inbound.Request, c Received) (status int, text string) {
	defer func() {
		if v := recover(); v != nil {
			g.Panicked("callback handler panicked", v)
			status, text = http.StatusServiceUnavailable, "not delivered, call again"
		}
	}()
	var alerts []alert.Alert
	if c.Err == nil {
		c.Callback, c.Err = Parse(c.Query, c.Body)
	}
	if c.Err == nil {
		alerts = c.Callback.Alerts()
		// Old threshold alerts say the account among their dimensions alone.
		if slices.ContainsFunc(alerts, func(a alert.Alert) bool {
			return !g.MaySpeakFor(a.Labels[LabelUserID]) || !g.MaySpeakFor(a.Labels["dimension."+LabelUserID])
		}) {
			c.Callback, c.Err = nil, &Error{Kind: ErrAccount, Detail: "the secret is that of another account"}
		}
	}
	h.show(ctx, g, c)
	switch {
	case isProbe(c.Err):
		g.Warn("callback without an alert", c.Err)
		return http.StatusOK, "ok"
	case c.Err != nil:
		return unreadable(ctx, g, c)
	}
	if err := g.Deliver(ctx, alerts, c.Callback.Problems); err != nil {
		return http.StatusServiceUnavailable, "not delivered, call again"
	}
	for _, e := range c.Callback.Unread { // elements of an array: alerts that would be lost
		c.Err = e
		if status, text := unreadable(ctx, g, c); status != http.StatusOK {
			return status, text
		}
	}
	return http.StatusOK, "ok"
}

// show gives the request to OnCallback. Its panics cost no alert.
func (h *Handler) show(ctx context.Context, g *inbound.Request, c Received) {
	if h.opts.OnCallback == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			g.Panicked("OnCallback panicked", v)
		}
	}()
	h.opts.OnCallback(ctx, c)
}
