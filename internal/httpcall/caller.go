package httpcall

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Defaults of Options.
const (
	defaultTimeout  = 10 * time.Second
	defaultAttempts = 3
	idlePerHost     = 16 // a channel talks to one host: let a burst keep its connections
)

// Options configures a [Caller]. The zero value of each field is its default.
type Options struct {
	Channel     string        // first word of errors and log records: "wecom"
	HTTPClient  *http.Client  // nil: own client; a given one is copied, redirects are always refused
	Timeout     time.Duration // of one attempt, answer included; 0: 10 s; negative: none but HTTPClient's
	MaxAttempts int           // 0: 3; negative: 1. alert.Once(ctx) makes it 1 as well
	Logger      *slog.Logger  // nil: discard
	Limit       *Limiter      // nil: no limit. One token an attempt
	FailFast    bool          // an empty Limit refuses at once, as under alert.Once, instead of letting wait
	MaxWait     time.Duration // longest wait between attempts that the far end may ask for; 0: 30 s
}

// A Caller makes the HTTP calls of one channel. It is safe for concurrent use,
// and immutable but for the URL that it remembers.
type Caller struct {
	channel   string
	client    http.Client // Transport and Timeout unused: see loop
	transport http.RoundTripper
	timeout   time.Duration // zero: none
	attempts  int
	log       *slog.Logger
	limit     *Limiter
	failFast  bool
	maxWait   time.Duration
	shared    http.Header             // the default header, if nobody writes into it
	none      http.Header             // an empty one, likewise
	loops     sync.Pool               // of *loop
	last      atomic.Pointer[address] // the last URL that was called; printers show a number
}

// New returns a Caller. It copies the fields of o.HTTPClient that matter (its
// Transport, Jar and Timeout) and leaves the client alone.
func New(o Options) *Caller {
	c := &Caller{
		channel:  o.Channel,
		timeout:  max(0, cmp.Or(o.Timeout, defaultTimeout)),
		attempts: max(1, cmp.Or(o.MaxAttempts, defaultAttempts)),
		log:      cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		limit:    o.Limit,
		failFast: o.FailFast,
		maxWait:  cmp.Or(o.MaxWait, maxWait),
	}
	if o.HTTPClient != nil {
		c.client.Jar = o.HTTPClient.Jar
		c.transport = o.HTTPClient.Transport
		if t := o.HTTPClient.Timeout; t > 0 && (c.timeout == 0 || t < c.timeout) {
			c.timeout = t
		}
	}
	if c.transport == nil {
		c.transport = newTransport(o.HTTPClient != nil)
	}
	if _, std := c.transport.(*http.Transport); std && c.client.Jar == nil {
		c.shared, c.none = defaultHeader(), http.Header{}
	}
	c.client.CheckRedirect = refuseRedirect
	return c
}

// newTransport returns the transport of a Caller that was given none. A client
// without a Transport means the shared default one, as in net/http; without a
// client the Caller gets a pool of its own.
func newTransport(shared bool) http.RoundTripper {
	std, ok := http.DefaultTransport.(*http.Transport)
	if !ok || shared {
		return http.DefaultTransport
	}
	own := std.Clone()
	own.MaxIdleConnsPerHost = idlePerHost
	return own
}

// refuseRedirect keeps the keyed URL from the next host, which would get it as
// Referer.
func refuseRedirect(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// Do makes the call r and repeats it as the package documentation says. It
// returns the last complete answer, if there was one, also beside an error:
// some vendors put their code into the body of an HTTP 400.
//
// Errors are those of r.Judge, unchanged, or an [*Error]. If ctx ended, or the
// rate budget or r.URL failed, before an attempt that was still to come, the
// *Error wraps what had gone wrong before, a verdict of Judge included. Unless
// the far end had accepted or finally refused the call, the error matches
// ctx.Err() once ctx has ended.
func (c *Caller) Do(ctx context.Context, r *Request) (*Response, error) {
	k := &call{caller: c, request: *r}
	req, err := k.prepare(ctx)
	if err != nil {
		return nil, err
	}
	l := c.loop()
	l.call = k
	_, err = l.retry.Do(req) //nolint:bodyclose // call.RoundTrip has read and closed it
	l.call = nil
	c.loops.Put(l)
	if err == nil {
		return k.answer, nil
	}
	// The error of retryablehttp repeats the URL: what the call itself recorded counts.
	return k.answer, k.failure(ctx)
}

// A loop is the pair of clients that runs a call. It is kept for the next one,
// which saves a quarter of what the call itself takes; the call is not, since
// the transport may still be at work on it.
type loop struct {
	*call
	client http.Client // with this loop as its Transport
	retry  retryablehttp.Client
}

// loop returns a loop that is free. Its policies are those of its call.
func (c *Caller) loop() *loop {
	if l, ok := c.loops.Get().(*loop); ok {
		return l
	}
	l := &loop{client: c.client}
	l.client.Transport = l
	l.retry = retryablehttp.Client{
		HTTPClient:   &l.client,
		RetryWaitMin: minWait,
		RetryWaitMax: c.maxWait,
		RetryMax:     c.attempts - 1, // under alert.Once check allows none
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			return l.check(ctx, resp, err)
		},
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return l.wait },
		PrepareRetry: func(req *http.Request) error { return l.prepareAgain(req) },
		ErrorHandler: giveUp,
	}
	return l
}
