package ocp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-go/tocsin/internal/httpcall"
)

// Operations of a client, as errors and logs name them.
const (
	opPush = "push"
	opList = "list alarms"
	opGet  = "get alarm"
)

// A Client calls the API of one OCP. It is immutable but for what it knows of
// logins and rate limits that failed, safe for concurrent use, and needs no
// closing. Every error of its methods is an [*Error].
type Client struct {
	base        *url.URL
	credentials Credentials
	language    string
	caller      *httpcall.Caller
	limit       *httpcall.Limiter // closed while OCP answers 429
	login       *login
}

// NewClient returns a Client for an OCP, given by the address of its root,
// such as https://ocp.example.com:8443. A path is put before that of the API,
// for gateways; with an access key the gateway must pass it on, since it is
// signed.
//
// http is refused with a user and a password, which it would carry readable,
// unless the host is the loopback or [Options].AllowHTTP is set. NewClient
// makes no connection. Its errors quote neither the address nor the
// credentials.
func NewClient(baseURL string, credentials Credentials, opts *Options) (*Client, error) {
	o := *cmp.Or(opts, &Options{})
	base, err := o.check(baseURL, credentials)
	if err != nil {
		return nil, fmt.Errorf("ocp: new client: %w", err)
	}
	limit := httpcall.NewLimiter(0, 1)
	if o.HTTPClient == nil && o.RootCAs != nil {
		transport := &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second,
			TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		}
		o.HTTPClient = &http.Client{Transport: transport}
	}
	return &Client{
		base:        base,
		credentials: credentials,
		language:    o.Language,
		caller: httpcall.New(httpcall.Options{
			Channel:     "ocp",
			HTTPClient:  o.HTTPClient,
			Timeout:     o.Timeout,
			MaxAttempts: o.MaxAttempts,
			Logger:      o.Logger,
			Limit:       limit,
		}),
		limit: limit,
		login: newLogin(),
	}, nil
}

// do calls the API. It returns the data of the answer.
func (c *Client) do(ctx context.Context, op, method, path string, query url.Values, body []byte) (data []byte, err error) {
	leave, err := c.login.enter(ctx, op)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	target := c.base.JoinPath("api/v2/alarm", path)
	target.RawQuery = canonicalQuery(query)
	j := judge{client: c, op: op}
	_, err = c.caller.Do(ctx, &httpcall.Request{
		Op:     op,
		Method: method,
		URL:    func() (string, error) { return target.String(), nil },
		GetHeader: func() (http.Header, error) {
			h := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}
			if c.language != "" {
				h.Set("Accept-Language", c.language)
			}
			c.credentials.sign(h, method, target, body, time.Now())
			return j.sign(h), nil
		},
		Body:            body,
		Judge:           j.accept,
		JudgeFailure:    j.refuse,
		RepeatUncertain: true, // reading again and pushing again do no harm
	})
	return j.data, failure(op, err)
}

func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	transport, below := errors.AsType[*httpcall.Error](err)
	verdict, judged := errors.AsType[*Error](err)
	switch {
	case judged && below: // another attempt was due, and something came between
		e := *verdict
		e.Err = err
		return &e
	case judged:
		return verdict
	}
	return &Error{Op: op, HTTPStatus: transport.Status, Err: err}
}
