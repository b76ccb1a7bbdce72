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
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/httpcall"
	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/robot"
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

	// Labels are the names of the labels of an alert that its card shows, in
	// this order. Default: none.
	Labels []string

	// Mentions notifies members of the group by userid, or everybody by "@all",
	// and Mobiles by mobile number, or everybody by "@all". They are notified of
	// alerts that report a problem above [alert.Info], tests among them, and not
	// of recoveries and news. Markdown mentions by userid only, in 1024 bytes:
	// whom else it cannot mention is notified by a short text that follows the
	// card, and takes another message of the rate budget. If that text fails,
	// Logger gets a warning, and Send does not fail: the alerts are in the group.
	Mentions []string
	Mobiles  []string

	// Notify decides by alert, in the place of Mentions and Mobiles: a message
	// notifies everybody whom it returns for one of its alerts. It is called
	// concurrently and must not modify the alert.
	Notify func(a alert.Alert) (mentions, mobiles []string)

	// PlainText renders alerts as [Text] instead of [Markdown], for groups
	// with members who read them in the personal WeChat client, which shows
	// text only. It says the same without colours, within TextLimit, which
	// must be at least 1024 then. A Render function decides for itself.
	PlainText bool

	// Rate is the number of messages a minute, shared by all Robots of this
	// process with the same address, Rate and Transport of HTTPClient. Those in
	// other processes know nothing of it. Default: 20, the vendor's limit; -1
	// disables it.
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

// Format prints the name of the type for every verb: the options hold telephone
// numbers.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "wecom.Options") }

// LogValue returns the name of the type.
func (o Options) LogValue() slog.Value { return slog.StringValue("wecom.Options") }

// A Robot posts to one group. It is immutable but for its rate budget, safe for
// concurrent use, and needs no closing. Printing it shows the host only.
type Robot struct {
	options   func() *Options // a closure, where no printer looks: they hold numbers
	style     *markup.Style   // of cards
	plain     *markup.Style   // of text
	textLimit int
	caller    *httpcall.Caller
	limit     *httpcall.Limiter
	log       *slog.Logger // may be nil
	host      string
	key       secret.Text
	sendURL   secret.Text
	uploadURL secret.Text      // all but the kind; zero: there is none
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
	if err := o.checkMentions(); err != nil {
		return nil, fmt.Errorf("wecom: new: %w", err)
	}
	if o.PlainText && textLimit < minPlain {
		return nil, fmt.Errorf("wecom: new: %w", &FieldError{Field: "TextLimit", Reason: fmt.Sprintf("%d bytes, PlainText needs %d", textLimit, minPlain)})
	}
	sendURL := endpoint.String() + "?key=" + url.QueryEscape(key)
	limit := robot.Budget(sendURL, o.HTTPClient, o.Rate)
	r := &Robot{
		options:   func() *Options { return &o },
		style:     o.style(form()),
		plain:     o.style(markup.Plain()),
		textLimit: textLimit,
		caller:    o.caller(limit),
		limit:     limit,
		log:       o.Logger,
		host:      endpoint.Host,
		key:       secret.New(key),
		sendURL:   secret.New(sendURL),
	}
	if upload := uploadEndpoint(endpoint); upload != "" {
		r.uploadURL = secret.New(upload + "?key=" + url.QueryEscape(key) + "&type=")
	}
	judge := func(resp *httpcall.Response) error { return r.judge(opSend, resp) }
	r.post = httpcall.Request{
		Op:              opSend,
		URL:             func() (string, error) { return r.sendURL.Reveal(), nil },
		Judge:           judge,
		JudgeFailure:    robot.JudgeFailure(judge),
		RepeatUncertain: true, // a chat message twice is better than none
	}
	return r, nil
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
	m, call, err := r.message(alerts)
	if err != nil {
		return &Error{Op: "render", Err: err}
	}
	if err := r.Post(ctx, m); err != nil || call == nil {
		return err
	}
	if err := r.Post(ctx, *call); err != nil && r.log != nil {
		r.log.WarnContext(ctx, "the card was accepted, but the text that mentions members was not",
			slog.String("channel", "wecom"), slog.Any("error", err))
	}
	return nil
}

// message renders alerts, of which there is at least one. The text that is to
// follow, if there is one, mentions whom the message cannot.
func (r *Robot) message(alerts []alert.Alert) (m Message, call *Text, err error) {
	o, now := r.options(), time.Now()
	if o.Render != nil {
		m, err = o.Render(alerts)
		return m, nil, err
	}
	members := o.who(alerts)
	if o.PlainText {
		_, text := r.plain.Render(alerts, now, 0, r.textLimit)
		return Text{text, members.ids, members.mobiles}, nil, nil
	}
	line, rest := members.split()
	if len(rest.ids)+len(rest.mobiles) > 0 {
		call = &Text{r.plain.Headline(alerts, maxHeadline), rest.ids, rest.mobiles}
	}
	_, content := r.style.Render(alerts, now, 0, MaxMarkdown-len(line))
	return Markdown{Content: content + line}, call, nil
}

// Post posts a message. It waits for rate budget, unless [Options].FailFast
// says otherwise, and repeats failures that pass, and also an unknown outcome,
// so that a message can appear twice but is not lost. Every error is an [*Error];
// one that holds a [*FieldError] was found before anything was sent.
//
// Vendor page: https://developer.work.weixin.qq.com/document/path/99110.
func (r *Robot) Post(ctx context.Context, m Message) error {
	if m == nil {
		return &Error{Op: opSend, Err: &FieldError{Field: "message", Reason: "is nil"}}
	}
	if err := m.check(r.textLimit); err != nil {
		return &Error{Op: opSend, Err: err}
	}
	post := r.post
	post.Body = m.json()
	_, err := r.caller.Do(ctx, &post)
	return failure(opSend, err)
}

// failure turns the error of a call into an *Error.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	verdict, judged := errors.AsType[*Error](err)
	transport, below := errors.AsType[*httpcall.Error](err)
	e := &Error{Op: op, Err: err}
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
