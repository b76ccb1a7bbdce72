package pigeon

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/inbound"
)

// MaxBody is the size in bytes of the largest body that a [Handler] reads.
// Those of the vendor have a few hundred.
const MaxBody = 64 << 10

// defaultBudget is the time for one webhook. How long the vendor waits for an
// answer is not documented.
const defaultBudget = 5 * time.Second

// minSecretLength keeps secrets, in bytes, from being guessed.
const minSecretLength = 16

// HandlerOptions configures a [Handler]. A nil *HandlerOptions and the zero
// value of each field mean the default.
type HandlerOptions struct {
	// Keys says which keys take an incident, for Event.Outcome. Default: each
	// key that ended a chain successfully.
	Keys Keys

	// Timeout bounds the time from the arrival of the header to the answer.
	// Default: 5 s; -1 switches the bound off.
	Timeout time.Duration

	// Logger gets one record a webhook: at Info when it was confirmed and
	// accepted, at Warn when it was refused, at Error when it could not be
	// confirmed or the function failed. No record holds the secret or
	// the URL. Default: none.
	Logger *slog.Logger
}

// A Handler takes the webhooks of a space. It is safe for concurrent use. The
// last two elements of the URL path are the secret and the [Kind] of the
// event, whatever stands before them:
//
//	mux.Handle("/pigeon/{secret}/{event}", handler)
//
// Register /pigeon/SECRET/started, …/completed, …/cancelled and …/failed for
// the events of those names.
//
// A webhook is a claim by somebody who knows the path. Before anything happens
// the vendor is asked for the chain, by its id: only what the answer bears out
// reaches the function. Its answers are
//
//   - 200 when the function has accepted the event, now or before: each pair of
//     id and kind reaches it until it has returned nil once, as far as the
//     memory of the last 4096 goes; and 200 to HEAD, GET and an empty body,
//     by which consoles probe;
//   - 400 for a body without an id, and 413 for one beyond [MaxBody];
//   - 404 for a wrong secret and for an unknown event, 405 for another method;
//   - 503 when the event could not be confirmed within the timeout, or the
//     function failed or panicked. Whether the vendor calls again is not
//     documented: let [Client.Wait] be the safety net.
type Handler struct {
	client *Client
	secret inbound.Secret
	accept func(context.Context, Event) error
	opts   HandlerOptions
	memory memory
}

// NewHandler returns a Handler that gives confirmed events to accept, which is
// called concurrently, and whose context ends with Timeout and not when the
// vendor hangs up. The secret is text for a URL path: letters, digits and -._~
// only, at least 16 of them, such as crypto/rand.Text makes.
func NewHandler(client *Client, secret string, accept func(context.Context, Event) error, opts *HandlerOptions) (*Handler, error) {
	switch {
	case client == nil:
		return nil, errors.New("pigeon: new handler: no client")
	case accept == nil:
		return nil, errors.New("pigeon: new handler: no function")
	case len(secret) < minSecretLength || !inbound.FitsPath(secret):
		return nil, errors.New("pigeon: new handler: the secret must be 16 or more letters, digits and -._~")
	}
	h := &Handler{client: client, secret: inbound.NewSecret(secret), accept: accept}
	if opts != nil {
		h.opts = *opts
	}
	h.opts.Timeout = cmp.Or(h.opts.Timeout, defaultBudget)
	h.opts.Logger = cmp.Or(h.opts.Logger, slog.New(slog.DiscardHandler))
	return h, nil
}

// ServeHTTP answers one webhook.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	kind, ok := h.route(r.URL.Path)
	if !ok {
		h.opts.Logger.LogAttrs(r.Context(), slog.LevelWarn, "webhook refused: wrong secret or unknown event")
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodHead, http.MethodGet:
		inbound.Answer(w, http.StatusOK, "ok")
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "POST")
		inbound.Answer(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	// What was begun is finished although the vendor hangs up.
	ctx := context.WithoutCancel(r.Context())
	if h.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(h.opts.Timeout))
		defer cancel()
	}
	status, text := h.handle(ctx, kind, w, r)
	inbound.Answer(w, status, text)
}

// route compares the secret in the path, in a time that depends on neither,
// and returns the kind behind it.
func (h *Handler) route(path string) (Kind, bool) {
	before, last := inbound.Last(path)
	kind := Kind(last)
	return kind, h.secret.Opens(before[strings.LastIndexByte(before, '/')+1:]) && kind.isKind()
}
