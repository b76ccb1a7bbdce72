package voice

import "fmt"

// A State is the outcome of the call to one callee. The three good ones are
// not the same: a gateway that accepted a call has reached nobody yet, a phone
// that was answered may have been answered by a mailbox, and only a key that
// was pressed acknowledges.
type State uint8

// The states. The zero State is Unknown: a result that nobody filled in must
// not lead to a second call.
const (
	Unknown           State = iota // the phone may ring or not: never call again by yourself
	Accepted                       // the gateway took the call
	Answered                       // somebody or something picked up
	Acknowledged                   // a person pressed a key, see Result.Key
	NoAnswer                       // it rang, and nobody picked up
	RejectedPermanent              // no call, and there will be none: a wrong number
	RejectedTemporary              // no call this time: busy, unreachable, not tried
	Throttled                      // no call this time: too many
	Withheld                       // no call, by the alert.Ringer
	NotNeeded                      // no call, since somebody before has answered
)

// stateWords holds the word of each State.
//
//nolint:gochecknoglobals // read-only table
var stateWords = [...]string{
	"unknown", "accepted", "answered", "acknowledged", "no_answer",
	"rejected", "rejected_temporary", "throttled", "withheld", "not_needed",
}

// String returns a lower-case word for s.
func (s State) String() string {
	if int(s) >= len(stateWords) {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return stateWords[s]
}

// MarshalText encodes s as its word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// parseState reads the word of a State. Any other word is Unknown, false.
func parseState(word string) (State, bool) {
	for i, w := range stateWords {
		if w == word {
			return State(i), true
		}
	}
	return Unknown, false
}

// isReached reports whether the gateway took a call to this callee, or more.
func (s State) isReached() bool { return s == Accepted || s.isHeard() }

// isHeard reports whether somebody or something picked up, which ends a serial
// call.
func (s State) isHeard() bool { return s == Answered || s == Acknowledged }

// mayHaveRung reports whether another call could be the second one that this
// callee gets. A State out of range may.
func (s State) mayHaveRung() bool {
	switch s {
	case RejectedPermanent, RejectedTemporary, Throttled, Withheld, NotNeeded:
		return false
	}
	return true
}

// isFailure reports whether the callee should have been reached and was not,
// or not for sure.
func (s State) isFailure() bool { return !s.isReached() && s != NotNeeded }
