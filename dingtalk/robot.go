package dingtalk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// opSend names the one operation of a robot in errors and logs.
const opSend = "send"

// A Robot posts to one group. It is immutable but for its rate budget, safe
// for concurrent use, and needs no closing. Printing it shows the host only.
type Robot struct {
	options  func() *Options // a closure, where no printer looks: they hold numbers
	style    *markup.Style
	keyword  string
	log      *slog.Logger // may be nil
	caller   *httpcall.Caller
	limit    *httpcall.Limiter
	host     string
	endpoint string
	token    secret.Text
	secret   secret.Text // may be empty
	plainURL secret.Text // the URL of a robot that does not sign
}

var _ alert.Sender = (*Robot)(nil)

// New returns a Robot for a webhook, given by its bare access_token or by its
// whole URL, which may be on any host. It makes no connection. Its errors
// quote neither tokenOrURL nor the secret.
func New(tokenOrURL string, opts *Options) (*Robot, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	endpoint, token, err := parseAddress(tokenOrURL, o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("dingtalk: new: %w", err)
	}
	x, err := o.extras()
	if err != nil {
		return nil, fmt.Errorf("dingtalk: new: %w", err)
	}
	o.At = x.at
	plainURL := endpoint.String() + "?" + tokenName + "=" + token
	limit := robot.Budget(plainURL, o.HTTPClient, o.Rate)
	return &Robot{
		options: func() *Options { return &o },
		style:   o.style(),
		keyword: x.keyword,
		log:     o.Logger,
		caller: httpcall.New(httpcall.Options{
			Channel:     "dingtalk",
			HTTPClient:  o.HTTPClient,
			Timeout:     o.Timeout,
			MaxAttempts: o.MaxAttempts,
			Logger:      o.Logger,
			Limit:       limit,
			FailFast:    o.FailFast,
		}),
		limit:    limit,
		host:     endpoint.Host,
		endpoint: endpoint.String(),
		token:    secret.New(token),
		secret:   secret.New(strings.TrimSpace(o.Secret)),
		plainURL: secret.New(plainURL),
	}, nil
}

// Send posts one card for one alert and one digest for many, and does nothing
// without alerts. Under [alert.Once] it makes one attempt and does not wait
// for rate budget. Every error is an [*Error].
func (r *Robot) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	o := r.options()
	x := extras{id: newID(), keyword: r.keyword, at: o.who(alerts)}
	m := Message(nil)
	if o.Render == nil {
		m = render(r.style, alerts, x.room())
	} else {
		var err error
		if m, err = o.Render(alerts); err != nil {
			return &Error{Op: "render", Err: err}
		}
	}
	return r.deliver(ctx, m, x)
}

// Post posts a message. It waits for rate budget and repeats failures that
// pass, and also an unknown outcome: the message carries an identity of its
// own, by which the vendor knows a repetition and does not show it twice.
// [Options].Keyword is added where it is missing, [Options].At is not. Every
// error is an [*Error]; one that holds a [*FieldError] was found before
// anything was sent.
//
// Vendor page: https://help.dingtalk.io/open/development/custom-robots-send-group-messages.
func (r *Robot) Post(ctx context.Context, m Message) error {
	return r.deliver(ctx, m, extras{id: newID(), keyword: r.keyword})
}

// A delivery is one message on its way, over all attempts.
type delivery struct {
	robot     *Robot
	signature secret.Text // of the attempt under way
	renewed   bool        // an attempt with a fresh timestamp was asked for
}

// deliver posts m with what x adds to it.
func (r *Robot) deliver(ctx context.Context, m Message, x extras) error {
	if m == nil {
		return &Error{Op: opSend, Err: &FieldError{Field: "message", Reason: "is nil"}}
	}
	body, err := encode(m, x)
	if err != nil {
		return &Error{Op: opSend, Err: err}
	}
	d := &delivery{robot: r}
	_, err = r.caller.Do(ctx, &httpcall.Request{
		Op:              opSend,
		URL:             d.url,
		Body:            body,
		Judge:           d.judge,
		JudgeFailure:    robot.JudgeFailure(d.judge),
		RepeatUncertain: true, // under the same identity
	})
	return failure(err)
}

// url returns the URL of the next attempt, signed now.
func (d *delivery) url() (string, error) {
	r := d.robot
	if r.secret.IsZero() {
		return r.plainURL.Reveal(), nil
	}
	raw, signature := signedURL(r.endpoint, r.token.Reveal(), r.secret.Reveal(), time.Now())
	d.signature = secret.New(signature)
	return raw, nil
}

// failure turns the error of a call into an *Error.
func failure(err error) error {
	if err == nil {
		return nil
	}
	verdict, judged := errors.AsType[*Error](err)
	if judged {
		verdict.again = false // that was for this call
	}
	transport, below := errors.AsType[*httpcall.Error](err)
	e := &Error{Op: opSend, Err: err}
	switch {
	case judged && below: // another attempt was due, and something came between
		*e = *verdict
		e.Err = err
	case judged:
		return verdict
	case below:
		e.HTTPStatus = transport.Status
	}
	return e
}

// zeroID is as long as what newID returns.
const zeroID = "00000000-0000-4000-8000-000000000000"

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])  // never fails
	b[6] = b[6]&0x0F | 0x40 // version 4
	b[8] = b[8]&0x3F | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// String returns the host of the webhook.
func (r *Robot) String() string {
	if r == nil {
		return "dingtalk.Robot(nil)"
	}
	return "dingtalk.Robot(" + r.host + ")"
}

// Format prints what String returns for every verb: fmt must not walk through
// the fields.
func (r *Robot) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns what String returns.
func (r *Robot) LogValue() slog.Value { return slog.StringValue(r.String()) }
