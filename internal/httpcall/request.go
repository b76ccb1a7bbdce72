package httpcall

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
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

	// GetHeader, if it is not nil, stands in for Header: it returns a new header
	// for each attempt, so that a signature with a date stays fresh. It is asked
	// after URL. Its error ends the call, as that of URL does.
	GetHeader func() (http.Header, error)

	// Body is sent with every attempt. It must not be modified, not even after
	// Do has returned: net/http may still be reading it.
	Body []byte

	// GetBody, if it is not nil, stands in for Body: it returns a new reader of
	// the Length bytes to send, for each attempt and from its begin. It may be
	// called from any goroutine. Once Do has returned, no reader is read any
	// more; to make sure of that, Do waits for a Read that is under way.
	GetBody func() (io.ReadCloser, error)

	// Length is the number of bytes that a reader of GetBody yields; more than 0.
	Length int64

	// MoreTime is added to Options.Timeout, for a body that takes its time.
	MoreTime time.Duration

	// Judge looks at a complete answer with HTTP status 200-299 and returns the
	// vendor's verdict: nil means accepted. Its error is asked through
	// alert.Retryable and alert.RetryAfter whether to try again, and is returned
	// as it is. A nil Judge accepts every such answer.
	Judge func(*Response) error

	// JudgeFailure looks at a complete answer with any other HTTP status, for
	// vendors that put their code into those too. Its error counts like that of
	// Judge; nil leaves the verdict to the status. It may be nil.
	JudgeFailure func(*Response) error

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

// An address is the text of a URL and what it means.
type address struct {
	raw string
	url url.URL
}

// parse is url.Parse for URLs that can be called. The last one is kept: most
// channels have but one.
func (c *Caller) parse(raw string) (*url.URL, error) {
	last := c.last.Load()
	if last == nil || last.raw != raw {
		u, err := url.Parse(raw)
		if err != nil {
			return nil, errURL
		}
		u.Host = strings.TrimSuffix(u.Host, ":") // an empty port, as in http.NewRequest
		if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errURL
		}
		last = &address{raw, *u}
		c.last.Store(last)
	}
	u := last.url // a copy: careless transports rewrite it
	return &u, nil
}

// header returns the header for an attempt at u: a copy, since a cookie jar
// and careless transports write into it, and so does http.Client for a user in
// u. Where none of them is met, there is none, and RoundTrip adds the shared
// one below http.Client, which would copy it in case of a redirect.
func (k *call) header(u *url.URL) http.Header {
	switch {
	case k.request.Header != nil:
		return k.request.Header.Clone()
	case k.caller.shared != nil && u.User == nil:
		return k.caller.none
	}
	return defaultHeader()
}

// renewHeader asks for the header of the next attempt, if the request has one
// for each.
func (k *call) renewHeader() (err error) {
	if k.request.GetHeader != nil {
		k.request.Header, err = k.request.GetHeader()
	}
	return err
}

func defaultHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// length returns how many bytes an attempt sends.
func (r *Request) length() int64 {
	if r.GetBody != nil {
		return r.Length
	}
	return int64(len(r.Body))
}

// body returns a reader for the next attempt. That of Body is of a kind that
// net/http knows to be in memory and so writes out together with the header.
func (k *call) body() (io.ReadCloser, error) {
	if k.request.GetBody == nil {
		return io.NopCloser(bytes.NewReader(k.request.Body)), nil
	}
	k.gate = newGate()
	return k.gatedBody()
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
//
// The body is put into the request here and in prepareAgain, not with SetBody,
// whose readers are wrapped three times over.
func (k *call) build(ctx context.Context, raw string) (*retryablehttp.Request, error) {
	u, err := k.caller.parse(raw)
	if err != nil {
		return nil, err
	}
	r := &k.request
	req := (&http.Request{ // http.NewRequest would parse the URL again
		Method: cmp.Or(r.Method, http.MethodPost),
		URL:    u,
		Host:   u.Host,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: k.header(u),
	}).WithContext(ctx)
	replays, length := replayed(req.Method, req.Header), r.length()
	if length > 0 || replays {
		req.ContentLength = length
		if req.Body, err = k.body(); err != nil {
			return nil, err
		}
	}
	if length > 0 && !replays && !hasPlainStreams(k.caller.transport) {
		req.GetBody = k.sameBody
	}
	return &retryablehttp.Request{Request: req}, nil
}

// hasPlainStreams reports whether a transport may speak HTTP/2 without TLS,
// which its connections do not show.
func hasPlainStreams(transport http.RoundTripper) bool {
	std, ok := transport.(*http.Transport)
	return ok && std.Protocols != nil && std.Protocols.UnencryptedHTTP2()
}

// replayed reports whether net/http takes the request to be idempotent.
func replayed(method string, h http.Header) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return h.Get("Idempotency-Key") != "" || h.Get("X-Idempotency-Key") != ""
}
