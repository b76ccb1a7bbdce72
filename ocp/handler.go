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

// maxBody is the size in bytes of the largest body that a Handler reads. What is
// longer is cut: the end of a body is the end of the message.
const maxBody = 1 << 20

// handlerTimeout leaves two of OCP's ten seconds for the network.
const handlerTimeout = 8 * time.Second

// HandlerOptions configures a [Handler]. The zero value and nil mean the
// defaults.
type HandlerOptions struct {
	// Logger gets one record an alert, at Info when it was accepted and at
	// Error when it was not, and one at Warn for every request that was refused
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
// secret of its own: Account{Name: "prod", Secret: "…"}. The name is one line of 1
// to 48 bytes; the secret, which an Account does not print, is as for
// [NewHandler].
//
// The name becomes the label account of each of its alerts, and a part of Key and
// ID: two OCPs count their alarms from the same number.
type Account = inbound.Account

// A Handler is the webhook of OCP's HTTP channel, whose body is to be [Template].
// It is safe for concurrent use. The secret is the last element of the URL path,
// whatever stands before it, or is given as "Authorization: Bearer SECRET".
//
// Its answers are JSON on one line, without a line feed, since OCP compares them
// with the response validation of the channel; enter {"errcode":0,"errmsg":"ok"}:
//
//   - 200 with just that when the [alert.Sender] has accepted the alert. A body of
//     more than 1 MiB is cut, since its end is the end of the message;
//   - 400 for a body that did not arrive, and for one that cannot be read: it is
//     empty, or JSON, which log text breaks since OCP escapes nothing. The answer
//     shows the Template, so that the test button of the channel does. As an alarm
//     would be lost, a Warning is sent too, once in ten minutes for each reason,
//     which holds nothing of the body;
//   - 403 for a caller who is not allowed, 404 for a wrong secret, and 405 for a
//     GET without a body;
//   - 503 when the Sender failed, for good or for now, or panicked. OCP calls
//     again.
//
// A body without the variables that identify an alarm is told like an alarm, with
// a hint; with them, but empty, it is what the test button sends, see
// [Payload.Alert].
//
// The Sender runs in the goroutine of the request. Its context ends eight seconds
// after the header arrived, and not when OCP, which waits for ten seconds and tries
// once more, hangs up: a delivery that is half done is finished.
type Handler struct {
	receiver *inbound.Receiver
}

// NewHandler returns a Handler that gives alerts to sender. The secret is text
// for a URL path: at least 16 letters, digits and -._~. Whoever knows it can raise
// and end alerts, so make it random, as crypto/rand.Text does.
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
	// Half a delivery is finished although the caller hangs up.
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

// reply writes the answer for OCP, which looks at the first and the last
// character.
func reply(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	answer := success
	if status != http.StatusOK {
		answer = failureAnswer(status, text)
	}
	// The caller may have hung up, and there is nobody to tell.
	_, _ = io.WriteString(w, answer)
}
