package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Mode is one of the two doors to BlueKing's messages. Both take the same
// work and differ in their bodies and answers.
type Mode uint8

// The modes.
const (
	ESB        Mode = iota // component cmsi/send_voice_msg: HTTP 200 to everything
	APIGateway             // gateway bk-cmsi, v1/send_voice/: the HTTP status is the verdict
)

// opVoice names the one operation of a client in errors and logs.
const opVoice = "send_voice_msg"

// ClientOptions configures a [Client]. The zero value of each field, and a nil
// *ClientOptions, mean the default.
type ClientOptions struct {
	// Mode is the door to use. Default: ESB.
	Mode Mode

	// Tenant is whom the users belong to, for an API gateway that serves several:
	// the header X-Bk-Tenant-Id. Default: default, which is what a BlueKing without
	// tenants calls its only one. The ESB gets none.
	Tenant string

	// HTTPClient carries the requests. Its Transport, Jar and Timeout are used;
	// redirects are refused. Default: a client of its own.
	HTTPClient *http.Client

	// Timeout bounds one attempt, the answer included. The component itself
	// waits 30 s for the gateway behind it. Default: 40 s; -1 leaves it to
	// HTTPClient and the context.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of one call. There is another one only
	// if the last certainly did not reach the gateway. Default: 3; -1 means 1.
	MaxAttempts int

	// Logger gets one record an attempt at level Debug, without address and
	// content. Default: none.
	Logger *slog.Logger
}

// defaultTimeout is above what the component waits for its own gateway, so
// that its answer is heard rather than given up.
const defaultTimeout = 40 * time.Second

// A Client asks BlueKing to call people. It is a [Gateway], immutable and safe
// for concurrent use, and needs no closing. Printing it shows the host only.
type Client struct {
	mode     Mode
	tenant   string
	caller   *httpcall.Caller
	host     string
	endpoint string
	header   secret.Text // JSON with the credentials
	secrets  func() []secret.Text
}

var _ Gateway = (*Client)(nil)

// NewClient returns a Client for the BlueKing at an address: its base, such as
// https://paas.example.com, or the whole URL of the component, for which a path
// ending in send_voice_msg or send_voice is taken. It makes no connection, and
// its errors quote neither address nor credentials.
//
// BlueKing is often installed without TLS; credentials then travel in the
// clear, as those of its own services do.
func NewClient(address string, as Credentials, opts *ClientOptions) (*Client, error) {
	var o ClientOptions
	if opts != nil {
		o = *opts
	}
	endpoint, err := parseEndpoint(address, o.Mode)
	if err != nil {
		return nil, fmt.Errorf("voice: new client: %w", err)
	}
	header, err := as.header()
	if err != nil {
		return nil, fmt.Errorf("voice: new client: %w", err)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Tenant = cmp.Or(strings.TrimSpace(o.Tenant), "default"); !inbound.FitsPath(o.Tenant) {
		return nil, errors.New("voice: new client: Tenant must be letters, digits and -._~")
	}
	return &Client{
		mode: o.Mode, tenant: o.Tenant,
		caller: httpcall.New(httpcall.Options{
			Channel:     "voice",
			HTTPClient:  o.HTTPClient,
			Timeout:     o.Timeout,
			MaxAttempts: o.MaxAttempts,
			Logger:      o.Logger,
		}),
		host:     endpoint.Host,
		endpoint: endpoint.String(),
		header:   secret.New(header),
		secrets:  as.secrets,
	}, nil
}

// errAddress leaves out what was given: it may hold a password.
var errAddress = errors.New("the address is not an http or https URL without user, query and fragment")

// parseEndpoint returns the URL to post to. It ends in a slash: without one the
// component redirects, and a redirected POST loses its body.
func parseEndpoint(address string, mode Mode) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errAddress
	}
	base := strings.TrimRight(u.Path, "/")
	switch last := path.Base(base); {
	case last == "send_voice_msg" || last == "send_voice":
	case mode == APIGateway && base == "":
		base = "/api/bk-cmsi/prod/v1/send_voice"
	case mode == APIGateway:
		base += "/v1/send_voice"
	default:
		base += "/api/c/compapi/cmsi/send_voice_msg"
	}
	u.Path, u.RawPath = base+"/", ""
	return u, nil
}

// Call asks BlueKing to call the callees of r. Those with a Number, which must
// be national digits, are sent with it; those without are known by their User
// and looked up by BlueKing. A request with both kinds is two requests, since
// the component takes one of the two lists only.
//
// An attempt is repeated after a connection that was not made, after
// code 1306203, [CodeRateLimited] and HTTP 429 only: never after a
// timeout, a lost answer or [CodeThirdParty], which all match
// alert.ErrUncertain and are not retryable. Every error is an [*Error].
//
// BlueKing does not call in a serial way by itself: Serial has no effect here.
func (c *Client) Call(ctx context.Context, r Request) (Report, error) {
	unique, at := distinct(r.Callees)
	results := make([]Result, len(unique))
	var groups [2][]int // with a number, without
	for i, callee := range unique {
		if why := objection(callee); why != "" {
			results[i] = Result{State: RejectedPermanent, Code: codeNumber, Reason: why}
			continue
		}
		k := 0
		if callee.Number.IsZero() {
			k = 1
		}
		groups[k] = append(groups[k], i)
	}
	report := Report{}
	var failures []error
	asked := 0
	for _, group := range groups {
		if len(group) == 0 {
			continue
		}
		asked++
		id, err := c.group(ctx, r.Text, unique, group, results)
		report.RequestID = strings.TrimSpace(report.RequestID + " " + id)
		if err != nil {
			failures = append(failures, err)
		}
	}
	if len(failures) == asked && asked == 1 && allIn(groups, len(unique)) {
		return Report{RequestID: report.RequestID}, failures[0] // it says more than results can
	}
	report.Results = spread(r.Callees, at, results)
	return report, nil
}

// allIn reports whether each of n callees was asked for.
func allIn(groups [2][]int, n int) bool { return len(groups[0])+len(groups[1]) == n }

// objection says why BlueKing cannot be asked to call c, or returns "".
func objection(c Callee) string {
	switch {
	case !c.Number.IsZero():
		return National.objection(c.Number)
	case strings.TrimSpace(c.User) == "":
		return "neither user nor number"
	case strings.ContainsAny(c.User, ",; \t\r\n"):
		return "a user name with a separator, which is read as several"
	}
	return ""
}

// group makes the request for some of the callees and fills in their results.
func (c *Client) group(ctx context.Context, text string, all []Callee, group []int, results []Result) (id string, err error) {
	callees := make([]Callee, len(group))
	for k, i := range group {
		callees[k] = all[i]
	}
	a := &answering{client: c, callees: callees}
	body, err := c.body(text, callees)
	if err != nil {
		return "", &Error{Op: opVoice, Err: err, fate: fateFinal}
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Bkapi-Authorization": {c.header.Reveal()}}
	if c.mode == APIGateway {
		header.Set("X-Bk-Tenant-Id", c.tenant)
	}
	resp, err := c.caller.Do(ctx, &httpcall.Request{
		Op: opVoice, URL: func() (string, error) { return c.endpoint, nil }, Header: header, Body: body, Judge: a.judge,
	})
	if err != nil && a.names(resp) {
		err = nil
	}
	if err != nil {
		err = a.failure(resp, err)
		for _, i := range group {
			results[i] = resultOf(err)
		}
		return a.id, err
	}
	for k, i := range group {
		results[i] = a.results[k]
	}
	return a.id, nil
}

// resultOf returns what the failure of a whole request means for one callee.
func resultOf(err error) Result {
	r := Result{State: RejectedPermanent, Reason: err.Error(), RetryAfter: alert.RetryAfter(err)}
	switch {
	case errors.Is(err, alert.ErrUncertain):
		r.State = Unknown
	case errors.Is(err, CodeRateLimited):
		r.State = Throttled
	case alert.Retryable(err):
		r.State = RejectedTemporary
	}
	return r
}

// Format prints the host for every verb: fmt must not walk through the fields.
func (c *Client) Format(f fmt.State, _ rune) {
	host := "nil"
	if c != nil {
		host = c.host
	}
	_, _ = io.WriteString(f, "voice.Client("+host+")")
}
