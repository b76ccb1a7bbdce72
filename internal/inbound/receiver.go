package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/quiet"
)

// A Receiver is what stands before a webhook that takes alerts: it knows who may
// call, logs what happens, and remembers which unreadable callbacks were told.
type Receiver struct {
	Source string                                  // of the alerts
	Logger *slog.Logger                            // nil: none
	Allow  []netip.Prefix                          // none: everybody
	Find   func(*http.Request) (netip.Addr, error) // the address of the caller; nil: Peer
	Locale alert.Locale
	Sender alert.Sender

	accounts  []account
	several   bool         // accounts of different names
	strangers *slog.Logger // for what who has no secret causes
}

// NewReceiver completes a Receiver whose fields are set. The secret may be empty if
// there are accounts.
func NewReceiver(d Receiver, secret string, accounts []Account) (*Receiver, error) {
	var err error
	if d.accounts, err = newAccounts(secret, accounts); err != nil {
		return nil, err
	}
	d.Allow = slices.Clone(d.Allow)
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Find == nil {
		d.Find = Peer
	}
	d.strangers = quiet.New(d.Logger)
	d.several = slices.ContainsFunc(d.accounts, func(a account) bool { return a.name != d.accounts[0].name })
	return &d, nil
}

// A Request is a request of somebody who may make it.
type Request struct {
	Addr    netip.Addr // of the caller; invalid if unknown
	Account string     // name of the account; empty for the bare secret
	Time    time.Time  // of its arrival

	receiver *Receiver
	request  *http.Request
	from     *account
}

// Authenticate returns the request, or answers 403 to a caller who is not allowed and 404
// to a wrong secret, and returns nil.
func (d *Receiver) Authenticate(w http.ResponseWriter, r *http.Request) *Request {
	g := &Request{Time: time.Now(), receiver: d, request: r}
	var ok bool
	if g.Addr, ok = Caller(r, d.Find, d.Allow); !ok {
		g.warn(d.strangers, "callback refused: caller not allowed")
		Answer(w, http.StatusForbidden, "forbidden")
		return nil
	}
	a := d.identify(r)
	if a == nil {
		g.warn(d.strangers, "callback refused: wrong secret")
		http.NotFound(w, r)
		return nil
	}
	g.Account, g.from = a.name, a
	return g
}

// Deliver sends alerts in the name of its account and logs the fate of
// each, with the problems that there were in reading them.
func (g *Request) Deliver(ctx context.Context, alerts []alert.Alert, problems []string) error {
	g.attribute(alerts)
	err := g.receiver.Sender.Send(ctx, alerts...)
	log := g.receiver.Logger
	for i := range alerts {
		level, message := slog.LevelInfo, "alert accepted"
		e := alert.ErrorAt(err, i, len(alerts))
		if e != nil {
			level, message = slog.LevelError, "alert not accepted"
		}
		if !log.Enabled(ctx, level) {
			continue
		}
		attrs := append(make([]slog.Attr, 0, 7),
			g.caller(),
			slog.Attr{Key: "alert", Value: alerts[i].LogValue()}, // Any would copy the alert
			slog.Duration("elapsed", time.Since(g.Time)),
		)
		attrs = append(attrs, g.from.attrs()...)
		if len(problems) > 0 {
			attrs = append(attrs, slog.Any("problems", problems))
		}
		if e != nil {
			attrs = append(attrs, slog.String("error", e.Error()))
		}
		log.LogAttrs(ctx, level, message, attrs...)
	}
	return err
}

// Warn logs a request that led to no alert.
func (g *Request) Warn(message string, err error) {
	g.warn(g.receiver.Logger, message, append(g.from.attrs(), slog.String("error", err.Error()))...)
}

// warn logs without the path, which holds the secret, or an attempt at it.
func (g *Request) warn(log *slog.Logger, message string, attrs ...slog.Attr) {
	attrs = append(attrs, g.caller(), slog.String("method", quiet.Cut(g.request.Method)))
	log.LogAttrs(g.request.Context(), slog.LevelWarn, message, attrs...)
}

// PanicText describes a recovered value by its type, and in full only if the
// runtime made it: a value of somebody else may hold a URL, a key or a body.
func PanicText(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}

// Panicked logs a recovered value.
func (g *Request) Panicked(message string, v any) {
	g.receiver.Logger.LogAttrs(g.request.Context(), slog.LevelError, message,
		g.caller(), slog.String("panic", PanicText(v)), slog.String("stack", string(debug.Stack())))
}

// caller returns the log attribute for the address of the caller.
func (g *Request) caller() slog.Attr {
	if !g.Addr.IsValid() {
		return slog.String("caller", "unknown")
	}
	return slog.String("caller", g.Addr.String())
}
