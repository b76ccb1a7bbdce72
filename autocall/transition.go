package autocall

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/phone"
)

// join takes note that the call was asked for again. A problem that has become
// worse is worth ringing about at once, and perhaps in quiet hours too. Who is not
// among its people yet comes after them.
func (it *item) join(now int64, c Call) error {
	people, err := distinct(append(slices.Clip(it.Call.People), c.People...))
	if err != nil {
		return err
	}
	if more := len(people) - len(it.Call.People); more > 0 {
		it.Call.People = people
		it.note(now, Entry{Event: EventRaised, Cause: fmt.Sprintf("%d more people", more)})
	}
	if c.Severity > it.Call.Severity {
		it.Call.Severity, it.Call.Message = c.Severity, c.Message
		it.Due = now
		it.note(now, Entry{Event: EventRaised, Cause: "now " + c.Severity.String()})
	}
	return nil
}

// handOut gives the next person to a phone under a new mid.
func (it *item) handOut(now int64, r *rules, phoneName, mid string) {
	it.State = Ringing
	it.Hand = &hand{Mid: mid, Phone: phoneName, Place: it.Place, Deadline: now + r.deadline.Milliseconds()}
	it.Hand.step(now, r)
	it.renew(now, r)
	it.note(now, Entry{Event: EventHandedOut, Phone: phoneName, Number: phone.Mask(it.Call.People[it.Place].Number)})
}

// hold takes note that nobody may be rung for a while, in which the call does not
// grow old.
func (it *item) hold(now int64, why *alert.HeldError) {
	until := now + max(why.After, time.Second).Milliseconds()
	if more := until - max(now, it.Held); more > 0 {
		it.Held, it.Expires = until, it.Expires+more
		it.note(now, Entry{Event: EventHeld, Cause: string(why.By)})
	}
	it.Due = until
}

// step takes note that the phone is told the mid, at which it dials or looks
// for the outcome.
func (h *hand) step(now int64, r *rules) {
	h.Quiet = now + r.stepDelay.Milliseconds()
	if h.Busy == 0 {
		h.Busy = now + max(callTime, r.stepDelay).Milliseconds()
	}
}

// renew prolongs the lease of a phone that was heard of.
func (it *item) renew(now int64, r *rules) {
	it.Hand.Lease = min(now+r.lease.Milliseconds(), it.Hand.Deadline)
}

// again reports whether the phone that polls is to be told the same once more,
// or to wait.
func (it *item) again(now int64, r *rules) bool {
	it.renew(now, r)
	if now < it.Hand.Quiet {
		return false
	}
	it.Hand.step(now, r)
	return true
}

// busy reports whether the phone that has a call which is over may be ringing
// about it still.
func (it *item) busy(now int64) bool { return !it.State.Open() && now < it.Hand.Busy }

// release ends the hand-out, whatever came of it: the phone has nothing.
func (it *item) release() hand {
	h := *it.Hand
	it.Past, it.Hand = append(it.Past, h), nil
	return h
}

// nobody takes note that a phone has rung and nobody picked up.
func (it *item) nobody(now int64) {
	h := it.release()
	it.State = Queued
	it.note(now, Entry{Event: EventNobody, Phone: h.Phone})
	it.goOn(now, h.Place+1)
}

// lapse takes note that the phone did not tell the outcome in time. The same
// people are handed out again, since nobody knows whether they were rung.
func (it *item) lapse(now int64) {
	h := it.release()
	it.State = Queued
	it.Due = now
	it.Lost++
	it.note(now, Entry{Event: EventLost, Phone: h.Phone})
	if it.Lost >= maxLost {
		it.skip(now, "no phone told an outcome")
	}
}

// skip passes over the next person.
func (it *item) skip(now int64, cause string) {
	it.note(now, Entry{Event: EventSkipped, Number: phone.Mask(it.Call.People[it.Place].Number), Cause: cause})
	it.goOn(now, it.Place+1)
}

// goOn moves on to a place: the next person, the next round or the end.
func (it *item) goOn(now int64, place int) {
	it.Place, it.Lost, it.Due = place, 0, now
	if place < len(it.Call.People) {
		return
	}
	if it.Round >= it.Call.Rounds {
		it.finish(now, Exhausted, Entry{Event: EventExhausted})
		return
	}
	it.Round++
	it.Place, it.Due = 0, now+it.Call.Interval.Milliseconds()
	it.note(now, Entry{Event: EventRound})
}

// finish ends the call. A phone that has it keeps it, for it may be ringing:
// what it is not to be told any more is the mid.
func (it *item) finish(now int64, s State, e Entry) {
	it.State, it.Finished = s, now
	it.note(now, e)
}

// overdue does what time alone brings about, and reports whether it did.
func (it *item) overdue(now int64) bool {
	switch {
	case !it.State.Open() || now < it.ends():
		return false
	case now >= it.Expires:
		it.finish(now, Expired, Entry{Event: EventExpired})
	default:
		it.lapse(now)
	}
	return true
}

// cancel ends an open call.
func (it *item) cancel(now int64, cause string) bool {
	if !it.State.Open() {
		return false
	}
	it.finish(now, Cancelled, Entry{Event: EventCancelled, Cause: cause})
	return true
}

// post takes what a phone says about a hand-out of this item: the number that
// picked up, or "" for nobody. What it says is noted in any case.
//
// That somebody picked up is believed from a phone that had lost the hand-out
// too, and when the call had ended without an answer meanwhile: a person did
// talk. That nobody did is believed only of the hand-out under way, and only
// from the phone that has it.
func (it *item) post(now int64, from, mid, number string) {
	h := it.byMid(mid)
	own := h == it.Hand && from == h.Phone
	switch {
	case number != "":
		it.pickedUp(now, from, h, number)
	case own && it.State == Ringing:
		it.nobody(now)
		return
	default:
		it.note(now, Entry{Event: EventIgnored, Phone: from, Cause: "nobody, but the hand-out had ended"})
	}
	if own && !it.State.Open() {
		it.release() // a phone that reports the outcome is not ringing
	}
}

// pickedUp takes note of the number that picked up.
func (it *item) pickedUp(now int64, from string, h *hand, number string) {
	by := it.picked(h, number)
	e := Entry{Phone: from, Number: phone.Mask(number)}
	switch {
	case by == nil:
		e.Event, e.Cause = EventSuspicious, "this number was not handed out"
	case it.State == Cancelled:
		e.Event, e.Cause = EventIgnored, "answered after it was cancelled"
	case it.State == Answered && it.By.Number == number:
		e.Event, e.Cause = EventIgnored, "told before"
	case it.State == Answered:
		e.Event, e.Cause = EventIgnored, "somebody else had answered before"
	default:
		e.Event = EventAnswered
		if h != it.Hand || !it.State.Open() {
			e.Event = EventLate
		}
		it.By = by
		it.finish(now, Answered, e)
		return
	}
	it.note(now, e)
}
