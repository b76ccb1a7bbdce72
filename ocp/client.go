package ocp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
// closing. Printing it shows the host only.
//
// Every error of its methods is an [*Error].
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

type request struct {
	op, method string
	path       []string // elements below the root of the API
	query      url.Values
	body       []byte
}

func (c *Client) do(ctx context.Context, r *request) (data []byte, err error) {
	leave, err := c.login.enter(ctx, r.op)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	target := c.target(r)
	j := judge{client: c, op: r.op}
	_, err = c.caller.Do(ctx, &httpcall.Request{
		Op:              r.op,
		Method:          r.method,
		URL:             func() (string, error) { return target.String(), nil },
		GetHeader:       func() (http.Header, error) { return j.sign(c.header(r, target, time.Now())), nil },
		Body:            r.body,
		Judge:           j.accept,
		JudgeFailure:    j.refuse,
		RepeatUncertain: true, // reading again and pushing again do no harm
	})
	return j.data, failure(r.op, err)
}

func (c *Client) target(r *request) *url.URL {
	u := c.base.JoinPath("api", "v2", "alarm").JoinPath(r.path...)
	u.RawQuery = canonicalQuery(r.query)
	return u
}

func (c *Client) header(r *request, target *url.URL, at time.Time) http.Header {
	h := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}
	if c.language != "" {
		h.Set("Accept-Language", c.language)
	}
	c.credentials.sign(h, r.method, target, r.body, at)
	return h
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

// String returns the host of the OCP.
func (c *Client) String() string {
	if c == nil {
		return "ocp.Client(nil)"
	}
	return "ocp.Client(" + c.base.Host + ")"
}

// Format prints what String returns for every verb: fmt must not walk through
// the fields.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String returns.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
