// Package callsms writes the SMS by which the app AutoCall dials at once, and the codes
// by which a network forwards the calls to a SIM card.
package callsms

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// The keywords that the app looks for. Which one depends on the version that
// is installed: the first one, of June 2021, wants autocall, all later ones
// alertcall.
const (
	KeywordAutoCall  = "autocall"
	KeywordAlertCall = "alertcall"
)

const (
	maxKeyword = 32   // bytes
	maxMessage = 4096 // bytes, of which one SMS has room for a part

	// hangUp makes the app end a call, wherever it stands in an SMS.
	hangUp = "downcall"
)

// An SMS is a directive: the phone with the app that receives it dials at once.
//
// # Danger
//
// The app does not look at who sent it. Whoever knows the number of its SIM
// card can have it dial anything, premium numbers and forwarding codes too, and
// an answer of the network tells nobody. Keep the number secret, let the
// carrier or the phone block all senders but your own, and note each directive
// that you send: its LogValue is fit for that. Nothing tells whether anybody
// picked up; a call of the server does.
//
// An SMS prints with its number masked, whatever the verb, and in logs. The
// text to send is what String returns.
type SMS struct {
	Dial    DialString // no #, for the app dials only what stands before it
	Keyword string     // [KeywordAutoCall] or [KeywordAlertCall], or that of an app built by yourself

	// Text is for people who look at the phone: at most 4096 bytes, of which one SMS
	// has room for a part.
	Text string
}

// ParseSMS reads a directive as the app with a keyword takes it. It is stricter
// than the app, which dials whatever stands between the first two bars of any
// SMS that holds the keyword somewhere: what it accepts the app dials, and not
// the other way round. It refuses what does not fit into one SMS, since the app
// sees the last part only. Its errors quote no number.
func ParseSMS(text, keyword string) (SMS, error) {
	parts := strings.SplitN(text, "|", 4)
	var err error
	s := SMS{Keyword: keyword}
	switch {
	case !utf8.ValidString(text):
		err = errors.New("not UTF-8")
	case parts[0] != "" || len(parts) < 3:
		err = errors.New("want |number|keyword|text")
	case parts[2] != keyword:
		err = errors.New("the keyword does not stand behind the number")
	default:
		s.Dial, err = ParseDialString(parts[1])
	}
	if err == nil {
		s.Text = strings.Join(parts[3:], "")
		err = s.Validate()
	}
	if units, limit := smsUnits(text); err == nil && units > limit {
		err = fmt.Errorf("%d units, and one SMS has %d", units, limit)
	}
	if err != nil {
		return SMS{}, smsError("parse sms", err)
	}
	s.Text = s.text()
	return s, nil
}

// smsError names what was done.
func smsError(op string, err error) error { return fmt.Errorf("%s: %w", op, err) }

// Validate returns nil if the app does what the SMS says, else why not.
func (s SMS) Validate() error {
	var why string
	switch {
	case s.Dial.IsZero():
		why = "nothing to dial"
	case strings.Contains(s.Dial.Reveal(), "#"):
		why = "the app dials only what stands before the #: dial this code by hand"
	case s.Keyword == "" || len(s.Keyword) > maxKeyword || strings.Trim(s.Keyword, keywordBytes) != "":
		why = fmt.Sprintf("the keyword must be 1 to %d letters and digits", maxKeyword)
	case len(s.Text) > maxMessage:
		why = fmt.Sprintf("text of %d bytes, at most %d", len(s.Text), maxMessage)
	case strings.Contains(strings.ToLower(s.text()+" "+s.Keyword), hangUp):
		why = "the word " + hangUp + " makes the app hang up"
	default:
		return nil
	}
	return smsError("sms", errors.New(why))
}

// keywordBytes are those of a keyword.
const keywordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// String returns the directive as it is to be sent, with the whole number, or
// "" if Validate objects. It fits into one SMS: 160 septets of the GSM alphabet,
// where the bars and some others count for two, or, as soon as one character is
// not in that alphabet, 70 units of UTF-16. A longer Text is cut, with a mark
// at the end, since the app sees only the last part of a longer SMS.
func (s SMS) String() string {
	if s.Validate() != nil {
		return ""
	}
	return cutToSMS("|"+s.Dial.Reveal()+"|"+s.Keyword+"|", s.text())
}

// text returns the text in one clean line.
func (s SMS) text() string { return markup.OneLine(s.Text, 3*len(s.Text)+128) }

// masked returns s for people. The number may stand in the text too.
func (s SMS) masked() string {
	return "|" + s.Dial.String() + "|" + markup.OneLine(s.Keyword, maxKeyword) + "|" + phone.Redact(s.text(), s.Dial.digits()...)
}

// Format prints s with its number masked for every verb of package fmt.
func (s SMS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.masked()) }

// LogValue returns s with its number masked.
func (s SMS) LogValue() slog.Value { return slog.StringValue(s.masked()) }

// MarshalText returns s with its number masked, so that an encoded audit gives
// none away.
func (s SMS) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }
