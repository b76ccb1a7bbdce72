package dingtalk

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
)

// maxKeyword bounds a keyword in bytes.
const maxKeyword = 128

// Options configures a [Robot]. A nil *Options and the zero value of each
// field mean the default. Printing it shows nothing but its name: it holds
// the secret and telephone numbers.
type Options struct {
	// HTTPClient carries the requests. Its Transport, Jar and Timeout are
	// used; redirects are refused. Default: a client of the robot's own.
	HTTPClient *http.Client

	// BaseURL is an http or https address that serves the vendor's paths in
	// its stead, for use with a bare token: https://oapi.dingtalk.io for
	// organisations outside China, or a gateway. Default:
	// https://oapi.dingtalk.com.
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
	// escape and bound the text itself; Keyword and At are added to it. Send
	// fails with the error it returns.
	Render func(alerts []alert.Alert) (Message, error)

	// Secret signs each request. It is the text that the robot's settings show
	// under signing, which as a rule begins with SEC. Default: no signature.
	Secret string

	// Keyword is one of the keywords of the robot's settings, of at most 128
	// bytes. It is added to every message that does not hold it: to the
	// content of a [Text], otherwise to the title. The vendor refuses messages
	// without one. Default: none.
	Keyword string

	// Labels are the names of the labels of an alert that its card shows, in
	// this order. Default: none.
	Labels []string

	// At notifies members of the group of alerts that report a problem above
	// [alert.Info], tests among them, and not of recoveries and news; its mentions
	// take 4096 bytes at most. Send fails with a [*FieldError] if Render returns a
	// message that notifies nobody. Default: nobody.
	At At

	// Notify decides by alert, in the place of At: a message notifies everybody
	// whom it returns for one of its alerts, as far as their mentions take 4096
	// bytes. It is called concurrently and must not modify the alert.
	Notify func(a alert.Alert) At

	// Locale is the language of the words added to the alerts. Default:
	// Chinese.
	Locale alert.Locale

	// Location is the zone in which times are shown, always with its offset.
	// Default: the zone that the alert's own time carries.
	Location *time.Location

	// Rate is the number of messages a minute, shared by all Robots of this
	// process with the same address, Rate and Transport of HTTPClient. Those in
	// other processes know nothing of it. Default: 20, the vendor's limit; -1
	// disables it.
	Rate int

	// FailFast returns an error that answers [alert.RetryAfter] when there is
	// no rate budget, or the vendor's penalty lasts. Default: wait until there
	// is, or until the context ends.
	FailFast bool
}

// extras returns what o adds to each message, or what is wrong with o.
func (o *Options) extras() (extras, error) {
	var f faults
	x := extras{id: zeroID, keyword: strings.TrimSpace(o.Keyword), at: o.At.clean()}
	f.setting("Secret", o.Secret, maxToken)
	f.setting("Keyword", o.Keyword, maxKeyword)
	o.At.check(&f, "At.Mobiles", "At.UserIDs")
	f.Size("At", len(x.at.addTo("", "")), maxMentions)
	return x, f.Err()
}

// setting checks a text that may be missing. A blank one is a mistake, of an
// empty file for example, that would show much later.
func (f *faults) setting(field, s string, limit int) {
	trimmed := strings.TrimSpace(s)
	switch {
	case trimmed == "" && s != "":
		f.Add(field, "is blank")
	case !utf8.ValidString(s) || strings.ContainsFunc(trimmed, unicode.IsControl):
		f.Add(field, "holds control characters or bytes that are not UTF-8")
	}
	f.Size(field, len(trimmed), limit)
}

// room returns how many bytes title and text of a markdown message may take
// as JSON strings beside what x adds to it.
func (x extras) room() int {
	e := Markdown{}.wire(x)
	e.ID = x.id
	return maxBody - len(e.json()) + len(`""""`)
}

// Format prints the name of the type for every verb.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "dingtalk.Options") }

// LogValue returns the name of the type.
func (o Options) LogValue() slog.Value { return slog.StringValue("dingtalk.Options") }
