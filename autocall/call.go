package autocall

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
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

// A Call asks for people to be rung, in order, until one of them picks up.
type Call struct {
	// Key is the identity of the problem. While a call with the same Key is
	// under way another one is not made. An empty Key matches nothing.
	Key string `json:"key,omitempty"`

	// People are rung in this order, at most [MaxPeople]. Equal numbers count
	// once: a phone that gets a number twice in one list never stops.
	People []Person `json:"people"`

	// Message says what it is about, for reports: at most [MaxMessage] bytes.
	// The app cannot speak it.
	Message string `json:"message,omitempty"`

	// Severity orders the queue: the worst is rung first.
	Severity alert.Severity `json:"severity"`

	// Test marks a call about nothing but tests, so that what is reported of it
	// is one too.
	Test bool `json:"test,omitempty"`

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
	c.Severity = clamp(c.Severity)
	c.Rounds = cmp.Or(c.Rounds, 1)
	c.Expiry = cmp.Or(c.Expiry, defaultExpiry)
	var err error
	c.People, err = distinct(c.People)
	return c, err
}

// LogValue returns what identifies a call in a log. Message stays out: it may
// hold anything.
func (c Call) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("key", markup.OneLine(c.Key, maxName)), slog.String("severity", clamp(c.Severity).String()),
		slog.String("people", strings.Join(namesOf(c.People), ", ")), slog.Int("rounds", c.Rounds),
	)
}
