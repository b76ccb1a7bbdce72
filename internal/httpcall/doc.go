// Package httpcall makes the HTTP calls of every channel. It is the only place
// that repeats a request, reads an answer, or decides what a failure means, and
// the only user of go-retryablehttp and x/time/rate.
//
// A channel makes one [Caller] when it is built and calls [Caller.Do] for every
// message:
//
//	caller := httpcall.New(httpcall.Options{
//		Channel:    "wecom",
//		HTTPClient: opts.HTTPClient,
//		Limit:      httpcall.NewLimiter(3750*time.Millisecond, 5),
//	})
//	_, err := caller.Do(ctx, &httpcall.Request{
//		Op:              "send",
//		URL:             func() (string, error) { return base + key.Reveal(), nil },
//		Body:            body,
//		Judge:           judge, // reads the vendor's code, returns the channel's *Error
//		RepeatUncertain: true,  // false for a telephone call
//	})
//
// An error of Do is either what Judge returned, as it was, or an [*Error] with
// the [Kind] of the failure. The channel wraps the latter in its own error type
// with %w, so that errors.Is, alert.Retryable and alert.RetryAfter still reach
// it.
//
// # What is repeated
//
// Up to three attempts, spaced by half a second, then one second, plus up to a
// quarter of chance. A wait that the far end asked for is kept if it is at most
// Options.MaxWait, 30 s as a rule, and ends before ctx does; otherwise Do
// returns at once and the error's After says when to come back. Under
// alert.Once there is one attempt and no wait at all.
//
// A body may be a stream that is opened anew for each attempt, see
// Request.GetBody.
//
//	Failure                          Kind       again inside Do    Retryable
//	no connection (DNS, dial, TLS)   NotSent    yes                yes
//	no rate budget before ctx ends   NotSent    no                 yes, After
//	URL that cannot be called        NotSent    no                 no
//	reset, timeout, cut-off answer   Uncertain  RepeatUncertain    RepeatUncertain
//	HTTP 408, 5xx (not 501, 505)     Refused    yes                yes
//	... without RepeatUncertain      Uncertain  no                 no
//	answer over 1 MiB, HTTP 2xx      as 5xx     as 5xx             as 5xx
//	HTTP 425, 429                    Refused    yes, Retry-After   yes, After
//	other HTTP 3xx, 4xx, 501, 505    Refused    no                 no
//	error of Judge, JudgeFailure     its own    what it answers    what it answers
//
// net/http repeats by itself only what certainly was not written. On HTTP/2 it
// would go further, see trail.mayRewind, and is kept from it.
//
// # What is never shown
//
// No error and no log record holds a path, a query, userinfo, a header value or
// a body. Redirects are refused rather than followed, because the next host
// would receive the keyed URL as Referer.
package httpcall
