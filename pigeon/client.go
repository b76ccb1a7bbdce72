package pigeon

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// root is in front of the paths of all calls. The vendor's own list of calls
// leaves out its last element; the examples beside that list have it.
const root = "/api/apps/pigeon"

// The operations, as errors and logs name them.
const (
	opInvoke = "invoke"
	opResult = "result"
	opWait   = "wait"
	opAbort  = "abort"
	opCalls  = "calls"
)

// A Client talks to one space. It is immutable, safe for concurrent use, and
// needs no closing. Printing it shows the host only.
type Client struct {
	caller   *httpcall.Caller
	host     string
	base     string
	token    secret.Text
	user     string
	password secret.Text
	log      *slog.Logger
}

// New returns a Client for a space, given by its id such as "shibuya" or by a
// base URL, and an API token. It makes no connection. Its errors quote neither
// space nor token.
//
// Privileged users make tokens in the settings of the space. A token is shown
// once and has an expiry date.
func New(space, token string, opts *Options) (*Client, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	base, err := parseSpace(space, o.AllowHTTP)
	if err != nil {
		return nil, fmt.Errorf("pigeon: new: %w", err)
	}
	token, err = parseToken(token)
	if err != nil {
		return nil, fmt.Errorf("pigeon: new: %w", err)
	}
	switch {
	case o.User == "" && o.Password != "":
		return nil, errors.New("pigeon: new: a Password without a User")
	case strings.ContainsRune(o.User, ':') || !isLine(o.User+o.Password):
		return nil, errors.New("pigeon: new: User holds a colon, or User or Password control characters")
	}
	return &Client{
		caller: httpcall.New(httpcall.Options{
			Channel:     "pigeon",
			HTTPClient:  o.HTTPClient,
			Timeout:     o.Timeout,
			MaxAttempts: o.MaxAttempts,
			Logger:      o.Logger,
		}),
		host:     base.Host,
		base:     base.String() + root,
		token:    secret.New(token),
		user:     o.User,
		password: secret.New(o.Password),
		log:      cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
	}, nil
}

// An exchange is one call of the API.
type exchange struct {
	op     string
	method string
	path   string // below root, with its query
	body   []byte
	judge  func(*httpcall.Response) error
	repeat bool // harmless if the far end has acted already
	hide   []string
	id     string // the chain it is about, if there is one
}

// do makes an exchange. Its error is an *Error.
func (c *Client) do(ctx context.Context, x *exchange) error {
	resp, err := c.caller.Do(ctx, &httpcall.Request{
		Op:              x.op,
		Method:          x.method,
		URL:             func() (string, error) { return c.base + x.path, nil },
		Header:          c.header(),
		Body:            x.body,
		Judge:           x.judge,
		RepeatUncertain: x.repeat,
	})
	if err == nil {
		return nil
	}
	return c.failure(x, resp, err)
}

// header returns what identifies the caller. It is made for each call and kept
// nowhere, so that no printer meets it.
func (c *Client) header() http.Header {
	h := http.Header{
		"X-Authorization": {"Token " + c.token.Reveal()},
		"Content-Type":    {"application/json"},
		"Accept":          {"application/json"},
	}
	if c.user != "" {
		pair := c.user + ":" + c.password.Reveal()
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return h
}

// Format prints the host for every verb: fmt must not walk through the fields.
func (c *Client) Format(f fmt.State, _ rune) {
	host := "nil"
	if c != nil {
		host = c.host
	}
	_, _ = io.WriteString(f, "pigeon.Client("+host+")")
}
