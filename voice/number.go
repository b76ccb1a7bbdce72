package voice

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/tocsin-go/tocsin/internal/phone"
	"github.com/tocsin-go/tocsin/internal/secret"
)

// A Number is a telephone number that prints masked, as 138******01, wherever
// it is printed, logged or encoded. The zero Number is none. It cannot be
// compared with ==.
type Number struct{ text secret.Text }

// NewNumber returns the Number that s spells, without the blanks, hyphens, dots
// and parentheses that people put into it. Whether it can be called depends on
// the gateway: see [Form].
func NewNumber(s string) Number { return Number{secret.New(phone.Bare(s))} }

// Reveal returns the number in full. Whoever calls it keeps the result out of
// errors and logs.
func (n Number) Reveal() string { return n.text.Reveal() }

// IsZero reports whether there is no number.
func (n Number) IsZero() bool { return n.text.IsZero() }

// String returns the number masked.
func (n Number) String() string { return phone.Mask(n.Reveal()) }

// Format prints what String returns for every verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.String()) }

// LogValue returns what String returns.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText returns what String returns, so that an encoded report gives no
// number away.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// A Form is the way in which a gateway wants its numbers.
type Form uint8

// The forms. Short and emergency numbers have neither.
const (
	National      Form = iota // digits alone, 7 to 15, as dialled inside the country: 13800000001
	International             // E.164, a plus and 8 to 15 digits: +8613800000001
)

// objection says why n cannot be called by a gateway that wants f, or returns
// "".
func (f Form) objection(n Number) string {
	switch s := n.Reveal(); {
	case s == "":
		return "no number"
	case f == International && !phone.IsE164(s):
		return "not an international number with a plus, or a short or emergency number"
	case f == National && !phone.IsNational(s):
		return "not a number of digits alone, or a short or emergency number"
	}
	return ""
}
