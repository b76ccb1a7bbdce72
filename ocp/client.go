package ocp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

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
// signed. NewClient makes no connection. Its errors quote neither the address nor
// the credentials.
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

// Options configures a [Client]. Nil and zero values mean the defaults.
type Options struct {
	// HTTPClient carries the requests. Its Transport, Jar and Timeout are
	// used; redirects are refused. Default: a client of the Client's own.
	HTTPClient *http.Client

	// RootCAs are the authorities that vouch for OCP's certificate, for a client
	// of the Client's own. Default: those of the system.
	RootCAs *x509.CertPool

	// Timeout bounds one attempt, the answer included. Default: 10 s; -1
	// leaves it to HTTPClient and the context.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of one call. Default: 3; -1 means 1.
	MaxAttempts int

	// Logger gets one record an attempt at level Debug, without address and
	// content. Default: none.
	Logger *slog.Logger

	// AllowHTTP sends user and password over http, readable to everybody on the
	// way, to hosts other than the loopback. Default: that is refused.
	AllowHTTP bool

	// Language is the Accept-Language of the requests, such as zh-CN or en-US,
	// in which OCP words its answers. Default: OCP decides.
	Language string
}

// check reads the address of an OCP, and refuses what cannot be meant.
func (o *Options) check(baseURL string, credentials Credentials) (*url.URL, error) {
	base, err := parseBase(baseURL)
	if err == nil {
		err = credentials.check()
	}
	switch {
	case err != nil:
		return nil, err
	case base.Scheme == "http" && !credentials.signs && !o.AllowHTTP && !isLoopback(base.Hostname()):
		return nil, errors.New("http would show user and password to everybody on the way: use https, an access key, or set AllowHTTP")
	case len(o.Language) > 64 || strings.ContainsFunc(o.Language, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-,;=. *", r) }):
		return nil, errors.New("the Language is not one as in Accept-Language")
	}
	return base, nil
}

// parseBase reads the address of an OCP. Its errors do not quote it: people
// paste addresses with a password in them.
func parseBase(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	switch {
	case s == "":
		return nil, errors.New("the base URL is empty")
	case err != nil || len(s) > 2048 || !isText(s) || strings.ContainsFunc(s, unicode.IsSpace):
		return nil, errors.New("the base URL is no URL, is too long, or holds blanks or bytes that are not UTF-8") // err quotes it
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the base URL begins with neither https:// nor http://")
	case u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("the base URL holds a user, a query or a fragment")
	case !isHost(u.Hostname()):
		return nil, errors.New("the base URL has no host, or one that is not made of letters, digits and the signs -_.: alone")
	}
	if u.Path == "" {
		u.Path = "/" // else what is joined to it has no slash in front, and is signed so
	}
	u.Host = strings.TrimSuffix(u.Host, ":") // an empty port, as the Host header has it
	return u, nil
}

// isHost reports whether the Host header shows s as it is, which the signature
// relies on: net/http rewrites other letters, and drops a zone.
func isHost(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isAlphanumeric(r) && !strings.ContainsRune("-_.:", r) })
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isLoopback reports whether a host is this machine by its name. Other names
// are not looked up: what they mean may change.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
