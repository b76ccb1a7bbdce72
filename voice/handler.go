package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// MaxBody is the size in bytes of the largest body that a [Handler] reads.
const MaxBody = 1 << 20

// Defaults of HandlerOptions.
const (
	defaultAnswer  = 10 * time.Second // of the component's 30
	defaultWork    = 10 * time.Minute
	defaultJobs    = 64
	defaultCountry = "86"
	memoryOfIDs    = 10 * time.Minute
)

// HandlerOptions configures a [Handler]. The zero value of each field, and a
// nil *HandlerOptions, mean the default.
type HandlerOptions struct {
	// Form of the numbers that the gateway wants. Default: National.
	Form Form

	// Country is the country code, digits alone, of numbers that come without
	// one, and of those that a National gateway can call. Default: 86.
	Country string

	// Serial asks the gateway to call one after the other until somebody
	// answers. The request does not tell: set it if the strategies do so.
	Serial bool

	// Locale is the language of the words that make a text readable aloud.
	// Default: Chinese.
	Locale alert.Locale

	// MaxRunes bounds the text in runes, at least 40. Default: 100; -1 means
	// 2000.
	MaxRunes int

	// Ring withholds calls from who is blocked, has quiet hours, or was called too
	// often: a failure in the answer, with the reason. It is given Severity, since the
	// request tells none. Its Window is not used: the caller decides what is one call.
	// Default: the default policy.
	Ring     *alert.Ringer
	Severity alert.Severity

	// Answer bounds the time from the arrival of a request to its answer. What
	// is known by then of the calls is answered, the rest goes on. The
	// component gives up after 30 s. Default: 10 s.
	Answer time.Duration

	// Work bounds the calls of one request. Default: 10 minutes; -1 leaves it
	// to the gateway.
	Work time.Duration

	// Jobs bounds the requests that are worked on at a time. More wait, for as
	// long as Answer. Default: 64; -1 means 1.
	Jobs int

	// Report, if not nil, sees the outcome of each request that placed calls,
	// also after it was answered. It is called concurrently.
	Report func(Report, error)

	// Logger gets one record a request at Info, or at Warn if somebody was not
	// reached or the request was refused, without numbers, text and secret.
	// Default: none.
	Logger *slog.Logger
}

// A Handler is what the setting dest_url of BlueKing's component
// cmsi/send_voice_msg may point to: it takes the component's requests and has a
// [Gateway] place the calls. It is safe for concurrent use. The token is the
// last element of the URL path, whatever stands before it:
//
//	mux.Handle("/voice/{token}", handler)
//
// The component sends neither credentials nor a Content-Type, so the token is
// all that tells it from others; keep the network closed too.
//
// # Answers
//
// Every answer is HTTP 200 with an envelope of the component, data an object:
// another status would turn into code 1306201, which means that a phone may
// ring. A wrong token is refused in the same way, with code 1306000. A request
// is answered when its calls have ended, at the latest after
// [HandlerOptions].Answer: then those still under way count as accepted. The
// result is true unless somebody was not reached; details names each callee by
// user name, with a [State]. It is never false with code 0, which callers take
// for success.
//
// # Never twice
//
// The header X-Bkapi-Request-Id names a request. For ten minutes the same one
// gets the same answer and places no call; one that comes meanwhile waits for
// that answer. Requests that were refused before any call are not remembered.
//
// # Its goroutines
//
// Each request is worked on in a goroutine, of which there are at most Jobs.
// [Handler.Shutdown] waits for them.
type Handler struct {
	gateway Gateway
	token   inbound.Secret
	opts    HandlerOptions
	memory  *memory
	jobs    *jobs
}

// NewHandler returns a Handler that calls through g. The token is text for a
// URL path: at least 16 letters, digits and -._~. Whoever knows it can have people
// called, so make it random, as crypto/rand.Text does.
func NewHandler(g Gateway, token string, opts *HandlerOptions) (*Handler, error) {
	h := &Handler{gateway: g, token: inbound.NewSecret(token), memory: newMemory(memoryOfIDs)}
	if opts != nil {
		h.opts = *opts
	}
	o := &h.opts
	o.Country = cmp.Or(strings.TrimPrefix(o.Country, "+"), defaultCountry)
	switch {
	case g == nil:
		return nil, errors.New("voice: new handler: no gateway")
	case inbound.CheckSecret(token) != nil:
		return nil, fmt.Errorf("voice: new handler: the token must be letters, digits and -._~ and not only dots, at least %d of them", inbound.MinSecret)
	case strings.Trim(o.Country, "0123456789") != "" || len(o.Country) > 4:
		return nil, errors.New("voice: new handler: Country is not the code of a country")
	case o.MaxRunes > 0 && o.MaxRunes < minRunes:
		return nil, fmt.Errorf("voice: new handler: MaxRunes is %d, want at least %d", o.MaxRunes, minRunes)
	}
	o.MaxRunes = runes(o.MaxRunes)
	o.Work = max(0, cmp.Or(o.Work, defaultWork))
	if o.Answer <= 0 {
		o.Answer = defaultAnswer
	}
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Ring == nil {
		var err error
		if o.Ring, err = alert.NewRinger(nil); err != nil {
			return nil, fmt.Errorf("voice: new handler: %w", err)
		}
	}
	h.jobs = newJobs(max(1, cmp.Or(o.Jobs, defaultJobs)))
	return h, nil
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	deadline := time.Now().Add(h.opts.Answer)
	answer, why := h.answer(w, r, deadline)
	if why != "" {
		h.opts.Logger.LogAttrs(r.Context(), slog.LevelWarn, "voice request refused",
			slog.String("reason", why), slog.String("request_id", requestID(r)))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// The component may have hung up, and there is nobody to tell.
	_, _ = w.Write(answer)
}

// answer returns the answer, and why the request was refused if it was.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, deadline time.Time) (answer []byte, refused string) {
	_, token := inbound.Last(r.URL.Path)
	switch {
	case !h.token.Opens(token):
		return refusal(CodeGeneral, "wrong token in the path of dest_url")
	case r.Method != http.MethodPost:
		return refusal(CodeBadArgument, "want a POST")
	}
	body, err := inbound.ReadBody(w, r, deadline, MaxBody)
	if err != nil {
		return refusal(CodeBadArgument, "the body is too long, or did not arrive in time")
	}
	p, problem := parseRequest(body)
	if problem != "" {
		return refusal(CodeBadArgument, problem)
	}
	e, mine := h.memory.claim(r.Header.Get("X-Bkapi-Request-Id"), body)
	switch {
	case e == nil:
		return refusal(CodeRateLimited, "too many requests in ten minutes")
	case !mine:
		return h.await(r.Context(), e, deadline)
	}
	remember := false
	defer func() { h.memory.settle(e, answer, remember) }()
	j := h.prepare(p, requestID(r))
	if len(j.request.Callees) > 0 {
		if why := h.jobs.start(context.WithoutCancel(r.Context()), deadline, func(ctx context.Context) { h.work(ctx, j) }); why != "" {
			return refusal(CodeRateLimited, why)
		}
		j.await(deadline)
	}
	remember = true
	return j.answer(), ""
}

// await waits for the answer to the first copy of a request.
func (h *Handler) await(ctx context.Context, e *entry, deadline time.Time) (answer []byte, refused string) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-e.done:
		return e.answer, ""
	case <-ctx.Done():
	case <-timer.C:
	}
	return refusal(CodeThirdParty, "the first copy of this request is still worked on")
}

// requestID returns the identity of a request for logs and answers.
func requestID(r *http.Request) string {
	return markup.OneLine(r.Header.Get("X-Bkapi-Request-Id"), maxName)
}

// Shutdown refuses new requests, waits until the calls of those accepted have
// ended, and returns nil. If ctx ends first, it ends their contexts, waits for
// the gateway to notice, and returns an error that counts the requests cut
// short. Call it when the HTTP server has been shut down; it may be called
// again.
func (h *Handler) Shutdown(ctx context.Context) error { return h.jobs.shutdown(ctx) }

// Format prints the name of the type for every verb.
func (*Handler) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "voice.Handler") }
