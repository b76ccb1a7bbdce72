package autocall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/markup"
)

const (
	// pathEnd is what the app's documentation prints as the whole path.
	pathEnd = "/alert/phone"

	// answerTime is what the queue gets. The app hangs up after 10 s.
	answerTime = 8 * time.Second

	burst = 5 // requests at once
)

// HandlerOptions change what a [Handler] does. Nil and the zero value mean the
// defaults.
type HandlerOptions struct {
	// PollInterval is how often the phones are set to poll. One that comes
	// more than twice as often is slowed down; five requests at once are
	// normal. Default 10 s; -1 switches the limit off.
	PollInterval time.Duration

	// Logger gets one record for each request that was refused or could not be
	// served; of strangers, and of outcomes that nobody knows, six at once and
	// then one in ten seconds. No record holds a token, the URL or a whole
	// number. Default: none.
	Logger *slog.Logger
}

// A Handler is what the phones poll. It is safe for concurrent use. The URL to
// be entered in the app is, whatever stands before it,
//
//	http://192.0.2.8:8080/phone/TOKEN/alert/phone
//
// with the token of the phone, with or without a slash at the end. Mount it
// below a prefix and not at the exact path, so that no request is redirected:
//
//	mux.Handle("/phone/", handler)
//
// # Answers
//
// Every answer, whatever the request, is a JSON object with a code, as the app
// dies of anything else. Code 0 with a phone and a mid is a hand-out, code 1
// means that there is nothing to ring, and 2 that the request was wrong. The app
// does not look at the HTTP status, which is for people and proxies: 200; 400
// for a request that cannot be read; 404
// for a wrong token or path; 405; 429 for one that comes too often; 500 after a
// panic; 503 when the queue is not available.
//
// There is one exception. An outcome that the queue could not keep is not
// answered at all: the connection is closed. The app takes any answer, a 503
// too, as a receipt, and only when there is none it keeps what it knows and
// tells it again. Behind a proxy that answers 502 instead, an outcome "nobody"
// is then lost and the same number rings once more; "picked up" is told again
// in any case, because the mid is handed out until the queue has kept it.
type Handler struct {
	queue  Queue
	phones []caller
	opts   HandlerOptions
	quiet  *budget // for the log: what strangers do
}

// A Handset is a phone that may poll. It prints its name only.
type Handset struct {
	Name string // which logs and audit trails show: one line of at most 128 bytes

	// Token is text for a URL path, letters, digits and -._~ only, of at least 16
	// bytes. Whoever knows it gets telephone numbers, so make it random, as
	// crypto/rand.Text does.
	Token string
}

// Format prints the name for every verb.
func (h Handset) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.Name) }

// LogValue returns the name.
func (h Handset) LogValue() slog.Value { return slog.StringValue(h.Name) }

// A caller is a Handset and what it may do.
type caller struct {
	name    string
	token   inbound.Secret
	polls   *budget
	posts   *budget // apart: a refused outcome would be lost
	unknown *budget // for the log: outcomes of calls nobody knows
}

// NewHandler returns a Handler for a queue and the phones that may poll. No two have
// the same name or token: two phones with one token are one phone, and both ring.
// Errors name a phone by its place, since a name may be a token in the wrong place.
func NewHandler(queue Queue, phones []Handset, opts *HandlerOptions) (*Handler, error) {
	h := &Handler{queue: queue, quiet: newBudget(10*time.Second, 6)}
	if opts != nil {
		h.opts = *opts
	}
	h.opts.PollInterval = cmp.Or(h.opts.PollInterval, defaultPollInterval)
	h.opts.Logger = cmp.Or(h.opts.Logger, slog.New(slog.DiscardHandler))
	if queue == nil {
		return nil, errors.New("autocall: new handler: no queue")
	}
	for i, phone := range phones {
		if why := h.admit(phone); why != "" {
			return nil, fmt.Errorf("autocall: new handler: phone %d: %s", i+1, why)
		}
	}
	if len(h.phones) == 0 {
		return nil, errors.New("autocall: new handler: no phone")
	}
	return h, nil
}

// admit adds a phone, or says why not.
func (h *Handler) admit(p Handset) (why string) {
	c := caller{name: p.Name, token: inbound.NewSecret(p.Token), unknown: newBudget(10*time.Second, 6)}
	if every := h.opts.PollInterval / 2; every > 0 {
		c.polls, c.posts = newBudget(every, burst), newBudget(every, burst)
	}
	switch {
	case p.Name == "" || p.Name != markup.OneLine(p.Name, maxName):
		return fmt.Sprintf("the name must be one line of 1 to %d bytes", maxName)
	case inbound.CheckSecret(p.Token) != nil:
		return fmt.Sprintf("the token must be at least %d letters, digits and -._~", inbound.MinSecret)
	case slices.ContainsFunc(h.phones, func(other caller) bool { return other.token.Equal(c.token) || other.name == c.name }):
		return "another one has the same name or token"
	}
	h.phones = append(h.phones, c)
	return ""
}

// ServeHTTP answers one request of a phone.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, said := h.answer(r)
	said.write(w, status)
}

// answer finds out who asks and what to answer.
func (h *Handler) answer(r *http.Request) (status int, said reply) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, which net/http compares in this way too
				panic(v)
			}
			h.opts.Logger.LogAttrs(r.Context(), slog.LevelError, "request panicked", slog.String("panic", panicText(v)))
			status, said = http.StatusInternalServerError, refusal("internal error")
		}
	}()
	phone := h.identify(r.URL.Path)
	if phone == nil {
		h.stranger(r, "request refused: wrong token or path")
		return http.StatusNotFound, refusal("not found")
	}
	switch r.Method {
	case http.MethodGet:
		return h.poll(r, phone)
	case http.MethodPost:
		return h.outcome(r, phone)
	}
	return http.StatusMethodNotAllowed, refusal("want GET or POST")
}

// identify returns the phone whose token stands in the path, or nil. The time
// it takes does not depend on which.
func (h *Handler) identify(path string) *caller {
	rest, found := strings.CutSuffix(inbound.Clean(path), pathEnd)
	token := rest[strings.LastIndexByte(rest, '/')+1:]
	var known *caller
	for i := range h.phones { // to the end in any case
		if h.phones[i].token.Opens(token) {
			known = &h.phones[i]
		}
	}
	if !found {
		return nil
	}
	return known
}

// stranger logs a request that does not come from a phone, not too often.
func (h *Handler) stranger(r *http.Request, message string) {
	if h.quiet.take() {
		h.log(r, message)
	}
}

// log writes a record about a request. Its path holds the token, or an attempt
// at it, and is left out.
func (h *Handler) log(r *http.Request, message string, attrs ...slog.Attr) {
	from := "unknown"
	if addr, err := inbound.Peer(r); err == nil {
		from = addr.String()
	}
	attrs = append(attrs, slog.String("caller", from), slog.String("method", markup.OneLine(r.Method, 16)))
	h.opts.Logger.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelWarn, message, attrs...)
}
