package aliyun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
)

// MaxBody is the size in bytes of the largest body, and of the largest query,
// that a [Handler] reads. The largest captured callback has 3.3 KB.
const MaxBody = 1 << 20

// defaultTimeout leaves half a second of CloudMonitor's five for the network.
const defaultTimeout = 4500 * time.Millisecond

// Options configures a [Handler]. The zero value and nil mean the defaults.
type Options struct {
	// Timeout bounds the time from the arrival of the header to the answer.
	// CloudMonitor hangs up after 5 s and tries again, three times. Default
	// 4.5 s; -1 switches the bound off.
	Timeout time.Duration

	// Logger gets one record an alert, at Info when it was accepted and at
	// Error when it was not, with the address of the caller; and one at Warn
	// for every request that was refused, could not be read or held no alert. Of
	// those that were refused, six and then a count each ten seconds.
	// No record holds the secret, the URL or a value from an unreadable body.
	// Default: none.
	Logger *slog.Logger

	// Allow lists the addresses that may call; [SourceRanges] has the
	// documented ones. Default: everybody who knows the secret.
	Allow []netip.Prefix

	// ClientIP finds the address of the caller. Behind a proxy it must believe
	// a header only if the proxy set it. Default: the peer of the connection.
	ClientIP func(*http.Request) (netip.Addr, error)

	// Accounts have secrets of their own, besides that of [NewHandler], which may
	// then be empty.
	Accounts []Account

	// OnCallback sees every request that had a right secret and a body that
	// arrived, before its alerts are sent. It is called concurrently,
	// delays the answer, and changes nothing about the alerts, not even by a
	// panic, which is logged. ctx is that of the delivery.
	OnCallback func(ctx context.Context, r Received)

	// Locale is the language of the words that the Handler adds to alerts.
	// Default: Chinese.
	Locale alert.Locale
}

// A Received is an authenticated request: as it arrived, and what it was
// understood as. Callback, Body and Query may hold personal data.
type Received struct {
	Time    time.Time
	Caller  netip.Addr // invalid if unknown
	Account string     // name of the [Account]; empty for the bare secret
	Method  string
	Query   string // raw query of the URL
	Body    []byte // cut off at [MaxBody]; not to be modified

	Callback *Callback // as from [Parse]; nil if there is an error
	Err      error     // why it gave no alert, as from [Parse]
}

// A Handler is the webhook that CloudMonitor calls. It is safe for concurrent
// use. The secret is the last element of the URL path, whatever stands before
// it, so that it can be mounted anywhere:
//
//	mux.Handle("/aliyun/", handler)
//	server.Handler = aliyun.CleanPath("/aliyun/", mux)
//
// A caller that can send headers may give it as "Authorization: Bearer SECRET"
// instead. A secret in the path that is right counts, whatever the header says.
//
// Its answers are
//
//   - 200 when the [alert.Sender] has accepted the alert, and when there is
//     none: consoles probe a webhook with HEAD, GET or an empty POST;
//   - 200 for a callback that cannot be read, or is longer than [MaxBody], when
//     the Sender has accepted a Warning that says so, see below;
//   - 400 for a body that did not arrive;
//   - 403 for a caller who is not allowed, and for a callback about an account that
//     the secret may not speak for; 404 for a wrong secret;
//   - 503 when the Sender failed, for good or for now, or panicked. CloudMonitor
//     calls again, with the same ID: an outbox knows it, and a fan-out gives it
//     to those branches too that had accepted it.
//
// A callback that cannot be read holds an alert that would be lost, so its
// Warning is sent: why, who called, size, media type and the names of the keys
// at the top, never a value. For each shape, that is reason and keys, there is
// one in ten minutes, which counts those that came since the one before; beyond
// 64 shapes of an account, one for all others. Its Key is that of the shape.
//
// The Sender runs in the goroutine of the request. Its context ends with
// [Options.Timeout], and not when CloudMonitor hangs up: a delivery that is
// half done is finished. A Sender that returns late in spite of its context, against its duty, delays
// the answer; CloudMonitor then calls again, and nothing is lost.
type Handler struct {
	receiver *inbound.Receiver
	opts     Options
}

// NewHandler returns a Handler that gives alerts to sender. The secret is text
// for a URL path: at least 16 letters, digits and -._~. Whoever knows it can raise
// and end alerts, so make it random, as crypto/rand.Text does. It may be empty if
// there are [Options.Accounts]. No secret is given twice.
func NewHandler(sender alert.Sender, secret string, opts *Options) (*Handler, error) {
	if sender == nil {
		return nil, errors.New("aliyun: new handler: no sender")
	}
	h := &Handler{}
	if opts != nil {
		h.opts = *opts
		h.opts.Accounts = nil // the Handler keeps no secret in clear
	}
	var err error
	h.receiver, err = inbound.NewReceiver(inbound.Receiver{
		Source: Source, Sender: sender, Logger: h.opts.Logger, Allow: h.opts.Allow, Find: h.opts.ClientIP, Locale: h.opts.Locale,
	}, secret, cmp.Or(opts, &Options{}).Accounts)
	if err != nil {
		return nil, fmt.Errorf("aliyun: new handler: %w", err)
	}
	if h.opts.Timeout == 0 {
		h.opts.Timeout = defaultTimeout
	}
	return h, nil
}

// CleanPath returns a handler that stands in front of an [http.ServeMux]. It
// gives next the requests for prefix, which ends in a slash, and for all below
// it without doubled slashes, escapes, dot segments and a slash at the end; and
// all others as they are. A ServeMux redirects such requests before any handler
// sees them: CloudMonitor does not follow, and Location repeats the secret. A
// [Handler] that is served without a ServeMux needs no CleanPath; other webhooks
// with a secret in the path may stand behind one.
func CleanPath(prefix string, next http.Handler) http.Handler { return inbound.CleanPath(prefix, next) }

// ServeHTTP answers one callback.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := h.receiver.Authenticate(w, r)
	if g == nil {
		return
	}
	if r.Method == http.MethodHead {
		inbound.Answer(w, http.StatusOK, "ok")
		return
	}
	// Half a delivery is finished although the caller hangs up.
	ctx := context.WithoutCancel(r.Context())
	if h.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, g.Time.Add(h.opts.Timeout))
		defer cancel()
	}
	body, err := readBody(ctx, w, r)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		err = &Error{Kind: ErrSyntax, Detail: fmt.Sprintf("longer than %d bytes", MaxBody)}
	} else if err != nil {
		g.Warn("callback not received", err)
		inbound.Answer(w, http.StatusBadRequest, "body not read")
		return
	}
	status, text := h.handle(ctx, g, Received{
		Time: g.Time, Caller: g.Addr, Account: g.Account, Method: r.Method, Query: r.URL.RawQuery, Body: body, Err: err,
	})
	inbound.Answer(w, status, text)
}

// readBody reads at most MaxBody bytes until ctx ends. In a GET the query
// stands in for the body.
func readBody(ctx context.Context, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if len(r.URL.RawQuery) > MaxBody {
		return nil, &http.MaxBytesError{Limit: MaxBody}
	}
	deadline, _ := ctx.Deadline()
	return inbound.ReadBody(w, r, deadline, MaxBody)
}
