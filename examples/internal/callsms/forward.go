package callsms

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tocsin-go/tocsin/internal/phone"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// maxDial is the length of the longest DialString, in bytes.
const maxDial = 40

// A DialString is what a dialler takes: digits, *, # and +. It may be a number
// and may be a command to the network, such as to forward all calls, so no
// queue takes it. It prints with the numbers in it masked,
// wherever it is printed, logged or encoded. The zero DialString is none. It
// cannot be compared with ==.
type DialString struct{ text secret.Text }

// ParseDialString reads 1 to 40 characters of 0-9, *, # and +. Its errors do
// not quote s.
func ParseDialString(s string) (DialString, error) {
	if s == "" || len(s) > maxDial || strings.Trim(s, "0123456789*#+") != "" {
		return DialString{}, smsError("dial string", fmt.Errorf("want 1 to %d characters of 0-9, *, # and +", maxDial))
	}
	return DialString{secret.New(s)}, nil
}

// Reveal returns what is dialled. Whoever calls it keeps the result out of
// errors and logs.
func (d DialString) Reveal() string { return d.text.Reveal() }

// IsZero reports whether there is nothing to dial.
func (d DialString) IsZero() bool { return d.text.IsZero() }

// digits returns the runs of digits in d that may be numbers, also without a
// code of three characters before them.
func (d DialString) digits() []string {
	var runs []string
	for run := range strings.FieldsFuncSeq(d.Reveal(), func(r rune) bool { return r == '*' || r == '#' || r == '+' }) {
		runs = append(runs, run)
		for _, code := range [...]string{"72", "90"} {
			if rest, found := strings.CutPrefix(run, code); found {
				runs = append(runs, rest)
			}
		}
	}
	return runs
}

// String returns d with its numbers masked. What remains tells one code from
// another.
func (d DialString) String() string {
	s := d.Reveal()
	if !strings.ContainsAny(s, "*#") && s != "" {
		return phone.Mask(s)
	}
	for _, run := range d.digits() {
		if len(run) >= 5 {
			s = strings.ReplaceAll(s, run, phone.Mask(run))
		}
	}
	return s
}

// Format prints what String returns for every verb of package fmt.
func (d DialString) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// LogValue returns what String returns.
func (d DialString) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText returns what String returns.
func (d DialString) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// A Carrier is a network with codes of its own for forwarding calls.
type Carrier string

// The carriers.
const (
	// ChinaTelecom forwards all calls with *72 and the number, and ends that
	// with *720. In another network *72 means nothing, or something else.
	ChinaTelecom Carrier = "china-telecom"

	// GSM is China Mobile and most other mobile networks of the world:
	// **21*number#, and ##21# to end it. These codes must be dialled by hand:
	// the app loses the # and all behind it, so no [SMS] takes them.
	GSM Carrier = "gsm"

	// NorthAmerica is many landlines and some mobile networks there: *72 and
	// the number, and *73 to end it. Nobody has confirmed that to us.
	NorthAmerica Carrier = "north-america"
)

// ForwardCode returns what the SIM card must dial so that its calls reach a
// target, all and at once, and what ends that. Send undo when the duty ends and
// before another target, and call the SIM card to see who answers: the network's
// answer reaches nobody, and newer Androids may refuse to dial codes for an app.
//
// A target is 7 to 15 digits, as dialled inside the country; for [GSM] it may
// be an international number with a plus. Errors do not quote it.
func ForwardCode(c Carrier, target string) (set, undo DialString, err error) {
	target = phone.Bare(target)
	var codes [3]string // before and after the number, and to end it
	switch c {
	case ChinaTelecom:
		codes = [3]string{"*72", "", "*720"}
	case GSM:
		codes = [3]string{"**21*", "#", "##21#"}
	case NorthAmerica:
		codes = [3]string{"*72", "", "*73"}
	default:
		return set, undo, smsError("forward code", fmt.Errorf("unknown carrier %.32q", string(c)))
	}
	if !phone.IsE164(target) && !phone.IsNational(target) || c != GSM && strings.HasPrefix(target, "+") {
		return set, undo, smsError("forward code", errors.New("the target is no number that this network forwards to"))
	}
	return DialString{secret.New(codes[0] + target + codes[1])}, DialString{secret.New(codes[2])}, nil
}
