package autocall

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// Limits of a [Call].
const (
	MaxPeople  = 20             // of one call
	MaxRounds  = 10             // over its people
	MaxExpiry  = 24 * time.Hour // how long it may be tried
	MaxMessage = 4096           // bytes of its message
	maxName    = 128            // bytes of a person's name
	maxKey     = 1024           // bytes of a key

	defaultExpiry = time.Hour
)

// A Person is somebody to ring. The name is what reports say; it is never sent
// to a phone.
type Person struct {
	Name   string `json:"name,omitempty"`
	Number string `json:"number"` // as the phone's own dialler logs it: national digits, or + and digits
}

// String returns the name and the masked number.
func (p Person) String() string {
	if p.Name == "" {
		return phone.Mask(p.Number)
	}
	return p.Name + " (" + phone.Mask(p.Number) + ")"
}

// GoString keeps the number out of %#v.
func (p Person) GoString() string { return fmt.Sprintf("autocall.Person(%q)", p.String()) }

// Format keeps the number out of every verb of package fmt.
func (p Person) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(p.String())) }

// A Call asks for people to be rung, in order, until one of them picks up.
type Call struct {
	// Key is the identity of the problem. While a call with the same Key is
	// under way another one is not made. An empty Key matches nothing.
	Key string `json:"key,omitempty"`

	// People are rung in this order. Equal numbers count once: a phone that
	// gets the same number twice in a row never stops.
	People []Person `json:"people"`

	// Message says what it is about, for reports: at most [MaxMessage] bytes.
	// The app cannot speak it.
	Message string `json:"message,omitempty"`

	// Severity orders the queue: the worst is rung first.
	Severity alert.Severity `json:"severity"`

	// Rounds is how often the people are gone through: 1 to [MaxRounds].
	// Default 1.
	Rounds int `json:"rounds,omitempty"`

	// Interval is the pause between two rounds.
	Interval time.Duration `json:"interval,omitempty"`

	// Expiry is how long the call is worth making: at most [MaxExpiry].
	// Default one hour. An old call must not ring somebody months later.
	Expiry time.Duration `json:"expiry,omitempty"`
}

// checked returns c with its defaults and without doublets among its people,
// or says what is wrong with it. No error quotes a number.
func (c Call) checked() (Call, error) {
	switch {
	case len(c.Key) > maxKey:
		return c, fmt.Errorf("key of %d bytes, at most %d", len(c.Key), maxKey)
	case len(c.Message) > MaxMessage:
		return c, fmt.Errorf("message of %d bytes, at most %d", len(c.Message), MaxMessage)
	case !utf8.ValidString(c.Key) || !utf8.ValidString(c.Message):
		return c, errors.New("key and message must be UTF-8")
	case c.Rounds < 0 || c.Rounds > MaxRounds:
		return c, fmt.Errorf("%d rounds, want 1 to %d", c.Rounds, MaxRounds)
	case c.Interval < 0:
		return c, fmt.Errorf("negative interval %v", c.Interval)
	case c.Expiry < 0 || c.Expiry > MaxExpiry:
		return c, fmt.Errorf("expiry %v, want at most %v", c.Expiry, MaxExpiry)
	}
	if c.Rounds == 0 {
		c.Rounds = 1
	}
	if c.Expiry == 0 {
		c.Expiry = defaultExpiry
	}
	var err error
	c.People, err = distinct(c.People)
	return c, err
}

// distinct checks the people and drops those whose number came before.
func distinct(people []Person) ([]Person, error) {
	var out []Person
	seen := make(map[string]bool)
	for i, p := range people {
		p.Number = phone.Bare(p.Number)
		switch {
		case !callable(p.Number):
			return nil, fmt.Errorf("person %d: not a telephone number: want 7 to 15 digits, or + and digits", i+1)
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
