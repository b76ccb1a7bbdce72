package wecom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// opSend names the one operation of a robot in errors and logs.
const opSend = "send"

// Options configures a [Robot]. A nil *Options and the zero value of each
// field mean the default.
type Options struct {
	// HTTPClient carries the requests. Its Transport, Jar and Timeout are
	// used; redirects are refused. Default: a client of the robot's own.
	HTTPClient *http.Client

	// BaseURL is an http or https address that serves the vendor's paths in
	// its stead, for use with a bare key. Default:
	// https://qyapi.weixin.qq.com.
	BaseURL string

	// Timeout bounds one attempt, the answer included. Default: 10 s; -1
	// leaves it to HTTPClient and the context.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of one call. Default: 3; -1 means 1.
	MaxAttempts int

	// Logger gets one record an attempt at level Debug, without address and
	// content. Default: none.
	Logger *slog.Logger

	// Render makes the message for the alerts of one Send, of which there is
	// at least one, instead of the card and the digest of this package. It
	// must neither keep nor modify them, is called concurrently, and has to
	// escape and bound the text itself, mentions included. Send fails with
	// the error it returns.
	Render func(alerts []alert.Alert) (Message, error)

	// Locale is the language of the words added to the alerts. Default:
	// Chinese.
	Locale alert.Locale

	// Location is the zone in which times are shown, always with its offset.
	// Default: the zone that the alert's own time carries.
	Location *time.Location

	// Mentions notifies members of the group by userid below each card and
	// digest, but for those about nothing but news; 1024 bytes at most.
	// Everybody and mobile numbers cannot be mentioned in markdown, and New
	// refuses them: the chat would take them and notify nobody. With PlainText, "@all" mentions everybody.
	Mentions []string

	// Mobiles notifies members of the group by mobile number, or everybody by
	// "@all". It takes PlainText: New refuses it without.
	Mobiles []string

	// PlainText renders alerts as [Text] instead of [Markdown], for groups
	// with members who read them in the personal WeChat client, which shows
	// text only. It says the same without colours, within TextLimit, which
	// must be at least 1024 then. A Render function decides for itself.
	PlainText bool

	// Rate is the number of messages a minute, shared by everybody who uses
	// the robot. Robots with the same key in other processes know nothing of
	// it. Default: 20, the vendor's limit; -1 disables it.
	Rate int

	// FailFast says what becomes of a message for which the rate budget has no
	// room, or which the vendor refuses with [CodeRateLimited]. By default the
	// call waits until there is room, or in the second case about a minute, as
	// long as its context allows. With FailFast it returns at once with an
	// error that answers [alert.RetryAfter]. A call under [alert.Once], or
	// whose context would end first, fails fast in any case.
	FailFast bool

	// TextLimit is the most bytes that the content of a [Text] may have, up
	// to 5120, which the vendor's servers name in their answers. Default:
	// MaxText, which its documentation names.
	TextLimit int
}

// A Robot posts to one group. It is immutable but for its rate budget and its
// memory of uploads, safe for concurrent use, and needs no closing. Printing
// it shows the host only.
type Robot struct {
	style     style
	render    func([]alert.Alert) (Message, error) // nil: card or digest
	textLimit int
	caller    *httpcall.Caller
	limit     *httpcall.Limiter
	host      string
	key       secret.Text
	sendURL   secret.Text
	uploadURL secret.Text // all but the kind; zero: there is none
	uploads   *uploads
	post      httpcall.Request // all but the body
}

var _ alert.Sender = (*Robot)(nil)

// New returns a Robot for a webhook, given by its bare key or by its whole
// URL, which may be on any host. It makes no connection. Its errors do not
// quote keyOrURL.
func New(keyOrURL string, opts *Options) (*Robot, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	endpoint, key, err := parseAddress(keyOrURL, o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("wecom: new: %w", err)
	}
	textLimit := cmp.Or(o.TextLimit, MaxText)
	if textLimit < 1 || textLimit > maxTextRaised {
		return nil, fmt.Errorf("wecom: new: TextLimit: %d bytes, want 1 to %d", textLimit, maxTextRaised)
	}
	st, render, err := o.renderer(textLimit)
	if err != nil {
		return nil, fmt.Errorf("wecom: new: %w", err)
	}
	limit := httpcall.PerMinute(o.Rate)
	r := &Robot{
		style:     st,
		render:    render,
		textLimit: textLimit,
		caller:    o.caller(limit),
		limit:     limit,
		uploads:   &uploads{made: make(map[mediaKey]*upload)},
		host:      endpoint.Host,
		key:       secret.New(key),
		sendURL:   secret.New(endpoint.String() + "?key=" + url.QueryEscape(key)),
	}
	if upload := uploadEndpoint(endpoint); upload != "" {
		r.uploadURL = secret.New(upload + "?key=" + url.QueryEscape(key) + "&type=")
	}
	r.post = httpcall.Request{
		Op:              opSend,
		URL:             func() (string, error) { return r.sendURL.Reveal(), nil },
		Judge:           func(resp *httpcall.Response) error { return r.judge(opSend, resp) },
		RepeatUncertain: true, // a chat message twice is better than none
	}
	return r, nil
}

// renderer returns what the options say about the look of alerts: a style,
// and a function that takes its place or nil.
func (o *Options) renderer(textLimit int) (style, func([]alert.Alert) (Message, error), error) {
	st := style{locale: o.Locale, location: o.Location, pages: new(sync.Pool)}
	if o.PlainText {
		render, err := st.plain(o, textLimit)
		if o.Render != nil {
			render = o.Render
		}
		return st, render, err
	}
	if len(o.Mobiles) > 0 {
		return st, nil, &FieldError{"Mobiles", "markdown mentions members by userid only: set PlainText"}
	}
	mentions, err := mentionLine(o.Mentions)
	st.mentions = mentions
	return st, o.Render, err
}

// longestWait is how long a call waits between attempts for what the vendor
// asked for: the minute of CodeRateLimited, and a quarter of it by chance.
const longestWait = 75 * time.Second

// caller returns what makes the calls of a robot.
func (o *Options) caller(limit *httpcall.Limiter) *httpcall.Caller {
	h := httpcall.Options{
		Channel:     "wecom",
		HTTPClient:  o.HTTPClient,
		Timeout:     o.Timeout,
		MaxAttempts: o.MaxAttempts,
		Logger:      o.Logger,
		Limit:       limit,
		FailFast:    o.FailFast,
	}
	if !o.FailFast {
		h.MaxWait = longestWait
	}
	return httpcall.New(h)
}

// Send posts one card for one alert and one digest for many, and does nothing
// without alerts. It waits for rate budget and repeats as [Robot.Post] does;
// under [alert.Once] it makes one attempt and does not wait. Every error is an
// [*Error].
func (r *Robot) Send(ctx context.Context, alerts ...alert.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if r.render == nil && len(alerts) == 1 {
		return r.send(ctx, r.style.quiet(alerts).cardJSON(&alerts[0])) // a card needs no check
	}
	m, err := r.message(alerts)
	if err != nil {
		return &Error{Op: "render", Err: err}
	}
	return r.Post(ctx, m)
}

// message renders alerts, of which there is at least one.
func (r *Robot) message(alerts []alert.Alert) (Message, error) {
	switch {
	case r.render != nil:
		return r.render(alerts)
	case len(alerts) == 1:
		return r.style.quiet(alerts).card(&alerts[0]), nil
	}
	return r.style.quiet(alerts).digest(alerts), nil
}

// Post posts a message. It waits for rate budget, unless [Options].FailFast
// says otherwise, and repeats failures that pass, and also an unknown outcome,
// so that a message can appear twice but is not lost. Every error is an [*Error]; one that holds a [*FieldError] was
// found before anything was sent.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
func (r *Robot) Post(ctx context.Context, m Message) error {
	if m == nil {
		return &Error{Op: opSend, Err: &FieldError{"message", "is nil"}}
	}
	if err := m.check(r.textLimit); err != nil {
		return &Error{Op: opSend, Err: err}
	}
	return r.send(ctx, m.appendJSON(nil))
}

// send posts a message that is JSON already.
func (r *Robot) send(ctx context.Context, body []byte) error {
	post := r.post
	post.Body = body
	_, err := r.caller.Do(ctx, &post)
	return r.failure(opSend, err)
}

// failure turns the error of a call into an *Error.
func (r *Robot) failure(op string, err error) error {
	if err == nil {
		return nil
	}
	verdict, judged := errors.AsType[*Error](err)
	transport, below := errors.AsType[*httpcall.Error](err)
	e := &Error{Op: op, Err: err}
	if op == opUpload && errors.Is(err, alert.ErrUncertain) {
		e.Err = &lostUpload{err}
	}
	switch {
	case judged && below: // another attempt was due, and something came between
		e.Code, e.Message, e.Hint, e.HTTPStatus = verdict.Code, verdict.Message, verdict.Hint, verdict.HTTPStatus
	case judged:
		return verdict
	case below:
		e.HTTPStatus = transport.Status
	}
	return e
}

// String returns the host of the webhook.
func (r *Robot) String() string {
	if r == nil {
		return "wecom.Robot(nil)"
	}
	return "wecom.Robot(" + r.host + ")"
}

// Format prints what String returns for every verb: fmt must not walk through
// the fields.
func (r *Robot) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns what String returns.
func (r *Robot) LogValue() slog.Value { return slog.StringValue(r.String()) }
