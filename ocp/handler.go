package ocp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

const (
	maxBody        = 1 << 20         // bytes; what is longer is cut
	handlerTimeout = 8 * time.Second // leaves two of OCP's ten for the network
)

// HandlerOptions configures a [Handler]. Nil and zero values mean the defaults.
type HandlerOptions struct {
	// Logger gets a record for every alert and for every request that was refused
	// or could not be read. No record holds the secret or a body. Default: none.
	Logger *slog.Logger

	// Allow lists the addresses that may call. Default: everybody who knows the
	// secret.
	Allow []netip.Prefix

	// ClientIP finds the address of the caller. Behind a proxy it must believe
	// a header only if the proxy set it. Default: the peer of the connection.
	ClientIP func(*http.Request) (netip.Addr, error)

	// Accounts have a secret each, besides that of [NewHandler], which may then
	// be empty.
	Accounts []Account

	// Locale is the language of the words that the Handler adds to alerts.
	// Default: Chinese.
	Locale alert.Locale
}

// An Account is one of several OCPs that call the same [Handler], each with a
// secret of its own, which is as for [NewHandler] and does not print. Its name, one
// line of 1 to 48 bytes, becomes the label account of each of its alerts, and a part
// of Key and ID: two OCPs count their alarms from the same number.
type Account = inbound.Account

// A Handler is the webhook of OCP's HTTP channel, whose body is to be [Template].
// It is safe for concurrent use. The secret is the last element of the URL path,
// whatever stands before it, or is given as "Authorization: Bearer SECRET".
//
// Its answers are JSON on one line, which OCP compares with the response validation
// of the channel; enter {"errcode":0,"errmsg":"ok"}:
//
//   - 200 with just that when the [alert.Sender] has accepted the alert. A body of
//     more than 1 MiB is cut: its end is the end of the message;
//   - 400 for a body that did not arrive or cannot be read: it is empty, or JSON,
//     which log text breaks since OCP escapes nothing. The answer shows the
//     Template. A Warning is sent too, once in ten minutes for each reason, which
//     holds nothing of the body;
//   - 403 for a caller who is not allowed, 404 for a wrong secret, and 405 for a
//     GET without a body;
//   - 503 when the Sender failed or panicked. OCP, which waits for ten seconds,
//     calls once more.
//
// The Sender runs in the goroutine of the request. Its context ends eight seconds
// after the header arrived, and not when OCP hangs up.
type Handler struct{ receiver *inbound.Receiver }

// NewHandler returns a Handler that gives alerts to sender. The secret has at least
// 16 letters, digits and -._~. Whoever knows it can raise and end alerts, so make
// it random, as crypto/rand.Text does.
func NewHandler(sender alert.Sender, secret string, opts *HandlerOptions) (*Handler, error) {
	if sender == nil {
		return nil, errors.New("ocp: new handler: no sender")
	}
	o := *cmp.Or(opts, &HandlerOptions{})
	receiver, err := inbound.NewReceiver(inbound.Receiver{
		Source: Source, Sender: sender, Logger: o.Logger, Allow: o.Allow, Find: o.ClientIP, Locale: o.Locale,
	}, secret, o.Accounts)
	if err != nil {
		return nil, fmt.Errorf("ocp: new handler: %w", err)
	}
	return &Handler{receiver}, nil
}

// ServeHTTP answers one message of a channel.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := h.receiver.Authenticate(w, r)
	switch {
	case g == nil:
		return
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusOK)
		return
	case r.Method == http.MethodGet && r.ContentLength == 0:
		reply(w, http.StatusMethodNotAllowed, "enter POST as the method of the channel")
		return
	}
	deadline := g.Time.Add(handlerTimeout)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(r.Context()), deadline)
	defer cancel()
	body, err := inbound.ReadBody(w, r, deadline, maxBody)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLong {
		g.Warn("message not received", err)
		reply(w, http.StatusBadRequest, "the body did not arrive, send it again")
		return
	}
	status, text := deliver(ctx, g, body)
	reply(w, status, text)
}

// deliver sends what a body says, or that it cannot be read, and returns the
// answer.
func deliver(ctx context.Context, g *inbound.Request, body []byte) (status int, text string) {
	const again = "not delivered, send it again"
	defer func() {
		if v := recover(); v != nil {
			g.Panicked("handler panicked", v)
			status, text = http.StatusServiceUnavailable, again
		}
	}()
	p, err := parseBody(body)
	if err != nil {
		g.Warn("message not understood", err)
		reason := err.Error()
		if err := g.ReportUnreadable(ctx, &inbound.Unreadable{Reason: reason, Size: len(body), Shape: inbound.Digest(reason)}); err != nil {
			return http.StatusServiceUnavailable, again
		}
		return http.StatusBadRequest, reason + "; enter this as the body template of the channel:\n" + Template
	}
	if len(body) == maxBody {
		p.problem("message", "cut at 1 MiB")
	}
	if err := g.Deliver(ctx, []alert.Alert{p.Alert()}, p.Problems); err != nil {
		return http.StatusServiceUnavailable, again
	}
	return http.StatusOK, "ok"
}

// reply writes the answer, without a line feed: OCP looks at the last character.
func reply(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	answer := success
	if status != http.StatusOK {
		answer = failureAnswer(status, text)
	}
	_, _ = io.WriteString(w, answer) // who has hung up cannot be told
}
