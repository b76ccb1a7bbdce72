package alert

import (
	"fmt"
	"strings"
)

// Status says what an alert reports about its problem. The zero value is
// Firing: an alert whose state is unknown must not be mistaken for good news.
type Status uint8

// The states of a problem.
const (
	Firing   Status = iota // the problem exists
	Resolved               // the problem is over
	NoData                 // the source can no longer tell
	News                   // something was done or changed: no problem, and the end of none
)

// statusWords holds the canonical word of each Status.
//
//nolint:gochecknoglobals // read-only table
var statusWords = [...]string{"firing", "resolved", "no_data", "news"}

// String returns the lower-case English word for s.
func (s Status) String() string {
	if int(s) >= len(statusWords) {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return statusWords[s]
}

// Open reports whether s says that a problem exists, or may exist: Resolved and
// News do not. What is out of range counts as a problem.
func (s Status) Open() bool { return s != Resolved && s != News }

// MarshalText encodes s as its word.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusWords) {
		return nil, fmt.Errorf("alert: status %d is out of range", uint8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText decodes the words "firing", "resolved", "no_data" and "news" in
// any letter case. It refuses every other word, because taking an unknown state
// for Firing would invent an alert and taking it for Resolved would lose one.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statusWords {
		if strings.EqualFold(string(text), word) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("alert: unknown status %q (want firing, resolved, no_data or news)", text)
}
