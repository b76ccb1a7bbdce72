package autocall

import (
	"context"
	"time"
)

// A Queue holds the calls and decides who is rung next. A [Handler] serves it
// to phones; [NewMemoryQueue] and [NewSQLQueue] make one.
//
// All methods are safe for concurrent use. An error means that nothing was
// changed, or that nobody knows because the database went away; each method
// but Enqueue may be called again in either case, and Enqueue too if the call
// has a Key.
type Queue interface {
	// Enqueue adds a call and returns its id. If an open call has the same
	// Key, its id is returned and joined is true; people whom it does not have yet
	// are rung after those that it has.
	Enqueue(ctx context.Context, c Call) (id string, joined bool, err error)

	// Next returns what a phone is to ring: the hand-out that it has, until
	// it tells the outcome, or the next one. The zero HandOut means nothing,
	// or not yet. Each call counts as a sign of life.
	Next(ctx context.Context, p Phone) (HandOut, error)

	// Answer takes the outcome that a phone tells, and returns what it made of
	// it. It may be called again, and with anything: a mid that nobody knows
	// gives the zero Receipt.
	Answer(ctx context.Context, o Outcome) (Receipt, error)

	// Cancel ends an open call, and reports whether it was open. A phone that
	// is ringing rings on, and gets nothing else meanwhile; the call is not
	// handed out again.
	Cancel(ctx context.Context, id, cause string) (bool, error)

	// CancelKey is Cancel for the open call with a Key, and returns its id. If
	// there is none it returns "".
	CancelKey(ctx context.Context, key, cause string) (id string, err error)

	// Get returns one call, or ErrUnknownCall, also if it ended so long ago
	// that it was forgotten.
	Get(ctx context.Context, id string) (Status, error)

	// List returns up to limit calls, the newest first.
	List(ctx context.Context, openOnly bool, limit int) ([]Status, error)

	// Phones returns the phones that were ever heard of.
	Phones(ctx context.Context) ([]PhoneStatus, error)
}

// A Phone is who polls.
type Phone struct {
	Name  string // by which its secret is known to us; UTF-8
	Model string // as it says itself
}

// A HandOut is what a phone is told to ring.
type HandOut struct {
	Mid    string // its identity; a fresh one for each hand-out
	Number string
}

// IsZero reports whether there is nothing to ring.
func (h HandOut) IsZero() bool { return h.Mid == "" }

// An Outcome is what a phone tells about a hand-out.
type Outcome struct {
	Phone  Phone
	Mid    string
	Number string // which picked up; empty: nobody
}

// A Receipt is what the queue made of an [Outcome].
type Receipt struct {
	Call  string // id of the call; empty: the mid is unknown
	Event Event  // such as EventAnswered, EventNobody or EventIgnored
}

// A PhoneStatus is what is known of a phone.
type PhoneStatus struct {
	Name   string
	Model  string
	Seen   time.Time // when it last polled; zero: it should, and never did
	Call   string    // id of the call that it has; empty: none
	Silent bool      // it has not been heard of for longer than a call takes
}
