package autocall

import (
	"log/slog"
	"time"
)

// A State is how far a call has come.
type State string

// The states of a call. The first two are open, the others final.
const (
	Queued    State = "queued"    // waits for a phone, or for the next round
	Ringing   State = "ringing"   // a phone has it
	Answered  State = "answered"  // somebody picked up; voicemail counts too
	Exhausted State = "exhausted" // nobody did, in all rounds
	Cancelled State = "cancelled" // by the caller
	Expired   State = "expired"   // too old to go on
)

// Open reports whether the call can still ring.
func (s State) Open() bool { return s == Queued || s == Ringing }

// A Status is what is known of a call.
type Status struct {
	ID       string
	Call     Call // with its defaults
	State    State
	Round    int     // 1 for the first
	By       *Person // who picked up; nil in any other state
	Phone    string  // which phone has or had it last
	Created  time.Time
	Expires  time.Time
	Finished time.Time // zero while open
	Audit    []Entry   // every transition, oldest first
}

// LogValue returns what identifies a call in a log, without whole numbers.
func (s Status) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("id", s.ID), slog.String("state", string(s.State)), slog.Int("round", s.Round), slog.Any("call", s.Call)}
	if s.By != nil {
		attrs = append(attrs, slog.String("by", s.By.String()))
	}
	return slog.GroupValue(attrs...)
}

// An Entry is one transition of a call, or a request that was refused one.
type Entry struct {
	At     time.Time `json:"at"`
	Event  Event     `json:"event"`
	State  State     `json:"state"`            // after it
	Phone  string    `json:"phone,omitempty"`  // which phone it came from or went to
	Number string    `json:"number,omitempty"` // masked
	Round  int       `json:"round,omitempty"`
	Cause  string    `json:"cause,omitempty"`
}

// An Event is what happened to a call.
type Event string

// The events.
const (
	EventQueued     Event = "queued"     // the call was accepted
	EventRaised     Event = "raised"     // it was asked for again, with a greater severity or for more people
	EventHandedOut  Event = "handed out" // a phone was given a number
	EventAnswered   Event = "answered"   // somebody picked up
	EventLate       Event = "late"       // somebody picked up after the hand-out had passed on
	EventNobody     Event = "nobody"     // a phone rang and nobody picked up
	EventLost       Event = "lost"       // a phone fell silent before it told the outcome
	EventHeld       Event = "held"       // nobody may be rung for a while, such as in quiet hours
	EventSkipped    Event = "skipped"    // a person may not be rung, or no phone managed to
	EventRound      Event = "next round" // all people were rung, again after the interval
	EventExhausted  Event = "exhausted"  // the last round is over
	EventCancelled  Event = "cancelled"  // by the caller
	EventExpired    Event = "expired"    // too old
	EventIgnored    Event = "ignored"    // a late "nobody", or a second word about one hand-out
	EventSuspicious Event = "suspicious" // an answer by a number that was not handed out
)
