package httpcall

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// A Request is one call to the far end. [Caller.Do] reads it only.
type Request struct {
	// Op names the call in errors and logs: "send".
	Op string

	// Method is the HTTP method, one of the constants of net/http; "" is POST.
	Method string

	// URL returns the absolute http or https URL. It is asked anew for every
	// attempt, so that a signature with a timestamp stays fresh, and may hold a
	// secret. Its error ends the call; alert.Retryable is asked about it.
	URL func() (string, error)

	// Header is sent with every attempt; nil means Content-Type:
	// application/json.
	Header http.Header

	// Body is sent with every attempt. It must not be modified, not even after
	// Do has returned: net/http may still be reading it.
	Body []byte

	// Judge looks at a complete answer with HTTP status 200-299 and returns the
	// vendor's verdict: nil means accepted. Its error is asked through
	// alert.Retryable and alert.RetryAfter whether to try again, and is returned
	// as it is. A nil Judge accepts every such answer.
	Judge func(*Response) error

	// RepeatUncertain allows another attempt when the far end may have acted on
	// the last one: yes for a chat message, never for a telephone call.
	RepeatUncertain bool
}

// A Response is a complete answer of the far end.
type Response struct {
	Status  int
	Header  http.Header
	Body    []byte        // at most 1 MiB
	Elapsed time.Duration // of the attempt that it answers
}

// errURL stands in for the error of url.Parse, which quotes the URL.
var errURL = errors.New("the URL is not an absolute http or https URL")

// parse is url.Parse for URLs that can be called.
func parse(raw string) (*url.URL, error) {
	if u, err := url.Parse(raw); err == nil && callable(u) {
		return u, nil
	}
	return nil, errURL
}

func callable(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// header returns a copy of the header: a cookie jar and careless transports
// write into it.
func (r *Request) header() http.Header {
	if r.Header == nil {
		return http.Header{"Content-Type": {"application/json"}}
	}
	return r.Header.Clone()
}

// build returns the request for the first attempt.
//
// net/http repeats some requests by itself when an idle connection turns out
// to be dead. For a POST it does so only when it knows that not one byte was
// written, which is welcome. For GET and for requests with an idempotency key
// it does so even after all was written, and a call that must not be made twice
// would be. Taking GetBody away, with a body that is not known to be empty,
// stops that: every repetition of what may have arrived is decided, counted and
// logged here. (The price is chunked encoding for an idempotency key without a
// body.)
func (r *Request) build(ctx context.Context, raw string) (*retryablehttp.Request, error) {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodPost), raw, nil)
	if err != nil || !callable(req.URL) {
		return nil, errURL
	}
	req.Header = r.header()
	wrapped := &retryablehttp.Request{Request: req}
	replays := replayed(wrapped.Method, wrapped.Header)
	if len(r.Body) == 0 && !replays {
		return wrapped, nil
	}
	if err := wrapped.SetBody(r.Body); err != nil {
		return nil, err
	}
	if replays {
		wrapped.GetBody = nil
	}
	return wrapped, nil
}

// replayed reports whether net/http takes the request to be idempotent.
func replayed(method string, h http.Header) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return h.Get("Idempotency-Key") != "" || h.Get("X-Idempotency-Key") != ""
}
