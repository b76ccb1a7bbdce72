package autocall

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/internal/markup"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// A Person is somebody to ring. The name is what reports say; it is never sent
// to a phone. A Person prints with the number masked, whatever the verb, and in
// logs. Its JSON has the whole number, since that is how a queue keeps it.
type Person struct {
	Name   string `json:"name,omitempty"` // at most 128 bytes
	Number string `json:"number"`         // as the phone's own dialler logs it: national digits, or + and digits
}

// String returns the name and the masked number. A name that is itself a
// telephone number is masked as well.
func (p Person) String() string {
	name, number := p.title(), phone.Mask(p.Number)
	if name == "" || name == number {
		return number
	}
	return name + " (" + number + ")"
}

// title returns the name as a report may show it.
func (p Person) title() string {
	name := phone.Redact(markup.OneLine(p.Name, maxName), p.Number)
	if phone.Looks(name) {
		return phone.Mask(name)
	}
	return name
}

// Format prints what String returns for every verb of package fmt.
func (p Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, p.String()) }

// LogValue returns what String returns.
func (p Person) LogValue() slog.Value { return slog.StringValue(p.String()) }

// distinct checks the people and drops those whose number came before.
func distinct(people []Person) ([]Person, error) {
	var out []Person
	seen := make(map[string]bool)
	for i, p := range people {
		p.Number = phone.Bare(p.Number)
		switch {
		case !callable(p.Number):
			return nil, fmt.Errorf("person %d: not a telephone number: want 7 to 15 digits and no short or emergency number, or + and digits", i+1)
		case len(p.Name) > maxName || !utf8.ValidString(p.Name):
			return nil, fmt.Errorf("person %d: name is not UTF-8 or has over %d bytes", i+1, maxName)
		case !seen[p.Number]:
			seen[p.Number] = true
			out = append(out, p)
		}
	}
	switch {
	case len(out) == 0:
		return nil, errors.New("nobody to ring")
	case len(out) > MaxPeople:
		return nil, fmt.Errorf("%d people, at most %d", len(out), MaxPeople)
	}
	return out, nil
}

// callable reports whether a number may be handed to a phone. What a dialler
// would take for a command, such as a forwarding code, is none.
func callable(number string) bool {
	return phone.IsE164(number) || phone.IsNational(number) && len(number) >= 7
}
