package autocall

import (
	"slices"
	"time"

	"github.com/tocsin-go/tocsin/internal/phone"
)

const (
	// maxLost is how many hand-outs of one person may be lost before the next
	// one gets a turn: a call that never reaches the phone's log blocks the
	// app for good.
	maxLost = 3

	// maxAudit bounds the trail. Transitions stay far below it; repeated
	// requests without effect are dropped from there on.
	maxAudit = 2*MaxRounds*MaxPeople*maxLost + 100
)

// rules are the settings of a queue that its items obey.
type rules struct {
	lease     time.Duration // silence of a phone after which its hand-out is lost
	deadline  time.Duration // after which a hand-out is lost, for each number in it
	stepDelay time.Duration // pause between two answers with the same mid
	list      int           // people in one hand-out
}

// An item is a call in the queue: all that is kept of it. Its methods are the
// transitions, and the only code that changes a State. Times are milliseconds
// on the clock of the store.
type item struct {
	Seq      int64   `json:"-"` // order of arrival, given by the store
	ID       string  `json:"id"`
	Call     Call    `json:"call"`
	State    State   `json:"state"`
	Round    int     `json:"round"` // from 1
	Place    int     `json:"place"` // index of the next person
	Lost     int     `json:"lost,omitempty"`
	Due      int64   `json:"due"` // not before
	Created  int64   `json:"created"`
	Expires  int64   `json:"expires"`
	Finished int64   `json:"finished,omitempty"`
	Hand     *hand   `json:"hand,omitempty"` // while a phone has it, see held
	Past     []hand  `json:"past,omitempty"` // hand-outs that ended
	By       *Person `json:"by,omitempty"`
	Told     State   `json:"told,omitempty"` // final state of which a notice was made
	Audit    []Entry `json:"audit"`

	kept int // entries of Audit that are known already
}

// A hand is a hand-out: what a phone was told, under a mid of its own.
type hand struct {
	Mid      string `json:"mid"`
	Phone    string `json:"phone"`
	Places   []int  `json:"places"`
	Lease    int64  `json:"lease"`    // each poll of the phone renews it
	Deadline int64  `json:"deadline"` // nothing does
	Quiet    int64  `json:"quiet"`    // until then the phone is told to wait
	Busy     int64  `json:"busy"`     // until then its last call may last
}

// clone returns a copy that can be changed. Lists are shared as far as they go.
func (it *item) clone() *item {
	if it == nil {
		return nil
	}
	c := *it
	if it.Hand != nil {
		c.Hand = new(*it.Hand)
	}
	c.Past, c.Audit, c.kept = slices.Clip(it.Past), slices.Clip(it.Audit), len(it.Audit)
	return &c
}

// ends returns when time alone changes an open item.
func (it *item) ends() int64 {
	if it.Hand != nil {
		return min(it.Hand.Lease, it.Expires)
	}
	return it.Expires
}

// newItem returns a checked call as an item.
func newItem(id string, c Call, now int64) *item {
	it := &item{ID: id, Call: c, State: Queued, Round: 1, Due: now, Created: now, Expires: now + c.Expiry.Milliseconds()}
	it.note(now, Entry{Event: EventQueued})
	return it
}

// note adds to the audit trail.
func (it *item) note(now int64, e Entry) {
	idle := e.Event == EventIgnored || e.Event == EventSuspicious
	if idle && len(it.Audit) >= maxAudit {
		return
	}
	e.At, e.State, e.Round = time.UnixMilli(now), it.State, it.Round
	it.Audit = append(it.Audit, e)
}

// people returns the next people to hand out: as many as a list may have, to
// the end of the round.
func (it *item) people(r *rules) []int {
	places := make([]int, 0, r.list)
	for place := it.Place; place < len(it.Call.People) && len(places) < r.list; place++ {
		places = append(places, place)
	}
	return places
}

// handOut gives people to a phone under a new mid.
func (it *item) handOut(now int64, r *rules, phoneName, mid string, places []int) {
	it.State = Ringing
	it.Hand = &hand{
		Mid: mid, Phone: phoneName, Places: places,
		Deadline: now + int64(len(places))*r.deadline.Milliseconds(),
		Quiet:    now + r.stepDelay.Milliseconds(),
	}
	it.renew(now, r)
	for _, place := range places {
		it.note(now, Entry{Event: EventHandedOut, Phone: phoneName, Number: phone.Mask(it.Call.People[place].Number)})
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
	it.Hand.Quiet = now + r.stepDelay.Milliseconds()
	return true
}

// drop ends the hand-out, whatever came of it.
func (it *item) drop() hand {
	h := *it.Hand
	it.Past, it.Hand = append(it.Past, h), nil
	return h
}

// nobody takes note that a phone has rung all it was given and nobody picked
// up.
func (it *item) nobody(now int64) {
	h := it.drop()
	it.State = Queued
	it.note(now, Entry{Event: EventNobody, Phone: h.Phone})
	it.goOn(now, h.Places[len(h.Places)-1]+1)
}

// lapse takes note that the phone did not tell the outcome in time. The same
// people are handed out again, since nobody knows whether they were rung.
func (it *item) lapse(now int64) {
	h := it.drop()
	it.State = Queued
	it.Due = now
	it.Lost++
	it.note(now, Entry{Event: EventLost, Phone: h.Phone})
	if it.Lost >= maxLost {
		it.skip(now, h.Places[0], "no phone managed to ring")
	}
}

// skip passes over the person at a place.
func (it *item) skip(now int64, place int, cause string) {
	it.note(now, Entry{Event: EventSkipped, Number: phone.Mask(it.Call.People[place].Number), Cause: cause})
	it.goOn(now, place+1)
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

// finish ends the call.
func (it *item) finish(now int64, s State, e Entry) {
	if it.Hand != nil {
		it.drop()
	}
	it.State, it.Finished = s, now
	it.note(now, e)
}

// overdue does what time alone brings about, and reports whether it did.
func (it *item) overdue(now int64) bool {
	switch {
	case !it.State.Open():
		return false
	case now >= it.Expires:
		it.finish(now, Expired, Entry{Event: EventExpired})
		return true
	case it.Hand != nil && now >= it.Hand.Lease:
		it.lapse(now)
		return true
	}
	return false
}

// byMid returns the hand-out with a mid, under way or past.
func (it *item) byMid(mid string) (h *hand, current bool) {
	if it.Hand != nil && it.Hand.Mid == mid {
		return it.Hand, true
	}
	for i := range it.Past {
		if it.Past[i].Mid == mid {
			return &it.Past[i], false
		}
	}
	return nil, false
}

// picked returns the person of a hand-out who has the number, or nil.
func (it *item) picked(h *hand, number string) *Person {
	for _, place := range h.Places {
		if p := it.Call.People[place]; p.Number == number {
			return &p
		}
	}
	return nil
}

// post takes what a phone says about a hand-out: the number that picked up, or
// "" for nobody. It reports whether the call was answered by it.
//
// That somebody picked up is believed from a phone that had lost the hand-out
// too, also when the call had ended without an answer meanwhile: a person did
// talk. That nobody did is believed only about the hand-out under way.
func (it *item) post(now int64, mid, number string) (answered bool) {
	h, current := it.byMid(mid)
	if number == "" {
		if current {
			it.nobody(now)
		} else {
			it.note(now, Entry{Event: EventIgnored, Phone: h.Phone, Cause: "nobody, but the hand-out had ended"})
		}
		return false
	}
	by := it.picked(h, number)
	entry := Entry{Phone: h.Phone, Number: phone.Mask(number)}
	switch {
	case by == nil:
		entry.Event, entry.Cause = EventSuspicious, "this number was not handed out"
	case it.State == Answered:
		entry.Event, entry.Cause = EventIgnored, "answered before"
	case it.State == Cancelled:
		entry.Event, entry.Cause = EventIgnored, "answered after it was cancelled"
	default:
		entry.Event = EventAnswered
		if !current {
			entry.Event = EventLate
		}
		it.By = by
		it.finish(now, Answered, entry)
		return true
	}
	it.note(now, entry)
	return false
}

// cancel ends an open call.
func (it *item) cancel(now int64, cause string) bool {
	if !it.State.Open() {
		return false
	}
	it.finish(now, Cancelled, Entry{Event: EventCancelled, Cause: cause})
	return true
}

// news reports whether a final state has been reached of which nobody was told.
// A call that its own caller cancelled is none.
func (it *item) news() bool {
	if it.State.Open() || it.State == Cancelled || it.Told == it.State {
		return false
	}
	it.Told = it.State
	return true
}

// out returns the hand-out under way as the phone gets it.
func (it *item) out() HandOut {
	h := HandOut{Mid: it.Hand.Mid}
	for _, place := range it.Hand.Places {
		h.Numbers = append(h.Numbers, it.Call.People[place].Number)
	}
	return h
}

// lastPhone returns the phone that had the call last.
func (it *item) lastPhone() string {
	switch {
	case it.Hand != nil:
		return it.Hand.Phone
	case len(it.Past) > 0:
		return it.Past[len(it.Past)-1].Phone
	}
	return ""
}

// status returns what callers may know.
func (it *item) status() Status {
	s := Status{
		ID: it.ID, Call: it.Call, State: it.State, Round: it.Round, By: it.By, Phone: it.lastPhone(),
		Created: time.UnixMilli(it.Created), Expires: time.UnixMilli(it.Expires), Audit: it.Audit,
	}
	if it.Finished != 0 {
		s.Finished = time.UnixMilli(it.Finished)
	}
	return s
}
