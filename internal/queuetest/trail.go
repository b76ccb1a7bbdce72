package queuetest

import (
	"errors"
	"fmt"

	"github.com/tocsin-go/tocsin/autocall"
)

// CheckTrail returns what in the audit trail of a call contradicts the rules:
// two phones at once, a hand-out after the end, a person who was rung twice in
// a round though nothing was lost, an end that is not the last word.
func CheckTrail(s autocall.Status) error {
	t := trail{rung: make(map[rung]int)}
	for i, e := range s.Audit {
		if err := t.step(i, e); err != nil {
			return fmt.Errorf("call %s: entry %d (%s): %w", s.ID, i+1, e.Event, err)
		}
	}
	switch {
	case t.state != s.State:
		return fmt.Errorf("call %s: it is %s, its trail says %s", s.ID, s.State, t.state)
	case (s.State == autocall.Answered) != (s.By != nil):
		return fmt.Errorf("call %s: it is %s, by %v", s.ID, s.State, s.By)
	case s.State.Open() != s.Finished.IsZero():
		return fmt.Errorf("call %s: it is %s, finished %v", s.ID, s.State, s.Finished)
	}
	return nil
}

// A trail is what a call's entries have come to so far.
type trail struct {
	state autocall.State
	last  autocall.Entry
	phone string // which has it now
	hand  []rung // what it was given
	rung  map[rung]int
}

// A rung is a person in a round.
type rung struct {
	round  int
	number string
}

func (t *trail) step(i int, e autocall.Entry) error {
	switch {
	case (i == 0) != (e.Event == autocall.EventQueued):
		return errors.New("a call is queued once, at first")
	case e.At.Before(t.last.At):
		return fmt.Errorf("at %v, after one at %v", e.At, t.last.At)
	case i > 0 && !t.state.Open() && e.Event != autocall.EventIgnored && e.Event != autocall.EventSuspicious && e.Event != autocall.EventLate:
		return fmt.Errorf("after the call was %s", t.state)
	}
	err := t.take(e)
	t.state, t.last = e.State, e
	return err
}

// take takes an entry into account.
func (t *trail) take(e autocall.Entry) error {
	switch e.Event {
	case autocall.EventHandedOut:
		return t.handOut(e)
	case autocall.EventNobody, autocall.EventLost:
		if t.phone != e.Phone {
			return fmt.Errorf("by phone %q, while %q has it", e.Phone, t.phone)
		}
		if e.Event == autocall.EventLost { // nobody knows whether they were rung
			for _, r := range t.hand {
				t.rung[r]--
			}
		}
		t.phone, t.hand = "", nil
	case autocall.EventAnswered, autocall.EventLate, autocall.EventCancelled, autocall.EventExpired:
		if e.Event == autocall.EventAnswered && t.phone != e.Phone {
			return fmt.Errorf("by phone %q, while %q has it", e.Phone, t.phone)
		}
		t.phone, t.hand = "", nil
	}
	return nil
}

// handOut takes one number of a hand-out. A list has one entry for each, all
// of one moment.
func (t *trail) handOut(e autocall.Entry) error {
	list := t.last.Event == autocall.EventHandedOut && t.phone == e.Phone && t.last.At.Equal(e.At)
	if t.phone != "" && !list {
		return fmt.Errorf("to phone %q, while %q has it", e.Phone, t.phone)
	}
	r := rung{e.Round, e.Number}
	t.phone, t.hand = e.Phone, append(t.hand, r)
	t.rung[r]++
	if t.rung[r] > 1 {
		return fmt.Errorf("%s was rung in round %d before", e.Number, e.Round)
	}
	return nil
}
